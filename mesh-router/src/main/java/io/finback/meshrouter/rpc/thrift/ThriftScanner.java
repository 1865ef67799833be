package io.finback.meshrouter.rpc.thrift;

import io.finback.meshrouter.rpc.Failure;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * Finds where a Thrift message ends that no frame tells: walks its fields, of the binary or the compact protocol, whichever comes, and goes on
 * where it stopped when there is more, so that each byte is looked at once. Pure. Source: Apache Thrift doc/specs/thrift-binary-protocol.md,
 * thrift-compact-protocol.md.
 */
final class ThriftScanner {
    /** As deep as libthrift lets structures be, each perhaps in a collection. */
    private static final int MAX_DEPTH = 128;

    /** Kinds of what is still to come, in two bits of {@link #kinds}; of a collection the type of its elements above them. */
    private static final int STRUCT = 0;

    private static final int BYTES = 1;
    private static final int VALUES = 2;
    private static final int PAIRS = 3;

    /** The longest head of anything: that of a message in the compact protocol, with its name's length. */
    private static final int MAX_VARINT = 10;

    private final int maxBytes;
    private int[] kinds = new int[16];
    private long[] left = new long[16];
    private int depth;
    private int at;
    private boolean begun;
    private boolean compact;

    /** @param maxBytes the longest message; a longer one is refused */
    ThriftScanner(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /**
     * Where the message ends that begins at the reader index, behind that; 0: there is more to come. Throws Failure.Protocol for what is no
     * message, and for one that is too long or too deep.
     *
     * @param header whether a structure of the binary protocol comes before the message: Twitter's
     */
    int end(ByteBuf in, boolean header) {
        int base = in.readerIndex();
        int readable = in.readableBytes();
        if (!begun) {
            begun = true;
            at = 0;
            depth = 0;
            headerLeft = header;
            headRead = false;
            compact = false;
            if (header) {
                push(STRUCT, 0);
            }
        }
        while (true) {
            if (depth == 0) {
                if (headRead) {
                    begun = false;
                    return at;
                }
                headerLeft = false;
                if (!message(in, base, readable)) {
                    return more();
                }
                headRead = true;
            }
            if (!step(in, base, readable)) {
                return more();
            }
        }
    }

    private boolean headerLeft;
    private boolean headRead;

    /** Twitter's header is binary, whatever comes behind it. */
    private boolean isCompact() {
        return compact && !headerLeft;
    }

    private int more() {
        if (at > maxBytes) {
            throw bad("message of more than " + maxBytes + " bytes");
        }
        return 0;
    }

    private static Failure.Protocol bad(String why) {
        return new Failure.Protocol("Thrift without frames: " + why);
    }

    private void push(int kind, long count) {
        if (depth == MAX_DEPTH) {
            throw bad("structures within structures deeper than " + MAX_DEPTH);
        }
        if (depth == kinds.length) {
            kinds = Arrays.copyOf(kinds, depth * 2);
            left = Arrays.copyOf(left, depth * 2);
        }
        kinds[depth] = kind;
        left[depth] = count;
        depth++;
    }

    /** So many bytes that say nothing. */
    private void skip(long count) {
        if (count < 0 || at + count > maxBytes) {
            throw bad("message of more than " + maxBytes + " bytes");
        }
        if (count > 0) {
            push(BYTES, count);
        }
    }

    // --- a message's head ---

    private boolean message(ByteBuf in, int base, int readable) {
        if (readable - at < 4) {
            return false;
        }
        int first = in.getInt(base + at);
        int kind = first >>> 24;
        if (kind == 0x82) {
            compact = true;
            int from = at + 2;
            long sequence = varint(in, base, from, readable);
            if (sequence < 0) {
                return false;
            }
            from = varintEnd;
            long name = varint(in, base, from, readable);
            if (name < 0) {
                return false;
            }
            at = varintEnd;
            push(STRUCT, 0);
            skip(name);
            return true;
        }
        compact = false;
        if (first < 0) {
            if ((first & 0xffff0000) != 0x80010000) {
                throw bad("begins with 0x" + Integer.toHexString(first) + " (expected: a message of a known version)");
            }
            if (readable - at < 8) {
                return false;
            }
            long name = in.getInt(base + at + 4);
            at += 8;
            push(STRUCT, 0);
            skip(name < 0 ? -1 : name + 4);
            return true;
        }
        at += 4;
        push(STRUCT, 0);
        // Of the old form: the name, its kind, its number.
        skip(first + 5L);
        return true;
    }

    // --- what is in it ---

    private boolean step(ByteBuf in, int base, int readable) {
        int top = depth - 1;
        int kind = kinds[top];
        switch (kind & 3) {
            case BYTES -> {
                long some = Math.min(left[top], readable - at);
                at += (int) some;
                left[top] -= some;
                if (left[top] > 0) {
                    return false;
                }
                depth--;
                return true;
            }
            case STRUCT -> {
                return isCompact() ? compactField(in, base, readable) : binaryField(in, base, readable);
            }
            case VALUES -> {
                if (left[top] == 0) {
                    depth--;
                    return true;
                }
                if (!value(in, base, readable, (kind >> 8) & 0xff, true)) {
                    return false;
                }
                left[top]--;
                return true;
            }
            default -> {
                if (left[top] == 0) {
                    depth--;
                    return true;
                }
                boolean isKey = (left[top] & 1) == 0;
                if (!value(in, base, readable, isKey ? (kind >> 8) & 0xff : (kind >> 16) & 0xff, true)) {
                    return false;
                }
                left[top]--;
                return true;
            }
        }
    }

    private boolean binaryField(ByteBuf in, int base, int readable) {
        if (readable - at < 1) {
            return false;
        }
        int type = in.getUnsignedByte(base + at);
        if (type == 0) {
            at++;
            depth--;
            return true;
        }
        if (readable - at < 3) {
            return false;
        }
        int before = at;
        at += 3;
        if (!value(in, base, readable, type, false)) {
            at = before;
            return false;
        }
        return true;
    }

    private boolean compactField(ByteBuf in, int base, int readable) {
        if (readable - at < 1) {
            return false;
        }
        int head = in.getUnsignedByte(base + at);
        if (head == 0) {
            at++;
            depth--;
            return true;
        }
        int before = at;
        at++;
        if (head >> 4 == 0) {
            if (varint(in, base, at, readable) < 0) {
                at = before;
                return false;
            }
            at = varintEnd;
        }
        int type = head & 15;
        if (type == 1 || type == 2) {
            // The field's head is its value.
            return true;
        }
        if (!value(in, base, readable, type, false)) {
            at = before;
            return false;
        }
        return true;
    }

    /** The head of a value, and what comes behind it; false, and nothing has changed: there is not enough yet. */
    private boolean value(ByteBuf in, int base, int readable, int type, boolean element) {
        return isCompact() ? compactValue(in, base, readable, type, element) : binaryValue(in, base, readable, type);
    }

    private boolean binaryValue(ByteBuf in, int base, int readable, int type) {
        switch (type) {
            case 2, 3 -> skip(1);
            case 6 -> skip(2);
            case 8 -> skip(4);
            case 4, 10 -> skip(8);
            case 16 -> skip(16);
            case 12 -> push(STRUCT, 0);
            case 11 -> {
                if (readable - at < 4) {
                    return false;
                }
                int length = in.getInt(base + at);
                at += 4;
                skip(length);
            }
            case 14, 15 -> {
                if (readable - at < 5) {
                    return false;
                }
                int of = in.getUnsignedByte(base + at);
                int count = in.getInt(base + at + 1);
                at += 5;
                elements(VALUES | (of << 8), count);
            }
            case 13 -> {
                if (readable - at < 6) {
                    return false;
                }
                int key = in.getUnsignedByte(base + at);
                int value = in.getUnsignedByte(base + at + 1);
                int count = in.getInt(base + at + 2);
                at += 6;
                elements(PAIRS | (key << 8) | (value << 16), count < 0 ? count : count * 2L);
            }
            default -> throw bad("a value of type " + type);
        }
        return true;
    }

    private boolean compactValue(ByteBuf in, int base, int readable, int type, boolean element) {
        switch (type) {
            case 1, 2, 3 -> skip(type == 3 || element ? 1 : 0);
            case 4, 5, 6 -> {
                if (varint(in, base, at, readable) < 0) {
                    return false;
                }
                at = varintEnd;
            }
            case 7 -> skip(8);
            case 13 -> skip(16);
            case 12 -> push(STRUCT, 0);
            case 8 -> {
                long length = varint(in, base, at, readable);
                if (length < 0) {
                    return false;
                }
                at = varintEnd;
                skip(length);
            }
            case 9, 10 -> {
                if (readable - at < 1) {
                    return false;
                }
                int head = in.getUnsignedByte(base + at);
                long count = head >> 4;
                int end = at + 1;
                if (count == 15) {
                    count = varint(in, base, at + 1, readable);
                    if (count < 0) {
                        return false;
                    }
                    end = varintEnd;
                }
                at = end;
                elements(VALUES | ((head & 15) << 8), count);
            }
            case 11 -> {
                long count = varint(in, base, at, readable);
                if (count < 0 || (count > 0 && readable - varintEnd < 1)) {
                    return false;
                }
                at = varintEnd;
                if (count > 0) {
                    int types = in.getUnsignedByte(base + at);
                    at++;
                    elements(PAIRS | ((types >> 4) << 8) | ((types & 15) << 16), count * 2);
                }
            }
            default -> throw bad("a value of type " + type);
        }
        return true;
    }

    /** Each of them takes a byte at least. */
    private void elements(int kind, long count) {
        if (count < 0 || at + count > maxBytes) {
            throw bad("a collection of " + count + " elements (expected: 0 to " + (maxBytes - at) + ")");
        }
        push(kind, count);
    }

    /** Behind the number that {@link #varint} has read. */
    private int varintEnd;

    /** A number that is not negative as it is written, of at most 63 bits; -1: it has not come whole. */
    private long varint(ByteBuf in, int base, int from, int readable) {
        long value = 0;
        for (int i = 0; i < MAX_VARINT; i++) {
            if (from + i >= readable) {
                return -1;
            }
            int next = in.getUnsignedByte(base + from + i);
            value |= (long) (next & 127) << (7 * i);
            if (next < 128) {
                varintEnd = from + i + 1;
                return value & Long.MAX_VALUE;
            }
        }
        throw bad("a number of more than " + MAX_VARINT + " bytes");
    }
}
