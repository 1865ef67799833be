package io.finback.meshrouter.rpc.thrift;

import io.finback.meshrouter.rpc.Failure;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What can be known of a Thrift message without the service's types: its method, its kind, its number, and whether an answer is an
 * exception. Reads the binary protocol, strict or old, and the compact one. Source: apache/thrift doc/specs.
 *
 * @param method the name, with the service before it ({@code svc:method}) when services share a connection
 * @param sequence the number by which callers find answers
 * @param bodyAt where the struct begins
 */
public record ThriftMessage(Protocol protocol, String method, Kind kind, int sequence, int bodyAt) {
    /** How it is written. */
    public enum Protocol {
        BINARY,
        /** Without a version: the name's length comes first. */
        OLD_BINARY,
        COMPACT
    }

    /** What it is for. */
    public enum Kind {
        CALL,
        REPLY,
        EXCEPTION,
        /** Nobody answers it. */
        ONEWAY
    }

    private static final int VERSION_1 = 0x80010000;
    private static final int VERSION_MASK = 0xffff0000;
    private static final int COMPACT_ID = 0x82;
    private static final int MAX_NAME_BYTES = 10_000;

    /** Reads the head of {@code message}; fails with {@link Failure.Protocol} when it is none. */
    public static ThriftMessage read(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message);
        need(in, 4, "a message's head");
        if ((in.get(0) & 0xff) == COMPACT_ID) {
            return compact(in);
        }
        int first = in.getInt();
        if (first < 0) {
            if ((first & VERSION_MASK) != VERSION_1) {
                throw bad("version " + Integer.toHexString(first) + " (expected: 8001xxxx)");
            }
            need(in, 4, "the length of the method's name");
            String method = name(in, in.getInt());
            need(in, 4, "the sequence number");
            int sequence = in.getInt();
            return new ThriftMessage(Protocol.BINARY, method, kind(first & 0xff), sequence, in.position());
        }
        String method = name(in, first);
        need(in, 5, "kind and sequence number");
        Kind kind = kind(in.get());
        int sequence = in.getInt();
        return new ThriftMessage(Protocol.OLD_BINARY, method, kind, sequence, in.position());
    }

    private static ThriftMessage compact(ByteBuffer in) {
        int second = in.get(1) & 0xff;
        if ((second & 0x1f) != 1) {
            throw bad("compact version " + (second & 0x1f) + " (expected: 1)");
        }
        in.position(2);
        Kind kind = kind(second >> 5 & 0x07);
        int sequence = varint(in);
        String method = name(in, varint(in));
        return new ThriftMessage(Protocol.COMPACT, method, kind, sequence, in.position());
    }

    private static int varint(ByteBuffer in) {
        int value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            need(in, 1, "a number");
            byte next = in.get();
            value |= (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw bad("number of more than 5 bytes");
    }

    private static String name(ByteBuffer in, int length) {
        if (length < 0 || length > MAX_NAME_BYTES) {
            throw bad("method name of " + length + " bytes (expected: 0 to " + MAX_NAME_BYTES + ")");
        }
        need(in, length, "the method's name");
        byte[] name = new byte[length];
        in.get(name);
        return new String(name, StandardCharsets.UTF_8);
    }

    private static Kind kind(int number) {
        return switch (number) {
            case 1 -> Kind.CALL;
            case 2 -> Kind.REPLY;
            case 3 -> Kind.EXCEPTION;
            case 4 -> Kind.ONEWAY;
            default -> throw bad("message type " + number + " (expected: 1 to 4)");
        };
    }

    private static void need(ByteBuffer in, int bytes, String what) {
        if (in.remaining() < bytes) {
            throw bad("ends before " + what);
        }
    }

    private static Failure.Protocol bad(String what) {
        return new Failure.Protocol("bad thrift message: " + what);
    }

    /** The service's name, when services share a connection. */
    public Optional<String> service() {
        int colon = method.indexOf(':');
        return colon < 0 ? Optional.empty() : Optional.of(method.substring(0, colon));
    }

    /** Whether {@code message}, of which this is the head, answers with an exception, declared or not. */
    public boolean isException(byte[] message) {
        if (kind == Kind.EXCEPTION) {
            return true;
        }
        if (kind != Kind.REPLY || bodyAt >= message.length || message[bodyAt] == 0) {
            return false;
        }
        // The result is field 0; a declared exception has the number that the IDL gives it.
        if (protocol == Protocol.COMPACT) {
            return (message[bodyAt] >> 4 & 0x0f) != 0 || (bodyAt + 1 < message.length && message[bodyAt + 1] != 0);
        }
        return bodyAt + 2 < message.length && (message[bodyAt + 1] != 0 || message[bodyAt + 2] != 0);
    }

    /** An answer to this that says that the application failed; in the protocol of the call. */
    byte[] failed(String why) {
        return failed(why, INTERNAL_ERROR);
    }

    /** An answer to this that says that there is no such method. */
    byte[] unknown() {
        return failed("Invalid method name: '" + method + "'", UNKNOWN_METHOD);
    }

    private byte[] failed(String why, int type) {
        byte[] text = why.getBytes(StandardCharsets.UTF_8);
        byte[] name = method.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(64 + text.length + name.length);
        switch (protocol) {
            case BINARY -> {
                out.putInt(VERSION_1 | 3).putInt(name.length).put(name).putInt(sequence);
                binaryException(out, text, type);
            }
            case OLD_BINARY -> {
                out.putInt(name.length).put(name).put((byte) 3).putInt(sequence);
                binaryException(out, text, type);
            }
            case COMPACT -> {
                out.put((byte) COMPACT_ID).put((byte) (3 << 5 | 1));
                putVarint(out, sequence);
                putVarint(out, name.length);
                out.put(name);
                out.put((byte) (1 << 4 | 8));
                putVarint(out, text.length);
                out.put(text);
                out.put((byte) (1 << 4 | 5)).put((byte) (type << 1));
                out.put((byte) 0);
            }
        }
        byte[] bytes = new byte[out.position()];
        out.flip();
        out.get(bytes);
        return bytes;
    }

    private static final int UNKNOWN_METHOD = 1;
    private static final int INTERNAL_ERROR = 6;

    private static void binaryException(ByteBuffer out, byte[] text, int type) {
        out.put((byte) 11).putShort((short) 1).putInt(text.length).put(text);
        out.put((byte) 8).putShort((short) 2).putInt(type);
        out.put((byte) 0);
    }

    private static void putVarint(ByteBuffer out, int value) {
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            out.put((byte) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }
}
