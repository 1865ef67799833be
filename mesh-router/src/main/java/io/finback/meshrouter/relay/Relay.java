package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.HostNames;
import io.finback.meshrouter.traffic.Listener;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.util.Optional;

/** What the listeners of one router have in common: its protocol, where calls go, and the connections to instances. Thread-safe. */
public final class Relay<Q, R> {
    private final Dialect<Q, R> dialect;
    private final Routing routing;
    private final EventLoopGroup loops;
    private final Upstreams<Q, R> upstreams;

    private Relay(
            Dialect<Q, R> dialect, Routing routing, EventLoopGroup loops, HostNames names, RelaySettings settings) {
        this.dialect = dialect;
        this.routing = routing;
        this.loops = loops;
        this.upstreams = new Upstreams<>(dialect, settings, loops, names);
    }

    /** HTTP/2, gRPC's included. */
    public static Relay<H2Message, H2Message> h2(
            Routing routing, EventLoopGroup loops, HostNames names, RelaySettings settings) {
        return new Relay<>(new H2Dialect(), routing, loops, names, settings);
    }

    public static Relay<byte[], byte[]> mux(
            Routing routing, EventLoopGroup loops, HostNames names, RelaySettings settings) {
        return new Relay<>(new MuxDialect(), routing, loops, names, settings);
    }

    /** Plain Thrift on both sides. */
    public static Relay<byte[], byte[]> thrift(
            Routing routing, EventLoopGroup loops, HostNames names, RelaySettings settings) {
        return new Relay<>(new ThriftDialect(false), routing, loops, names, settings);
    }

    /** Thrift in Mux; listeners take plain Thrift, too. */
    public static Relay<byte[], byte[]> thriftMux(
            Routing routing, EventLoopGroup loops, HostNames names, RelaySettings settings) {
        return new Relay<>(new ThriftDialect(true), routing, loops, names, settings);
    }

    /** Listens. Throws IOException when the address cannot be bound. */
    public Listener listen(ServerPolicy policy, RelaySettings settings, Optional<AccessLog> accessLog)
            throws IOException {
        return new RelayServer<>(this, policy, settings, accessLog);
    }

    Dialect<Q, R> dialect() {
        return dialect;
    }

    Routing routing() {
        return routing;
    }

    EventLoopGroup loops() {
        return loops;
    }

    Upstreams<Q, R> upstreams() {
        return upstreams;
    }

    /** Closes the connections to instances; listeners must have been stopped before. */
    public void close() {
        upstreams.close();
    }
}
