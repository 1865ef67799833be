package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.traffic.Forwarded;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/**
 * A client's connection.
 *
 * @param loop everything of its calls happens there
 * @param label its name in {@code Forwarded} headers
 */
record Peer(EventLoop loop, InetSocketAddress remote, InetSocketAddress local, String label) {
    static Peer of(Channel channel) {
        return new Peer(
                channel.eventLoop(),
                address(channel.remoteAddress()),
                address(channel.localAddress()),
                Forwarded.random());
    }

    private static InetSocketAddress address(Object address) {
        return address instanceof InetSocketAddress inet ? inet : InetSocketAddress.createUnresolved("unknown", 0);
    }

    /** The client's IP. */
    String ip() {
        return remote.getAddress() == null
                ? remote.getHostString()
                : remote.getAddress().getHostAddress();
    }

    /** Tells on the loop how {@code coming} has ended, at once if it has. */
    <X> void hear(Reply<X> coming, Consumer<X> next, Consumer<Throwable> failed) {
        if (coming.isSuccess()) {
            next.accept(coming.value());
            return;
        }
        coming.onDone((value, failure) -> run(() -> {
            if (failure == null) {
                next.accept(value);
            } else {
                failed.accept(failure);
            }
        }));
    }

    void run(Runnable work) {
        if (loop.inEventLoop()) {
            work.run();
        } else {
            loop.execute(work);
        }
    }
}
