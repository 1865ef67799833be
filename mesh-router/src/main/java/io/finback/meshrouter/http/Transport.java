package io.finback.meshrouter.http;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/**
 * How the data path's sockets are made and read.
 *
 * <p>{@link #EPOLL} needs fewer system calls, most of all for a new connection. One difference shows: when a peer has ended its side, what
 * the kernel has received from it is read at once, whether or not it can be passed on, because Netty must find the end behind it. That is
 * at most a socket's receive buffer for each connection.
 */
public enum Transport {
    /** Netty's native library: Linux on x86-64 and ARM64, where the directory for temporary files may hold programs. */
    EPOLL(EpollSocketChannel.class),

    /** The JDK's selectors, everywhere. */
    NIO(NioSocketChannel.class);

    /** Smallest, first and largest buffer of a read, bytes: most heads fit the first, and a read of a body takes the largest. */
    private static final int LEAST = 512;

    private static final int FIRST = 2 * 1024;
    private static final int MOST = 64 * 1024;

    /** Of {@code enum} in Linux's tcp_states.h. */
    private static final int TCP_ESTABLISHED = 1;

    private final Class<? extends SocketChannel> connection;

    Transport(Class<? extends SocketChannel> connection) {
        this.connection = connection;
    }

    /** The best one that works here. */
    public static Transport best() {
        return Epoll.isAvailable() ? EPOLL : NIO;
    }

    /** {@code auto}, {@code epoll} or {@code nio}. Throws IllegalArgumentException for others, and for one that does not work here. */
    public static Transport of(String text) {
        return switch (text) {
            case "auto" -> best();
            case "nio" -> NIO;
            case "epoll" -> {
                if (!Epoll.isAvailable()) {
                    throw new IllegalArgumentException("transport: 'epoll' (expected: auto or nio here; "
                            + Epoll.unavailabilityCause().getMessage() + ")");
                }
                yield EPOLL;
            }
            default -> throw new IllegalArgumentException("transport: '" + text + "' (expected: auto, epoll or nio)");
        };
    }

    EventLoopGroup loops(int threads) {
        DefaultThreadFactory names = new DefaultThreadFactory("finback-mesh", true);
        return this == EPOLL ? new EpollEventLoopGroup(threads, names) : new NioEventLoopGroup(threads, names);
    }

    Class<? extends SocketChannel> connection() {
        return connection;
    }

    /** Whether neither side has ended a connection yet, as far as the kernel knows; true where it cannot be asked. */
    static boolean isEstablished(Channel channel) {
        if (!(channel instanceof EpollSocketChannel socket)) {
            return true;
        }
        try {
            return socket.tcpInfo().state() == TCP_ESTABLISHED;
        } catch (ChannelException unknown) {
            return false;
        }
    }

    /** One read per event: back-pressure looks at what it brought before the next. */
    static RecvByteBufAllocator reads() {
        return new AdaptiveRecvByteBufAllocator(LEAST, FIRST, MOST).maxMessagesPerRead(1);
    }
}
