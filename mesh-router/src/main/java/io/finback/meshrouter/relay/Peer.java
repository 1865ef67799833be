package io.finback.meshrouter.relay;

import io.finback.meshrouter.traffic.Forwarded;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;

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

    void run(Runnable work) {
        if (loop.inEventLoop()) {
            work.run();
        } else {
            loop.execute(work);
        }
    }
}
