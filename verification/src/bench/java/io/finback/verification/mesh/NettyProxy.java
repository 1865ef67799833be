package io.finback.verification.mesh;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.Behaviors;
import akka.stream.ActorAttributes;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The smallest proxy on Netty's transport and codecs, in three shapes: {@code handlers} alone; {@code actors}, one for each client connection
 * on a dispatcher that is its event loop, told once for each read; {@code streams}, as before, and each body is a stream of its own on
 * that dispatcher. Upstream connections are pooled per loop. Arguments: shape, port, backend ports.
 */
public final class NettyProxy {
    private enum Shape {
        HANDLERS,
        ACTORS,
        STREAMS
    }

    /** What one read of a socket brought, whose it is told by {@code upstream}. */
    private record Batch(@Nullable Upstream upstream, List<Object> messages) {}

    private final Shape shape;
    private final int[] backends;
    private final EventLoopGroup group;
    private final @Nullable ActorSystem<ActorRef<Object>> system;
    private final Map<EventLoop, Loop> loops = new HashMap<>();

    private static final class Loop {
        final int number;
        final ArrayDeque<Upstream> idle = new ArrayDeque<>();
        int turn;

        Loop(int number) {
            this.number = number;
        }
    }

    private NettyProxy(Shape shape, int[] backends) {
        this.shape = shape;
        this.backends = backends;
        group = LoopExecutor.group();
        List<EventLoop> all = LoopExecutor.loops();
        for (int i = 0; i < all.size(); i++) {
            loops.put(all.get(i), new Loop(i));
        }
        system = shape == Shape.HANDLERS ? null : ActorSystem.create(Behaviors.empty(), "proxy", config(all.size()));
    }

    private static Config config(int loops) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < loops; i++) {
            text.append("loop-").append(i).append(" { type = Dispatcher, executor = \"").append(LoopExecutor.class.getName())
                    .append("\", throughput = 16, loop = ").append(i).append(" }\n");
        }
        return ConfigFactory.parseString(text.toString()).withFallback(ConfigFactory.load());
    }

    public static void main(String[] arguments) {
        int[] ports = new int[arguments.length - 2];
        for (int i = 0; i < ports.length; i++) {
            ports[i] = Integer.parseInt(arguments[i + 2]);
        }
        new NettyProxy(Shape.valueOf(arguments[0]), ports).listen(Integer.parseInt(arguments[1]));
    }

    private void listen(int port) {
        new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpServerCodec(), new Client(channel));
                    }
                })
                .bind("127.0.0.1", port)
                .syncUninterruptibly();
    }

    /** Gathers one read, then hands it on. */
    private abstract static class Reads extends ChannelInboundHandlerAdapter {
        private List<Object> read = new ArrayList<>(4);

        abstract void completed(List<Object> messages);

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            read.add(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            List<Object> all = read;
            read = new ArrayList<>(4);
            completed(all);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    private final class Client extends Reads {
        private final Channel channel;
        private final Loop loop;
        private @Nullable ActorRef<Batch> actor;
        private @Nullable Upstream upstream;
        private boolean keepAlive = true;
        private List<Object> waiting = List.of();

        Client(Channel channel) {
            this.channel = channel;
            this.loop = loops.get(channel.eventLoop());
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (system != null) {
                actor = system.systemActorOf(behavior(), "c-" + channel.id().asLongText(),
                        DispatcherSelector.fromConfig("loop-" + loop.number));
            }
            channel.read();
        }

        private Behavior<Batch> behavior() {
            return Behaviors.receiveMessage(batch -> {
                if (batch.upstream() == this.upstream && batch.upstream() != null) {
                    answered(batch.upstream(), batch.messages());
                } else if (batch.upstream() == null) {
                    if (batch.messages().isEmpty()) {
                        return Behaviors.stopped();
                    }
                    asked(batch.messages());
                }
                return Behaviors.same();
            });
        }

        @Override
        void completed(List<Object> messages) {
            if (messages.isEmpty()) {
                channel.read();
            } else if (actor != null) {
                actor.tell(new Batch(null, messages));
            } else {
                asked(messages);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (upstream != null) {
                upstream.channel.close();
            }
            if (actor != null) {
                actor.tell(new Batch(null, List.of()));
            }
        }

        private void asked(List<Object> messages) {
            Upstream free = upstream != null ? upstream : loop.idle.pollLast();
            while (free != null && !free.channel.isActive()) {
                free = loop.idle.pollLast();
            }
            if (free != null) {
                pass(free, messages);
                return;
            }
            waiting = messages;
            ChannelFuture connecting = new Bootstrap()
                    .group(channel.eventLoop())
                    .channel(NioSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel made) {
                            made.pipeline().addLast(new HttpClientCodec(), new Upstream(made, loop));
                        }
                    })
                    .connect("127.0.0.1", backends[loop.turn++ % backends.length]);
            connecting.addListener(done -> {
                if (done.isSuccess()) {
                    pass(connecting.channel().pipeline().get(Upstream.class), waiting);
                } else {
                    channel.close();
                }
            });
        }

        private void pass(Upstream to, List<Object> messages) {
            upstream = to;
            to.client = this;
            for (Object message : messages) {
                if (message instanceof HttpRequest request) {
                    keepAlive = HttpUtil.isKeepAlive(request);
                    request.headers().remove("Connection");
                    request.headers().set("Via", "1.1 proxy");
                }
                to.channel.write(message, to.channel.voidPromise());
            }
            to.channel.flush();
        }

        void answered(Upstream from, List<Object> messages) {
            boolean last = false;
            for (Object message : messages) {
                if (message instanceof HttpResponse response) {
                    if (!keepAlive) {
                        response.headers().set("Connection", "close");
                    }
                    response.headers().set("Via", "1.1 proxy");
                }
                last |= message instanceof LastHttpContent;
                if (shape == Shape.STREAMS && message instanceof HttpContent content && content.content().isReadable()) {
                    boolean end = last;
                    Source.single(content)
                            .to(Sink.foreach(piece -> {
                                channel.writeAndFlush(piece, channel.voidPromise());
                                if (end) {
                                    ended(from);
                                }
                            }))
                            .withAttributes(ActorAttributes.dispatcher("loop-" + loop.number))
                            .run(system);
                    return;
                }
                channel.write(message, channel.voidPromise());
            }
            channel.flush();
            if (last) {
                ended(from);
            }
        }

        private void ended(Upstream from) {
            upstream = null;
            from.client = null;
            loop.idle.addLast(from);
            if (keepAlive) {
                channel.read();
            } else {
                channel.close();
            }
        }
    }

    private static final class Upstream extends Reads {
        private final Channel channel;
        private final Loop loop;
        private @Nullable Client client;

        Upstream(Channel channel, Loop loop) {
            this.channel = channel;
            this.loop = loop;
        }

        @Override
        void completed(List<Object> messages) {
            Client to = client;
            if (to == null) {
                messages.forEach(ReferenceCountUtil::release);
            } else if (to.actor != null) {
                to.actor.tell(new Batch(this, messages));
            } else {
                to.answered(this, messages);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            loop.idle.remove(this);
            if (client != null) {
                client.channel.close();
            }
        }
    }
}
