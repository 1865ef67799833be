package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Broadcast;
import io.finback.meshrouter.rpc.TraceId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Frames on their way out of a Mux connection, on its event loop: encoded one behind the other into one buffer, which is handed to the
 * socket when the loop has read what there was, or has run what waited: one system call for many messages. A message longer than the other
 * side's window waits in a queue of its own, and gives a fragment to the buffer in turn, while the socket takes them; short ones go between.
 */
final class MuxOutput implements Broadcast.Writer {
    private static final int BATCH_BYTES = 4 << 10;
    private static final int FULL_BATCH_BYTES = 64 << 10;
    private static final byte[] NOTHING = {};

    private final ArrayDeque<Fragments> fragmented = new ArrayDeque<>();
    private final Runnable endOfTasks = this::endOfTasks;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf batch;
    private boolean reading;
    private boolean flushScheduled;
    private int peerWindow = Integer.MAX_VALUE;

    /** A message that is sent piece by piece. */
    private static final class Fragments {
        private final byte type;
        private final int tag;
        private final ByteBuf body;
        private boolean begun;

        Fragments(byte type, int tag, ByteBuf body) {
            this.type = type;
            this.tag = tag;
            this.body = body;
        }
    }

    void attach(ChannelHandlerContext to) {
        context = to;
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext now = context;
        if (now == null) {
            throw new IllegalStateException("not connected yet");
        }
        return now;
    }

    /** What has come is being read: what is written meanwhile goes out together, at {@link #endRead}. */
    void beginRead() {
        reading = true;
    }

    void endRead() {
        reading = false;
        flushNow();
    }

    /** The socket takes bytes again. */
    void writable() {
        if (!fragmented.isEmpty()) {
            flushNow();
        }
    }

    /** The connection is gone: nothing more is sent. */
    void release() {
        fragmented.forEach(stream -> stream.body.release());
        fragmented.clear();
        ByteBuf unsent = batch;
        if (unsent != null) {
            batch = null;
            unsent.release();
        }
    }

    /** Closes behind what has been written. */
    void closeFlushed() {
        ByteBuf rest = batch;
        batch = null;
        var unused = context()
                .writeAndFlush(rest == null ? Unpooled.EMPTY_BUFFER : rest)
                .addListener(ChannelFutureListener.CLOSE);
    }

    void peerWindow(int bytes) {
        peerWindow = Math.max(1, bytes);
    }

    /** Where the next frame goes. */
    ByteBuf next() {
        ByteBuf now = batch;
        if (now == null) {
            now = context().alloc().ioBuffer(BATCH_BYTES);
            batch = now;
        }
        return now;
    }

    /** Begins a frame; its place, for {@link #finish}. */
    int begin(ByteBuf out, byte type, int tag) {
        int at = out.writerIndex();
        out.writeInt(0).writeByte(type).writeMedium(tag);
        return at;
    }

    /** Ends a frame, or cuts it into fragments when it is longer than the other side wants. */
    void finish(ByteBuf out, int at) {
        int length = out.writerIndex() - at - 4;
        if (length - MuxWire.HEADER_BYTES > peerWindow) {
            byte type = out.getByte(at + 4);
            if (type == MuxWire.T_DISPATCH || type == MuxWire.R_DISPATCH) {
                int tag = out.getUnsignedMedium(at + 5);
                int body = at + 8;
                ByteBuf copy = context().alloc().buffer(out.writerIndex() - body);
                copy.writeBytes(out, body, out.writerIndex() - body);
                out.writerIndex(at);
                fragmented.add(new Fragments(type, tag, copy));
                written();
                return;
            }
        }
        out.setInt(at, length);
        written();
    }

    /** Takes a frame that could not be encoded back. */
    void abort(ByteBuf out, int at) {
        out.writerIndex(at);
    }

    private void written() {
        ByteBuf now = batch;
        if (now != null && now.readableBytes() >= FULL_BATCH_BYTES) {
            batch = null;
            var unused = context().write(now, context().voidPromise());
        }
        if (!reading && !flushScheduled) {
            flushScheduled = true;
            context().executor().execute(endOfTasks);
        }
    }

    private void endOfTasks() {
        flushScheduled = false;
        if (!reading) {
            flushNow();
        }
    }

    private void flushNow() {
        while (true) {
            pumpFragments();
            ByteBuf now = batch;
            if (now != null && now.isReadable()) {
                batch = null;
                var unused = context().writeAndFlush(now, context().voidPromise());
            } else {
                var unused = context().flush();
            }
            if (fragmented.isEmpty() || !context().channel().isWritable()) {
                return;
            }
        }
    }

    /** One fragment of each message that is under way, while the buffer is not full. */
    private void pumpFragments() {
        while (!fragmented.isEmpty() && (batch == null || batch.readableBytes() < FULL_BATCH_BYTES)) {
            Fragments stream = fragmented.removeFirst();
            int length = Math.min(peerWindow, stream.body.readableBytes());
            boolean more = stream.body.readableBytes() > length;
            ByteBuf out = next();
            out.writeInt(MuxWire.HEADER_BYTES + length)
                    .writeByte(stream.type)
                    .writeMedium(more ? stream.tag | MuxWire.MORE_FRAGMENTS : stream.tag)
                    .writeBytes(stream.body, length);
            stream.begun = true;
            if (more) {
                fragmented.addLast(stream);
            } else {
                stream.body.release();
            }
        }
    }

    /** What became of a message that was to be sent in fragments. */
    enum Dropped {
        /** It is not waiting: all of it has been sent. */
        SENT,
        /** Nothing of it has been sent, and nothing will be. */
        UNTOUCHED,
        /** Some of it has been sent; the rest will not be. */
        BEGUN
    }

    Dropped dropFragments(int tag) {
        for (Iterator<Fragments> streams = fragmented.iterator(); streams.hasNext(); ) {
            Fragments stream = streams.next();
            if (stream.tag == tag) {
                streams.remove();
                stream.body.release();
                return stream.begun ? Dropped.BEGUN : Dropped.UNTOUCHED;
            }
        }
        return Dropped.SENT;
    }

    boolean fragmentsWait() {
        return !fragmented.isEmpty();
    }

    /** A message with nothing or a text in it. */
    void writeSimple(byte type, int tag, byte[] body) {
        ByteBuf out = next();
        int at = begin(out, type, tag);
        out.writeBytes(body);
        finish(out, at);
    }

    void writeSimple(byte type, int tag) {
        writeSimple(type, tag, NOTHING);
    }

    void writeError(int tag, String why) {
        writeSimple(MuxWire.OLD_R_ERR, tag, why.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void entry(byte[] key, byte[] value) {
        ByteBuf out = next();
        MuxWire.writeBytes2(out, key);
        MuxWire.writeBytes2(out, value);
    }

    @Override
    public void entry(byte[] key, long first, long second) {
        ByteBuf out = next();
        MuxWire.writeBytes2(out, key);
        out.writeShort(16).writeLong(first).writeLong(second);
    }

    @Override
    public void trace(byte[] key, TraceId trace) {
        ByteBuf out = next();
        MuxWire.writeBytes2(out, key);
        out.writeShort(trace.traceIdHigh() == 0 ? 32 : 40)
                .writeLong(trace.spanId())
                .writeLong(trace.parentId())
                .writeLong(trace.traceId())
                .writeLong(trace.flags());
        if (trace.traceIdHigh() != 0) {
            out.writeLong(trace.traceIdHigh());
        }
    }
}
