package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What both sides of a Mux connection share: frames in, {@link MuxOutput frames out}, and the way from other threads to the loop.
 * Everything but {@link #onLoop} runs on the connection's event loop.
 *
 * <p>How it reads: frames are decoded where they lie; only what is left of a frame at the end of a read is copied.
 */
abstract class MuxConnection extends ChannelInboundHandlerAdapter {
    private static final int FIRST_GROWTH_BYTES = 64 << 10;

    private final int maxMessageBytes;
    private final MuxFragments fragments;
    private final MuxOutput output = new MuxOutput();
    private final ConcurrentLinkedQueue<Runnable> inbox = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean inboxScheduled = new AtomicBoolean();
    private final Runnable drainInbox = this::drainInbox;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf cumulation;

    MuxConnection(Params params) {
        maxMessageBytes = params.get(MuxParams.MAX_MESSAGE_BYTES);
        fragments = new MuxFragments(params);
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

    /** Where frames are written. */
    final MuxOutput output() {
        return output;
    }

    /** What has come in part. */
    final MuxFragments fragments() {
        return fragments;
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
        output.attach(ctx);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        opened();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // which of two buffers
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        output.beginRead();
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
        if (!more && !fragments.has(clear)) {
            message(type, clear, in, end);
            return;
        }
        if (type != MuxWire.T_DISPATCH && type != MuxWire.R_DISPATCH) {
            if (more) {
                throw MuxWire.bad("fragment of type " + type + " (expected: of a dispatch)");
            }
            if (type == MuxWire.R_DISCARDED || type == MuxWire.R_ERR || type == MuxWire.OLD_R_ERR) {
                fragments.forget(clear);
            }
            message(type, clear, in, end);
            return;
        }
        fragments.add(clear, in, end - in.readerIndex(), context().alloc());
        if (!more) {
            ByteBuf whole = fragments.take(clear);
            try {
                message(type, clear, whole, whole.writerIndex());
            } finally {
                whole.release();
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        output.endRead();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            output.writable();
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
        fragments.release();
        ended(reason);
        output.release();
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
        output.writeError(MuxWire.CONTROL_TAG, text);
        output.closeFlushed();
    }
}
