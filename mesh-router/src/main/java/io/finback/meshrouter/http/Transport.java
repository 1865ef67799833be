package io.finback.meshrouter.http;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/** How the data path's sockets are made and read. */
final class Transport {
    /** Smallest, first and largest buffer of a read, bytes: most heads fit the first, and a read of a body takes the largest. */
    private static final int LEAST = 512;

    private static final int FIRST = 2 * 1024;
    private static final int MOST = 64 * 1024;

    private Transport() {}

    static EventLoopGroup loops(int threads) {
        return new NioEventLoopGroup(threads, new DefaultThreadFactory("finback-mesh", true));
    }

    static Class<? extends ServerChannel> listener() {
        return NioServerSocketChannel.class;
    }

    static Class<? extends SocketChannel> connection() {
        return NioSocketChannel.class;
    }

    /** One read per event: back-pressure looks at what it brought before the next. */
    static RecvByteBufAllocator reads() {
        return new AdaptiveRecvByteBufAllocator(LEAST, FIRST, MOST).maxMessagesPerRead(1);
    }
}
