package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.Stats;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes one buffer of a head and the small body behind it, and drops empty ones: copying some hundred bytes is cheaper than a gathering
 * write. Holds at most {@link #MOST} bytes, until the next flush. What somebody waits for (a promise of its own) is passed on as it is.
 */
final class Gather extends ChannelOutboundHandlerAdapter {
    private static final int MOST = 4 * 1024;

    private final Stats stats;
    private @Nullable ByteBuf held;

    Gather(Stats stats) {
        this.stats = stats;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            stats.sent(bytes.readableBytes());
        }
        if (!(message instanceof ByteBuf buffer) || !promise.isVoid()) {
            passOn(ctx);
            Objects.requireNonNull(ctx.write(message, promise));
            return;
        }
        ByteBuf before = held;
        int size = buffer.readableBytes();
        if (size == 0) {
            buffer.release();
        } else if (before != null && before.readableBytes() + size <= MOST) {
            before.writeBytes(buffer);
            buffer.release();
        } else {
            passOn(ctx);
            if (size < MOST && isOurs(buffer)) {
                held = buffer;
            } else {
                Objects.requireNonNull(ctx.write(buffer, promise));
            }
        }
    }

    /** What the encoder made for a head can grow; a part of what was read cannot, and must not be written to. */
    private static boolean isOurs(ByteBuf buffer) {
        return buffer.maxCapacity() > MOST && !buffer.isReadOnly();
    }

    private void passOn(ChannelHandlerContext ctx) {
        ByteBuf before = held;
        if (before != null) {
            held = null;
            Objects.requireNonNull(ctx.write(before, ctx.voidPromise()));
        }
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        passOn(ctx);
        Objects.requireNonNull(ctx.flush());
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        drop();
        Objects.requireNonNull(ctx.close(promise));
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        drop();
    }

    private void drop() {
        ByteBuf before = held;
        held = null;
        if (before != null) {
            before.release();
        }
    }
}
