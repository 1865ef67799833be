package io.finback.meshrouter.relay;

import io.finback.meshrouter.traffic.Stats;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.util.Objects;

/** Counts connections, and the bytes on them, below TLS. */
@Sharable
final class Counting extends ChannelDuplexHandler {
    private final Stats stats;

    Counting(Stats stats) {
        this.stats = stats;
    }

    void watch(Channel channel) {
        channel.pipeline().addLast(this);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        stats.connected();
        stats.connection(1);
        ctx.channel().closeFuture().addListener(closed -> stats.connection(-1));
        ctx.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            stats.received(bytes.readableBytes());
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            stats.sent(bytes.readableBytes());
        }
        Objects.requireNonNull(ctx.write(message, promise));
    }
}
