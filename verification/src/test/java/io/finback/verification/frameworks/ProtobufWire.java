package io.finback.verification.frameworks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Protobuf, field by field, as an old framework says it: one role, no refinement. The numbers are those of Mesos' v1 .proto files. */
final class ProtobufWire implements Wire {
    private static final List<String> EVENTS =
            List.of("UNKNOWN", "SUBSCRIBED", "OFFERS", "RESCIND", "UPDATE", "MESSAGE", "FAILURE", "ERROR", "HEARTBEAT");
    private static final List<String> STATES = List.of(
            "TASK_STARTING",
            "TASK_RUNNING",
            "TASK_FINISHED",
            "TASK_FAILED",
            "TASK_KILLED",
            "TASK_LOST",
            "TASK_STAGING",
            "TASK_ERROR",
            "TASK_KILLING",
            "TASK_DROPPED",
            "TASK_UNREACHABLE",
            "TASK_GONE",
            "TASK_GONE_BY_OPERATOR",
            "TASK_UNKNOWN");
    private static final int PARTITION_AWARE = 5;

    /** A message being written. */
    private static final class Out {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Out number(int field, long value) {
            varint((long) field << 3);
            varint(value);
            return this;
        }

        Out real(int field, double value) {
            varint((long) field << 3 | 1);
            bytes.writeBytes(ByteBuffer.allocate(Double.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putDouble(value)
                    .array());
            return this;
        }

        Out blob(int field, byte[] value) {
            varint((long) field << 3 | 2);
            varint(value.length);
            bytes.writeBytes(value);
            return this;
        }

        Out text(int field, String value) {
            return blob(field, value.getBytes(UTF_8));
        }

        Out message(int field, Out value) {
            return blob(field, value.done());
        }

        /** Every id is a message with its value as field 1. */
        Out id(int field, String value) {
            return message(field, new Out().text(1, value));
        }

        byte[] done() {
            return bytes.toByteArray();
        }

        private void varint(long value) {
            long left = value;
            while ((left & ~0x7FL) != 0) {
                bytes.write((int) ((left & 0x7F) | 0x80));
                left >>>= 7;
            }
            bytes.write((int) left);
        }
    }

    /** One field of a message that was read. */
    private static final class Field {
        private final int number;
        private final long value;
        private final byte[] bytes;

        Field(int number, long value, byte[] bytes) {
            this.number = number;
            this.value = value;
            this.bytes = bytes;
        }

        int number() {
            return number;
        }

        long value() {
            return value;
        }

        byte[] bytes() {
            return bytes;
        }

        String text() {
            return new String(bytes, UTF_8);
        }

        double real() {
            return Double.longBitsToDouble(value);
        }
    }

    private static List<Field> fields(byte[] message) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        List<Field> fields = new ArrayList<>();
        while (in.hasRemaining()) {
            long tag = varint(in);
            int number = (int) (tag >>> 3);
            switch ((int) (tag & 7)) {
                case 0 -> fields.add(new Field(number, varint(in), new byte[0]));
                case 1 -> fields.add(new Field(number, in.getLong(), new byte[0]));
                case 2 -> {
                    byte[] bytes = new byte[(int) varint(in)];
                    in.get(bytes);
                    fields.add(new Field(number, 0, bytes));
                }
                case 5 -> fields.add(new Field(number, in.getInt(), new byte[0]));
                default -> throw new IOException("wire type " + (tag & 7));
            }
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte next = in.get();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                break;
            }
        }
        return value;
    }

    @Override
    public String mediaType() {
        return "application/x-protobuf";
    }

    @Override
    public byte[] subscribe(String name, Optional<String> frameworkId) {
        Out info = new Out().text(1, System.getProperty("user.name")).text(2, name);
        frameworkId.ifPresent(id -> {
            var unused = info.id(3, id);
        });
        var unused =
                info.real(4, 3600).number(5, 1).text(6, "examples").message(10, new Out().number(1, PARTITION_AWARE));
        Out call = new Out();
        if (frameworkId.isPresent()) {
            call = call.id(1, frameworkId.get());
        }
        return call.number(2, 1).message(3, new Out().message(1, info)).done();
    }

    @Override
    public byte[] accept(String frameworkId, Offer offer, List<Task> tasks) {
        Out launch = new Out();
        for (Task task : tasks) {
            launch = launch.message(
                    1,
                    new Out()
                            .text(1, task.id())
                            .id(2, task.id())
                            .id(3, offer.agent())
                            .message(4, scalar("cpus", ExampleFramework.CPUS))
                            .message(4, scalar("mem", ExampleFramework.MEM))
                            .message(7, new Out().text(3, task.command())));
        }
        Out operation = new Out().number(1, 1).message(2, launch);
        Out accept = new Out().id(1, offer.id()).message(2, operation).message(3, filters(0));
        return call(frameworkId, 3).message(4, accept).done();
    }

    private static Out scalar(String name, double value) {
        return new Out().text(1, name).number(2, 0).message(3, new Out().real(1, value));
    }

    private static Out filters(double refuseSeconds) {
        return new Out().real(1, refuseSeconds);
    }

    @Override
    public byte[] decline(String frameworkId, String offerId, double refuseSeconds) {
        Out decline = new Out().id(1, offerId).message(2, filters(refuseSeconds));
        return call(frameworkId, 4).message(5, decline).done();
    }

    @Override
    public byte[] revive(String frameworkId) {
        return call(frameworkId, 5).done();
    }

    @Override
    public byte[] acknowledge(String frameworkId, Status status) {
        Out acknowledge = new Out()
                .id(1, status.agent())
                .id(2, status.task())
                .blob(3, Base64.getDecoder().decode(status.uuid()));
        return call(frameworkId, 8).message(8, acknowledge).done();
    }

    @Override
    public byte[] reconcile(String frameworkId, List<String> tasks) {
        Out reconcile = new Out();
        for (String task : tasks) {
            reconcile = reconcile.message(1, new Out().id(1, task));
        }
        return call(frameworkId, 9).message(9, reconcile).done();
    }

    @Override
    public byte[] teardown(String frameworkId) {
        return call(frameworkId, 2).done();
    }

    private static Out call(String frameworkId, int type) {
        return new Out().id(1, frameworkId).number(2, type);
    }

    @Override
    public Event read(byte[] record) throws IOException {
        String type = "";
        String framework = "";
        double heartbeat = 0;
        List<Offer> offers = new ArrayList<>();
        Optional<Status> status = Optional.empty();
        String message = "";
        for (Field field : fields(record)) {
            switch (field.number()) {
                case 1 -> type = name(EVENTS, field.value());
                case 2 -> {
                    for (Field inside : fields(field.bytes())) {
                        framework = inside.number() == 1 ? id(inside) : framework;
                        heartbeat = inside.number() == 2 ? inside.real() : heartbeat;
                    }
                }
                case 3 -> {
                    for (Field inside : fields(field.bytes())) {
                        offers.add(offer(inside.bytes()));
                    }
                }
                case 5 ->
                    status = Optional.of(status(fields(field.bytes()).get(0).bytes()));
                case 8 -> message = fields(field.bytes()).get(0).text();
                default -> {
                    // Inverse offers and such are not for us.
                }
            }
        }
        return new Event(type, framework, heartbeat, offers, status, message);
    }

    private static Offer offer(byte[] message) throws IOException {
        String id = "";
        String agent = "";
        double cpus = 0;
        double mem = 0;
        for (Field field : fields(message)) {
            switch (field.number()) {
                case 1 -> id = id(field);
                case 3 -> agent = id(field);
                case 5 -> {
                    cpus += scalar(field.bytes(), "cpus");
                    mem += scalar(field.bytes(), "mem");
                }
                default -> {
                    // Not needed to launch.
                }
            }
        }
        return new Offer(id, agent, cpus, mem);
    }

    /** The amount of an unreserved resource of this name. */
    private static double scalar(byte[] resource, String wanted) throws IOException {
        String name = "";
        String role = "*";
        double value = 0;
        for (Field field : fields(resource)) {
            switch (field.number()) {
                case 1 -> name = field.text();
                case 3 -> value = fields(field.bytes()).get(0).real();
                case 6 -> role = field.text();
                default -> {
                    // Disks and such are not needed.
                }
            }
        }
        return name.equals(wanted) && role.equals("*") ? value : 0;
    }

    private static Status status(byte[] message) throws IOException {
        String task = "";
        String agent = "";
        String state = "";
        String uuid = "";
        String text = "";
        for (Field field : fields(message)) {
            switch (field.number()) {
                case 1 -> task = id(field);
                case 2 -> state = name(STATES, field.value());
                case 4 -> text = field.text();
                case 5 -> agent = id(field);
                case 11 -> uuid = Base64.getEncoder().encodeToString(field.bytes());
                default -> {
                    // Timestamps and such are not needed.
                }
            }
        }
        return new Status(task, agent, state, uuid, text);
    }

    private static String id(Field field) throws IOException {
        return fields(field.bytes()).get(0).text();
    }

    private static String name(List<String> names, long number) {
        return number >= 0 && number < names.size() ? names.get((int) number) : "UNKNOWN";
    }
}
