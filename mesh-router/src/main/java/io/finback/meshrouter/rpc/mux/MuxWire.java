package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Broadcast;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Context.Delegation;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.TraceId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The shapes of Mux messages: type, tag of three bytes, body; big endian. Reading never goes behind {@code end}, and fails with
 * {@link Failure.Protocol} instead. Source: twitter/finagle {@code mux/transport/Message.scala}.
 */
final class MuxWire {
    static final byte T_REQ = 1;
    static final byte R_REQ = -1;
    static final byte T_DISPATCH = 2;
    static final byte R_DISPATCH = -2;
    static final byte T_DRAIN = 64;
    static final byte R_DRAIN = -64;
    static final byte T_PING = 65;
    static final byte R_PING = -65;
    static final byte T_DISCARDED = 66;
    static final byte R_DISCARDED = -66;
    static final byte T_LEASE = 67;
    static final byte T_INIT = 68;
    static final byte R_INIT = -68;
    static final byte R_ERR = -128;
    /** What Finagle sends for T_DISCARDED and R_ERR, and everybody understands. */
    static final byte OLD_T_DISCARDED = -62;

    static final byte OLD_R_ERR = 127;

    static final byte OK = 0;
    static final byte ERROR = 1;
    static final byte NACK = 2;

    static final int CONTROL_TAG = 1;
    static final int FIRST_TAG = 2;
    static final int LAST_TAG = (1 << 23) - 1;
    static final int MORE_FRAGMENTS = 1 << 23;
    static final int HEADER_BYTES = 4;
    static final short VERSION = 1;
    static final byte[] PROBE = "tinit check".getBytes(StandardCharsets.US_ASCII);
    static final String FRAMER = "mux-framer";
    static final String TLS = "tls";

    private static final byte[] MUX_FAILURE = "MuxFailure".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EMPTY = {};

    private MuxWire() {}

    static Failure.Protocol bad(String what) {
        return new Failure.Protocol("bad mux message: " + what);
    }

    static void need(ByteBuf in, int end, int bytes) {
        if (bytes < 0 || end - in.readerIndex() < bytes) {
            throw bad("ends too early (expected: " + bytes + " bytes more, have " + (end - in.readerIndex()) + ")");
        }
    }

    static byte[] bytes(ByteBuf in, int end, int length) {
        need(in, end, length);
        if (length == 0) {
            return EMPTY;
        }
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return bytes;
    }

    /** Length of two bytes, then that many. */
    static byte[] bytes2(ByteBuf in, int end) {
        return bytes(in, end, short2(in, end));
    }

    static int short2(ByteBuf in, int end) {
        need(in, end, 2);
        return in.readUnsignedShort();
    }

    static String string(ByteBuf in, int end, int length) {
        need(in, end, length);
        if (length == 0) {
            return "";
        }
        String text = in.toString(in.readerIndex(), length, StandardCharsets.UTF_8);
        in.skipBytes(length);
        return text;
    }

    /** Contexts, destination and delegations of a Tdispatch; the body follows. */
    static Context dispatch(ByteBuf in, int end) {
        Broadcast.Reader reader = new Broadcast.Reader();
        int contexts = short2(in, end);
        for (int i = 0; i < contexts; i++) {
            byte[] key = bytes2(in, end);
            reader.entry(key, bytes2(in, end));
        }
        String destination = string(in, end, short2(in, end));
        int lines = short2(in, end);
        if (lines == 0) {
            return reader.context(destination, List.of());
        }
        List<Delegation> delegations = new ArrayList<>();
        for (int i = 0; i < lines; i++) {
            String prefix = string(in, end, short2(in, end));
            delegations.add(new Delegation(prefix, string(in, end, short2(in, end))));
        }
        return reader.context(destination, List.copyOf(delegations));
    }

    /** The keys of a Treq; the body follows. */
    static Context request(ByteBuf in, int end) {
        need(in, end, 1);
        int keys = in.readUnsignedByte();
        long flags = 0;
        long @Nullable [] ids = null;
        for (int i = 0; i < keys; i++) {
            need(in, end, 2);
            int key = in.readUnsignedByte();
            int length = in.readUnsignedByte();
            need(in, end, length);
            if (key == 1 && length == 24) {
                ids = new long[] {in.readLong(), in.readLong(), in.readLong()};
            } else if (key == 2 && length > 0) {
                flags = in.readUnsignedByte();
                in.skipBytes(length - 1);
            } else {
                in.skipBytes(length);
            }
        }
        Broadcast.Reader reader = new Broadcast.Reader();
        if (ids != null) {
            reader.trace(new TraceId(0, ids[2], ids[1], ids[0], flags));
        }
        return reader.context("", List.of());
    }

    static void writeRequest(ByteBuf out, Context context) {
        TraceId trace = context.traceOrNull();
        if (trace == null) {
            out.writeByte(0);
            return;
        }
        out.writeByte(2);
        out.writeByte(1).writeByte(24);
        out.writeLong(trace.spanId()).writeLong(trace.parentId()).writeLong(trace.traceId());
        out.writeByte(2).writeByte(1).writeByte((int) trace.flags());
    }

    static void writeDispatch(ByteBuf out, Context context, Broadcast.Writer entries) {
        out.writeShort(Broadcast.count(context));
        Broadcast.write(context, entries);
        writeString2(out, context.destination());
        List<Delegation> lines = context.delegations();
        out.writeShort(lines.size());
        for (int i = 0; i < lines.size(); i++) {
            writeString2(out, lines.get(i).prefix());
            writeString2(out, lines.get(i).tree());
        }
    }

    private static void writeString2(ByteBuf out, String text) {
        if (text.isEmpty()) {
            out.writeShort(0);
            return;
        }
        int at = out.writerIndex();
        out.writeShort(0);
        int length = ByteBufUtil.writeUtf8(out, text);
        if (length > 0xffff) {
            out.writerIndex(at);
            throw new IllegalArgumentException("path of " + length + " bytes (expected: at most 65535)");
        }
        out.setShort(at, length);
    }

    static void writeBytes2(ByteBuf out, byte[] bytes) {
        if (bytes.length > 0xffff) {
            throw new IllegalArgumentException("context of " + bytes.length + " bytes (expected: at most 65535)");
        }
        out.writeShort(bytes.length).writeBytes(bytes);
    }

    /** Behind the status of a failed Rdispatch: one context with the flags, or none. */
    static void writeFailureContext(ByteBuf out, long flags) {
        long wire = ((flags & Failure.RETRYABLE) != 0 ? 1 : 0)
                | ((flags & Failure.REJECTED) != 0 ? 2 : 0)
                | ((flags & Failure.NON_RETRYABLE) != 0 ? 4 : 0);
        if (wire == 0) {
            out.writeShort(0);
            return;
        }
        out.writeShort(1);
        writeBytes2(out, MUX_FAILURE);
        out.writeShort(8).writeLong(wire);
    }

    /** Skips the contexts of an Rdispatch; the failure's flags, or {@code otherwise}. */
    static long failureFlags(ByteBuf in, int end, long otherwise) {
        long flags = otherwise;
        int contexts = short2(in, end);
        for (int i = 0; i < contexts; i++) {
            int keyBytes = short2(in, end);
            need(in, end, keyBytes);
            boolean ours = keyBytes == MUX_FAILURE.length && isFailure(in);
            in.skipBytes(keyBytes);
            int valueBytes = short2(in, end);
            need(in, end, valueBytes);
            if (ours && valueBytes == 8) {
                long wire = in.getLong(in.readerIndex());
                flags = ((wire & 1) != 0 ? Failure.RETRYABLE : 0)
                        | ((wire & 2) != 0 ? Failure.REJECTED : 0)
                        | ((wire & 4) != 0 ? Failure.NON_RETRYABLE : 0);
            }
            in.skipBytes(valueBytes);
        }
        return flags;
    }

    private static boolean isFailure(ByteBuf in) {
        for (int i = 0; i < MUX_FAILURE.length; i++) {
            if (in.getByte(in.readerIndex() + i) != MUX_FAILURE[i]) {
                return false;
            }
        }
        return true;
    }

    static boolean isProbe(ByteBuf in, int end) {
        if (end - in.readerIndex() != PROBE.length) {
            return false;
        }
        for (int i = 0; i < PROBE.length; i++) {
            if (in.getByte(in.readerIndex() + i) != PROBE[i]) {
                return false;
            }
        }
        return true;
    }
}
