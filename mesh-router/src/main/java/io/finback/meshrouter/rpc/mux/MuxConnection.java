package io.finback.meshrouter.rpc.mux;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.meshrouter.rpc.Broadcast;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.collection.IntObjectHashMap;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What both sides of a Mux connection share: frames in, frames out, fragments, and the way from other threads to the loop. Everything but
 * {@link #onLoop} runs on the connection's event loop.
 *
 * <p>How it writes: frames are encoded one behind the other into one buffer, which is handed to the socket when the loop has read what there
 * was, or has run what waited: one system call for many messages. A message longer than the other side's window waits in a queue of its
 * own, and gives a fragment to the buffer in turn, while the socket takes them; short ones go between.
 *
 * <p>How it reads: frames are decoded where they lie; only what is left of a frame at the end of a read is copied.
 */
abstract class MuxConnection extends ChannelInboundHandlerAdapter implements Broadcast.Writer {
    private static final int BATCH_BYTES = 4 << 10;
    private static final int FULL_BATCH_BYTES = 64 << 10;
    private static final int FIRST_GROWTH_BYTES = 64 << 10;
    private static final int MAX_PARTIAL = 10_000;
    private static final byte[] NOTHING = {};

    private final int maxMessageBytes;
    private final long maxPartialBytes;
    private final ConcurrentLinkedQueue<Runnable> inbox = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean inboxScheduled = new AtomicBoolean();
    private final Runnable drainInbox = this::drainInbox;
    private final Runnable endOfTasks = this::endOfTasks;
    private final ArrayDeque<Fragments> fragmented = new ArrayDeque<>();
    private final IntObjectHashMap<ByteBuf> partial = new IntObjectHashMap<>();
    private long partialBytes;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf cumulation;
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

    MuxConnection(Params params) {
        maxMessageBytes = params.get(MuxParams.MAX_MESSAGE_BYTES);
        maxPartialBytes = params.get(MuxParams.MAX_PARTIAL_BYTES);
    }

    /** One whole message, its body in {@code in} up to {@code end}. What it throws ends the connection. */
    abstract void message(byte type, int tag, ByteBuf in, int end);

    /** The connection is there. */
    abstract void opened();

    /** The connection is gone; once. */
    abstract void ended(String reason);

    ChannelHandlerContext context() {
        ChannelHandlerContext now = context;
        if (now == null) {
            throw new IllegalStateException("not connected yet");
        }
        return now;
    }

    boolean inLoop() {
        return context().executor().inEventLoop();
    }

    /** Runs {@code work} on the loop, in the order in which it came; together with others that come meanwhile. */
    final void onLoop(Runnable work) {
        inbox.add(work);
        if (!inboxScheduled.get() && inboxScheduled.compareAndSet(false, true)) {
            context().executor().execute(drainInbox);
        }
    }

    private void drainInbox() {
        inboxScheduled.set(false);
        for (Runnable work = inbox.poll(); work != null; work = inbox.poll()) {
            work.run();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        opened();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // which of two buffers
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        reading = true;
        ByteBuf before = cumulation;
        try {
            if (before != null) {
                before.discardReadBytes();
                before.writeBytes(in);
                in.release();
                in = before;
                cumulation = null;
            }
            frames(in);
        } catch (Failure.Protocol e) {
            in.skipBytes(in.readableBytes());
            broken(e);
        } finally {
            if (!in.isReadable() || !ctx.channel().isActive()) {
                in.release();
            } else if (in == before) {
                cumulation = in;
            } else {
                int wanted = in.readableBytes() < 4 ? 4 : Math.min(FIRST_GROWTH_BYTES, in.getInt(in.readerIndex()) + 4);
                cumulation =
                        ctx.alloc().buffer(Math.max(wanted, in.readableBytes())).writeBytes(in);
                in.release();
            }
        }
    }

    private void frames(ByteBuf in) {
        while (in.readableBytes() >= 4 && context().channel().isActive()) {
            int at = in.readerIndex();
            int size = in.getInt(at);
            if (size < MuxWire.HEADER_BYTES || size - MuxWire.HEADER_BYTES > maxMessageBytes) {
                throw MuxWire.bad("frame of " + (size & 0xffffffffL) + " bytes (expected: " + MuxWire.HEADER_BYTES
                        + " to " + (maxMessageBytes + (long) MuxWire.HEADER_BYTES) + ")");
            }
            if (in.readableBytes() - 4 < size) {
                return;
            }
            int end = at + 4 + size;
            in.readerIndex(at + 4);
            byte type = in.readByte();
            int tag = in.readUnsignedMedium();
            frame(type, tag, in, end);
            in.readerIndex(end);
        }
    }

    private void frame(byte type, int tag, ByteBuf in, int end) {
        boolean more = (tag & MuxWire.MORE_FRAGMENTS) != 0;
        int clear = tag & MuxWire.LAST_TAG;
        if (!more && (partial.isEmpty() || !partial.containsKey(clear))) {
            message(type, clear, in, end);
            return;
        }
        if (type != MuxWire.T_DISPATCH && type != MuxWire.R_DISPATCH) {
            if (more) {
                throw MuxWire.bad("fragment of type " + type + " (expected: of a dispatch)");
            }
            if (type == MuxWire.R_DISCARDED || type == MuxWire.R_ERR || type == MuxWire.OLD_R_ERR) {
                forgetPartial(clear);
            }
            message(type, clear, in, end);
            return;
        }
        int length = end - in.readerIndex();
        ByteBuf collected = partial.get(clear);
        int before = collected == null ? 0 : collected.readableBytes();
        if (before + (long) length > maxMessageBytes || partialBytes + length > maxPartialBytes) {
            throw MuxWire.bad("fragments of " + (before + (long) length) + " bytes (expected: at most "
                    + maxMessageBytes + ", and " + maxPartialBytes + " of all that are not complete)");
        }
        if (collected == null) {
            if (partial.size() >= MAX_PARTIAL) {
                throw MuxWire.bad("fragments of more than " + MAX_PARTIAL + " messages at a time");
            }
            collected = context().alloc().buffer(length);
            partial.put(clear, collected);
        }
        collected.writeBytes(in, length);
        partialBytes += length;
        if (!more) {
            partial.remove(clear);
            partialBytes -= collected.readableBytes();
            try {
                message(type, clear, collected, collected.writerIndex());
            } finally {
                collected.release();
            }
        }
    }

    /** The other side gave this message up. Whether there was any of it. */
    @CanIgnoreReturnValue
    final boolean forgetPartial(int tag) {
        ByteBuf collected = partial.remove(tag);
        if (collected == null) {
            return false;
        }
        partialBytes -= collected.readableBytes();
        collected.release();
        return true;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        flushNow();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable() && !fragmented.isEmpty()) {
            flushNow();
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        closing(String.valueOf(cause.getMessage() == null ? cause : cause.getMessage()));
        Sockets.close(ctx.channel());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ByteBuf rest = cumulation;
        if (rest != null) {
            cumulation = null;
            rest.release();
        }
        partial.values().forEach(ByteBuf::release);
        partial.clear();
        fragmented.forEach(stream -> stream.body.release());
        fragmented.clear();
        ended(reason);
        ByteBuf unsent = batch;
        if (unsent != null) {
            batch = null;
            unsent.release();
        }
    }

    private String reason = "by the other side";

    /** Why it will have ended, unless somebody has said so before. */
    final void closing(String why) {
        if (reason.equals("by the other side")) {
            reason = why;
        }
    }

    /** The other side broke the rules: tells it, and closes. */
    final void broken(Failure.Protocol why) {
        String text = String.valueOf(why.getMessage());
        closing(text);
        writeError(MuxWire.CONTROL_TAG, text);
        closeFlushed();
    }

    /** Closes behind what has been written. */
    final void closeFlushed() {
        ByteBuf rest = batch;
        batch = null;
        ChannelFuture written = context().writeAndFlush(rest == null ? Unpooled.EMPTY_BUFFER : rest);
        written.addListener(ChannelFutureListener.CLOSE);
    }

    final void peerWindow(int bytes) {
        peerWindow = Math.max(1, bytes);
    }

    /** Where the next frame goes. */
    final ByteBuf out() {
        ByteBuf now = batch;
        if (now == null) {
            now = context().alloc().ioBuffer(BATCH_BYTES);
            batch = now;
        }
        return now;
    }

    /** Begins a frame; its place, for {@link #finish}. */
    final int begin(ByteBuf out, byte type, int tag) {
        int at = out.writerIndex();
        out.writeInt(0).writeByte(type).writeMedium(tag);
        return at;
    }

    /** Ends a frame, or cuts it into fragments when it is longer than the other side wants. */
    final void finish(ByteBuf out, int at) {
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
    final void abort(ByteBuf out, int at) {
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
            ByteBuf out = out();
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

    final Dropped dropFragments(int tag) {
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

    final boolean fragmentsWait() {
        return !fragmented.isEmpty();
    }

    /** A message with nothing or a text in it. */
    final void writeSimple(byte type, int tag, byte[] body) {
        ByteBuf out = out();
        int at = begin(out, type, tag);
        out.writeBytes(body);
        finish(out, at);
    }

    final void writeSimple(byte type, int tag) {
        writeSimple(type, tag, NOTHING);
    }

    final void writeError(int tag, String why) {
        writeSimple(MuxWire.OLD_R_ERR, tag, why.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void entry(byte[] key, byte[] value) {
        ByteBuf out = out();
        MuxWire.writeBytes2(out, key);
        MuxWire.writeBytes2(out, value);
    }

    @Override
    public void entry(byte[] key, long first, long second) {
        ByteBuf out = out();
        MuxWire.writeBytes2(out, key);
        out.writeShort(16).writeLong(first).writeLong(second);
    }

    @Override
    public void trace(byte[] key, TraceId trace) {
        ByteBuf out = out();
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
