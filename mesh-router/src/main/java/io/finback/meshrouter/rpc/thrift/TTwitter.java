package io.finback.meshrouter.rpc.thrift;

import io.finback.meshrouter.rpc.Broadcast;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Context.Delegation;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.TraceId;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Twitter's headers before Thrift messages, in which a {@link Context} travels over plain Thrift, and the question whether the other side
 * knows them. Structs of the binary protocol. Source: twitter/finagle {@code finagle-thrift/src/main/thrift/tracing.thrift}.
 */
final class TTwitter {
    static final String QUESTION = "__can__finagle__trace__v3__";

    private static final int MAX_DEPTH = 32;
    private static final byte STOP = 0;
    private static final byte BOOL = 2;
    private static final byte I64 = 10;
    private static final byte STRING = 11;
    private static final byte STRUCT = 12;
    private static final byte LIST = 15;
    private static final int CALL = 0x80010001;
    private static final int REPLY = 0x80010002;

    private TTwitter() {}

    /** The question itself: a call without arguments. */
    static byte[] question() {
        return message(CALL, 0);
    }

    /** "I can." */
    static byte[] yes(int sequence) {
        return message(REPLY, sequence);
    }

    private static byte[] message(int head, int sequence) {
        byte[] name = QUESTION.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(13 + name.length)
                .putInt(head)
                .putInt(name.length)
                .put(name)
                .putInt(sequence)
                .put(STOP)
                .array();
    }

    /** A RequestHeader. */
    static void writeRequest(ByteBuf out, Context context, Optional<String> clientId) {
        TraceId trace = context.traceOrNull();
        TraceId id = trace == null ? new TraceId(0, 0, 0, 0, 0) : trace;
        field(out, I64, 1).writeLong(id.traceId());
        field(out, I64, 2).writeLong(id.spanId());
        if (!id.isRoot()) {
            field(out, I64, 3).writeLong(id.parentId());
        }
        if (id.isSamplingKnown()) {
            field(out, BOOL, 5).writeBoolean(id.isSampled());
        }
        Optional<String> caller = context.clientId().isPresent() ? context.clientId() : clientId;
        caller.ifPresent(name -> {
            string(field(field(out, STRUCT, 6), STRING, 1), name.getBytes(StandardCharsets.UTF_8));
            out.writeByte(STOP);
        });
        field(out, I64, 7).writeLong(id.flags());
        field(out, LIST, 8).writeByte(STRUCT).writeInt(Broadcast.count(context));
        Broadcast.write(context, new Entries(out));
        if (!context.destination().isEmpty()) {
            string(field(out, STRING, 9), context.destination().getBytes(StandardCharsets.UTF_8));
        }
        field(out, LIST, 10).writeByte(STRUCT).writeInt(context.delegations().size());
        for (Delegation line : context.delegations()) {
            string(field(out, STRING, 1), line.prefix().getBytes(StandardCharsets.UTF_8));
            string(field(out, STRING, 2), line.tree().getBytes(StandardCharsets.UTF_8));
            out.writeByte(STOP);
        }
        if (id.traceIdHigh() != 0) {
            field(out, I64, 11).writeLong(id.traceIdHigh());
        }
        out.writeByte(STOP);
    }

    /** A ResponseHeader without anything in it. */
    static void writeResponse(ByteBuf out) {
        out.writeByte(STOP);
    }

    private record Entries(ByteBuf out) implements Broadcast.Writer {
        @Override
        public void entry(byte[] key, byte[] value) {
            string(field(out, STRING, 1), key);
            string(field(out, STRING, 2), value);
            out.writeByte(STOP);
        }

        @Override
        public void entry(byte[] key, long first, long second) {
            entry(key, ByteBuffer.allocate(16).putLong(first).putLong(second).array());
        }

        @Override
        public void trace(byte[] key, TraceId trace) {
            ByteBuffer value = ByteBuffer.allocate(trace.traceIdHigh() == 0 ? 32 : 40)
                    .putLong(trace.spanId())
                    .putLong(trace.parentId())
                    .putLong(trace.traceId())
                    .putLong(trace.flags());
            if (trace.traceIdHigh() != 0) {
                value.putLong(trace.traceIdHigh());
            }
            entry(key, value.array());
        }
    }

    private static ByteBuf field(ByteBuf out, byte type, int id) {
        return out.writeByte(type).writeShort(id);
    }

    private static void string(ByteBuf out, byte[] bytes) {
        out.writeInt(bytes.length).writeBytes(bytes);
    }

    /** Reads a RequestHeader; the message follows in {@code in}. */
    static Context readRequest(ByteBuf in) {
        Broadcast.Reader reader = new Broadcast.Reader();
        List<Delegation> delegations = new ArrayList<>();
        String destination = "";
        long[] ids = new long[12];
        boolean traced = false;
        @Nullable Long parent = null;
        @Nullable Boolean sampled = null;
        for (byte type = typeOf(in); type != STOP; type = typeOf(in)) {
            int id = idOf(in);
            if (type == I64 && (id == 1 || id == 2 || id == 7 || id == 11)) {
                ids[id] = i64(in);
                traced |= id == 2;
            } else if (type == I64 && id == 3) {
                parent = i64(in);
            } else if (type == BOOL && id == 5) {
                need(in, 1);
                sampled = in.readByte() != 0;
            } else if (type == STRUCT && id == 6) {
                byte[] name = pair(in)[0];
                if (name.length > 0) {
                    reader.clientId(new String(name, StandardCharsets.UTF_8));
                }
            } else if (type == LIST && id == 8) {
                for (int left = structs(in); left > 0; left--) {
                    byte[][] entry = pair(in);
                    reader.entry(entry[0], entry[1]);
                }
            } else if (type == STRING && id == 9) {
                destination = new String(bytes(in), StandardCharsets.UTF_8);
            } else if (type == LIST && id == 10) {
                for (int left = structs(in); left > 0; left--) {
                    byte[][] line = pair(in);
                    delegations.add(new Delegation(
                            new String(line[0], StandardCharsets.UTF_8), new String(line[1], StandardCharsets.UTF_8)));
                }
            } else {
                skip(in, type, 0);
            }
        }
        if (traced) {
            TraceId id = new TraceId(ids[11], ids[1], parent == null ? ids[2] : parent, ids[2], ids[7]);
            reader.trace(sampled == null ? id : id.withSampled(sampled));
        }
        return reader.context(destination, List.copyOf(delegations));
    }

    /** Skips a ResponseHeader; the message follows in {@code in}. */
    static void skipResponse(ByteBuf in) {
        skip(in, STRUCT, 0);
    }

    /** How many structs of a list follow. */
    private static int structs(ByteBuf in) {
        need(in, 5);
        byte type = in.readByte();
        int size = in.readInt();
        if (type != STRUCT && size != 0) {
            throw bad("list of type " + type + " (expected: " + STRUCT + ")");
        }
        // Each struct takes a byte at least.
        need(in, size);
        return size;
    }

    /** Fields 1 and 2 of a struct, as bytes; what else is in it is skipped. */
    private static byte[][] pair(ByteBuf in) {
        byte[][] pair = {new byte[0], new byte[0]};
        for (byte type = typeOf(in); type != STOP; type = typeOf(in)) {
            int id = idOf(in);
            if (type == STRING && (id == 1 || id == 2)) {
                pair[id - 1] = bytes(in);
            } else {
                skip(in, type, 1);
            }
        }
        return pair;
    }

    private static byte typeOf(ByteBuf in) {
        need(in, 1);
        return in.readByte();
    }

    private static int idOf(ByteBuf in) {
        need(in, 2);
        return in.readShort();
    }

    private static long i64(ByteBuf in) {
        need(in, 8);
        return in.readLong();
    }

    private static byte[] bytes(ByteBuf in) {
        need(in, 4);
        int length = in.readInt();
        need(in, length);
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return bytes;
    }

    private static void skip(ByteBuf in, byte type, int depth) {
        if (depth > MAX_DEPTH) {
            throw bad("structs more than " + MAX_DEPTH + " deep");
        }
        switch (type) {
            case BOOL, 3 -> skipBytes(in, 1);
            case 6 -> skipBytes(in, 2);
            case 8 -> skipBytes(in, 4);
            case 4, I64 -> skipBytes(in, 8);
            case STRING -> {
                need(in, 4);
                skipBytes(in, in.readInt());
            }
            case STRUCT -> {
                for (byte field = typeOf(in); field != STOP; field = typeOf(in)) {
                    int unused = idOf(in);
                    skip(in, field, depth + 1);
                }
            }
            case 13 -> {
                need(in, 6);
                byte key = in.readByte();
                byte value = in.readByte();
                for (int left = sized(in); left > 0; left--) {
                    skip(in, key, depth + 1);
                    skip(in, value, depth + 1);
                }
            }
            case 14, LIST -> {
                need(in, 5);
                byte element = in.readByte();
                for (int left = sized(in); left > 0; left--) {
                    skip(in, element, depth + 1);
                }
            }
            default -> throw bad("field of type " + type);
        }
    }

    private static int sized(ByteBuf in) {
        int size = in.readInt();
        need(in, size);
        return size;
    }

    private static void skipBytes(ByteBuf in, int bytes) {
        need(in, bytes);
        in.skipBytes(bytes);
    }

    private static void need(ByteBuf in, int bytes) {
        if (bytes < 0 || in.readableBytes() < bytes) {
            throw bad("ends too early (expected: " + bytes + " bytes more, have " + in.readableBytes() + ")");
        }
    }

    private static Failure.Protocol bad(String what) {
        return new Failure.Protocol("bad TTwitter header: " + what);
    }
}
