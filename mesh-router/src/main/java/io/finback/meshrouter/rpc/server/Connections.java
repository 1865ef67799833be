package io.finback.meshrouter.rpc.server;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Expiring;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A listening socket and its connections, of any protocol: each gets a session of the stack, ages, and is drained at the end. */
public final class Connections<Q extends @Nullable Object, R extends @Nullable Object> implements Server.Listening {
    private static final Duration AGED_GRACE = Duration.ofSeconds(10);

    /** Whose session is acquired: in the context of that. */
    public static final Context.Local<Channel> CHANNEL = new Context.Local<>("connection");

    /** One connection, as far as it can be ended. */
    public interface Connection {
        /** Takes no more calls, answers those under way, and closes; at the latest after {@code grace}. Any thread. */
        Reply<@Nullable Void> drain(Duration grace);
    }

    /** Puts a protocol's handlers into a new connection's pipeline. */
    @FunctionalInterface
    public interface Opening<Q extends @Nullable Object, R extends @Nullable Object> {
        Connection open(Channel channel, Service<Q, R> session);
    }

    private final Params params;
    private final ServiceFactory<Q, R> factory;
    private final Opening<Q, R> opening;
    private final Channel channel;
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private final StatsReceiver.Counter connects;
    private final StatsReceiver.Counter closes;
    private volatile boolean closing;

    public Connections(Params params, Address address, ServiceFactory<Q, R> factory, Opening<Q, R> opening) {
        this.params = params;
        this.factory = factory;
        this.opening = opening;
        StatsReceiver stats = params.get(Common.STATS);
        connects = stats.counter("connects");
        closes = stats.counter("closes");
        stats.gauge("connections", open::size);
        channel = Sockets.listen(params, address, new Accepting());
    }

    @Sharable
    private final class Accepting extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel accepted) {
            Reply<Service<Q, R>> session = factory.acquire(Context.EMPTY.with(CHANNEL, accepted));
            if (closing || !session.isSuccess()) {
                Sockets.close(accepted);
                return;
            }
            connects.increment();
            Aging<Q, R> application = new Aging<>(session.value());
            Connection connection = opening.open(
                    accepted,
                    Expiring.of(
                            application,
                            params.get(ServerParams.MAX_LIFE_TIME),
                            params.get(ServerParams.MAX_IDLE_TIME),
                            params.get(Common.STATS)));
            application.connection = connection;
            open.add(connection);
            accepted.closeFuture().addListener(closed -> {
                closes.increment();
                open.remove(connection);
            });
        }
    }

    @Override
    public int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        closing = true;
        Sockets.close(channel);
        List<CompletionStage<?>> ends = new ArrayList<>();
        for (Connection connection : open) {
            ends.add(connection.drain(grace));
        }
        return Reply.ended(ends);
    }

    /** An application whose connection is drained when its session is closed by age or idleness. */
    private static final class Aging<Q extends @Nullable Object, R extends @Nullable Object> implements Service<Q, R> {
        private final Service<Q, R> service;
        private volatile @Nullable Connection connection;

        Aging(Service<Q, R> service) {
            this.service = service;
        }

        @Override
        public CompletionStage<R> apply(Q request, Context context) {
            return service.apply(request, context);
        }

        @Override
        public Status status() {
            return service.status();
        }

        @Override
        public CompletionStage<@Nullable Void> close(Duration grace) {
            Connection whole = connection;
            if (whole != null) {
                var unused = whole.drain(AGED_GRACE);
            }
            return service.close(grace);
        }
    }
}
