package io.finback.meshrouter.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One side of a connection that reads its socket only when what it read before has been passed on. Needs a channel that begins without
 * auto-read and reads once per event ({@link Transport}). Decoded objects wait in an inbox until {@link #wants()}; the socket is not read
 * while some wait. So one side holds at most what one read of the socket brought. As long as everything is taken at once, the
 * selector's interest stays as it is: changing it costs a system call. Runs on its event loop alone.
 */
abstract class FlowHandler extends ChannelInboundHandlerAdapter {
    private final ArrayDeque<Object> inbox = new ArrayDeque<>();
    private @Nullable ChannelHandlerContext context;
    private boolean pumping;
    private boolean reads;
    private boolean inputClosed;
    private boolean ended;

    /** Whether the next object may be taken now. */
    abstract boolean wants();

    /** Whether the socket should be read although nothing may be taken: to learn that the peer went away. */
    abstract boolean watches();

    /** Takes one object, and its reference. */
    abstract void take(Object message);

    /** The peer closed, and everything it sent was taken. Once. */
    abstract void inputEnded();

    /** A round of taking is over: time to flush the other side. */
    abstract void pumped();

    ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }

    boolean inboxEmpty() {
        return inbox.isEmpty();
    }

    /** Takes the one that came first, which there must be, whoever waits. */
    final void takeNext() {
        take(inbox.remove());
    }

    /** Takes what may be taken, then reads on if that is wanted. Called whenever {@link #wants()} may have become true. */
    final void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            while (!inbox.isEmpty() && wants()) {
                take(inbox.poll());
            }
        } finally {
            pumping = false;
        }
        pumped();
        if (inputClosed) {
            if (inbox.isEmpty() && !ended) {
                ended = true;
                inputEnded();
            }
            return;
        }
        boolean wanted = inbox.isEmpty() && (wants() || watches());
        if (wanted != reads && context().channel().isActive()) {
            reads = wanted;
            context().channel().config().setAutoRead(wanted);
        }
    }

    /** Writes without flushing; a failure comes back through {@link #exceptionCaught}. */
    final void send(Object message) {
        var written = context().write(message, context().voidPromise());
        Objects.requireNonNull(written);
    }

    /** Closes without waiting; channelInactive tells when it is done. */
    static void close(Channel channel) {
        var whenClosed = channel.close();
        Objects.requireNonNull(whenClosed);
    }

    /** Sends the end of output behind everything written, and keeps reading. */
    static void shutdownOutputWhen(ChannelFuture written) {
        written.addListener(done -> {
            SslHandler tls = written.channel().pipeline().get(SslHandler.class);
            if (done.isSuccess() && tls != null) {
                var whenShut = tls.closeOutbound();
                Objects.requireNonNull(whenShut);
            } else if (done.isSuccess() && written.channel() instanceof SocketChannel socket) {
                var whenShut = socket.shutdownOutput();
                Objects.requireNonNull(whenShut);
            } else {
                close(written.channel());
            }
        });
    }

    final void discardInbox() {
        for (Object message = inbox.poll(); message != null; message = inbox.poll()) {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        inbox.add(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        pump();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        inputClosed = true;
        pump();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        broken(cause);
    }

    /** The channel failed: what comes after cannot be trusted. */
    abstract void broken(Throwable cause);
}
