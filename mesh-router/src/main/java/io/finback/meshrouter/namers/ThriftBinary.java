package io.finback.meshrouter.namers;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Calls and answers of Thrift in its binary protocol, without knowing their kinds. What cannot be read is an IllegalStateException. Source:
 * apache/thrift doc/specs/thrift-binary-protocol.md.
 */
final class ThriftBinary {
    private static final int VERSION = 0x8001_0000;
    private static final int CALL = 1;
    private static final int EXCEPTION = 3;
    private static final int MAX_DEPTH = 64;
    private static final byte STOP = 0;
    private static final byte BOOL = 2;
    private static final byte BYTE = 3;
    private static final byte DOUBLE = 4;
    private static final byte I16 = 6;
    private static final byte I32 = 8;
    private static final byte I64 = 10;
    private static final byte STRING = 11;
    private static final byte STRUCT = 12;
    private static final byte MAP = 13;
    private static final byte SET = 14;
    private static final byte LIST = 15;

    private ThriftBinary() {}

    /** Writes the fields of a struct, in the order of calls. */
    static final class Writer {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final DataOutputStream out = new DataOutputStream(bytes);

        private interface Writing {
            void to(DataOutputStream out) throws IOException;
        }

        private Writer write(Writing writing) {
            try {
                writing.to(out);
            } catch (IOException e) {
                throw new UncheckedIOException("memory does not fail", e);
            }
            return this;
        }

        Writer bytes(int field, byte[] value) {
            return write(to -> {
                to.writeByte(STRING);
                to.writeShort(field);
                to.writeInt(value.length);
                to.write(value);
            });
        }

        Writer text(int field, String value) {
            return bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Writer list(int field, List<byte[]> values) {
            return write(to -> {
                to.writeByte(LIST);
                to.writeShort(field);
                to.writeByte(STRING);
                to.writeInt(values.size());
                for (byte[] value : values) {
                    to.writeInt(value.length);
                    to.write(value);
                }
            });
        }

        Writer struct(int field, Writer value) {
            return write(to -> {
                to.writeByte(STRUCT);
                to.writeShort(field);
                to.write(value.done());
            });
        }

        /** A map without entries, of numbers to structs. */
        Writer emptyMap(int field) {
            return write(to -> {
                to.writeByte(MAP);
                to.writeShort(field);
                to.writeByte(I32);
                to.writeByte(STRUCT);
                to.writeInt(0);
            });
        }

        private byte[] done() {
            return write(to -> to.writeByte(STOP)).bytes.toByteArray();
        }
    }

    /** A call of {@code method} whose one argument is {@code request}. */
    static byte[] call(String method, Writer request) {
        Writer arguments = new Writer().struct(1, request);
        byte[] name = method.getBytes(StandardCharsets.UTF_8);
        byte[] body = arguments.done();
        return ByteBuffer.allocate(12 + name.length + body.length)
                .putInt(VERSION | CALL)
                .putInt(name.length)
                .put(name)
                .putInt(0)
                .put(body)
                .array();
    }

    /** What an answer's struct holds: field 0 is the result, field 1 the exception that the IDL declares. */
    static Struct answer(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message);
        try {
            int head = in.getInt();
            if ((head & 0xffff_0000) != VERSION) {
                throw new IllegalStateException("not an answer in Thrift's binary protocol");
            }
            byte[] name = string(in);
            int sequence = in.getInt();
            Struct struct = struct(in, 0);
            if ((head & 0xff) == EXCEPTION) {
                throw new IllegalStateException("call " + sequence + " of " + new String(name, StandardCharsets.UTF_8)
                        + " failed there: " + struct.text(1));
            }
            return struct;
        } catch (BufferUnderflowException e) {
            throw new IllegalStateException("an answer of Thrift that breaks off", e);
        }
    }

    private static byte[] string(ByteBuffer in) {
        byte[] bytes = new byte[length(in, 1)];
        in.get(bytes);
        return bytes;
    }

    /** A number of things that are at least so long each. */
    private static int length(ByteBuffer in, int least) {
        int length = in.getInt();
        if (length < 0 || length > in.remaining() / least) {
            throw new IllegalStateException("a length of " + length + " with " + in.remaining() + " bytes left");
        }
        return length;
    }

    private static Struct struct(ByteBuffer in, int depth) {
        Map<Integer, Object> fields = new LinkedHashMap<>();
        for (byte type = in.get(); type != STOP; type = in.get()) {
            int field = in.getShort();
            fields.put(field, value(in, type, depth + 1));
        }
        return new Struct(fields);
    }

    private static Object value(ByteBuffer in, byte type, int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalStateException("values of more than " + MAX_DEPTH + " levels");
        }
        return switch (type) {
            case BOOL, BYTE -> (long) in.get();
            case DOUBLE -> in.getDouble();
            case I16 -> (long) in.getShort();
            case I32 -> (long) in.getInt();
            case I64 -> in.getLong();
            case STRING -> string(in);
            case STRUCT -> struct(in, depth);
            case SET, LIST -> {
                byte of = in.get();
                int length = length(in, 1);
                List<Object> all = new ArrayList<>();
                for (int i = 0; i < length; i++) {
                    all.add(value(in, of, depth + 1));
                }
                yield all;
            }
            case MAP -> {
                byte keys = in.get();
                byte values = in.get();
                int length = length(in, 2);
                Map<Object, Object> all = new LinkedHashMap<>();
                for (int i = 0; i < length; i++) {
                    Object key = value(in, keys, depth + 1);
                    all.put(key, value(in, values, depth + 1));
                }
                yield all;
            }
            default -> throw new IllegalStateException("a value of type " + type + " (expected: one of Thrift's)");
        };
    }

    /** A struct taken apart; absent fields are empty or 0. What is of another type than is asked for is an IllegalStateException. */
    record Struct(Map<Integer, Object> fields) {
        private static final Struct NOTHING = new Struct(Map.of());

        boolean has(int field) {
            return fields.containsKey(field);
        }

        /** The number of the only field of a union; 0 if there is none. */
        int kind() {
            return fields.isEmpty() ? 0 : fields.keySet().iterator().next();
        }

        private <T> T get(int field, Class<T> type, T otherwise) {
            Object value = fields.getOrDefault(field, otherwise);
            return cast(field, value, type);
        }

        private static <T> T cast(int field, Object value, Class<T> type) {
            if (!type.isInstance(value)) {
                throw new IllegalStateException("field " + field + " is of another type");
            }
            return type.cast(value);
        }

        byte[] bytes(int field) {
            return get(field, byte[].class, new byte[0]);
        }

        String text(int field) {
            return new String(bytes(field), StandardCharsets.UTF_8);
        }

        long number(int field) {
            return get(field, Long.class, 0L);
        }

        double real(int field) {
            return get(field, Double.class, 0.0);
        }

        Struct struct(int field) {
            return get(field, Struct.class, NOTHING);
        }

        <T> List<T> list(int field, Class<T> of) {
            List<T> all = new ArrayList<>();
            for (Object element : get(field, List.class, List.of())) {
                all.add(cast(field, element, of));
            }
            return all;
        }

        /** Of a map of numbers to structs. */
        Struct entry(int field, long key) {
            Object found = get(field, Map.class, Map.of()).get(key);
            if (found == null) {
                throw new IllegalStateException("no node " + key);
            }
            return cast(field, found, Struct.class);
        }
    }
}
