package io.finback.meshrouter.boot;

import io.finback.meshrouter.http.Loops;
import io.finback.meshrouter.http.ProxyServer;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.meshrouter.linkerd.Protocol;
import io.finback.meshrouter.relay.Relay;
import io.finback.meshrouter.relay.RelaySettings;
import io.finback.meshrouter.router.MeshRouter;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.Listener;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/** Begins to listen, in the protocol of a router. */
@FunctionalInterface
interface Listening {
    Listener at(ServerPlan server) throws IOException;

    /**
     * For the servers of {@code plan}.
     *
     * @param closes is given what has to be closed once they have stopped
     */
    static Listening of(
            RouterPlan plan,
            RouterSettings settings,
            Loops loops,
            MeshRouter router,
            Optional<AccessLog> accessLog,
            Consumer<AutoCloseable> closes) {
        if (plan.protocol() == Protocol.HTTP) {
            return server -> ProxyServer.start(loops, settings.proxy(plan, server), server.policy(), router, accessLog);
        }
        RelaySettings of = settings.relay(plan, plan.servers().get(0));
        Relay<?, ?> relay =
                switch (plan.protocol()) {
                    case H2 -> Relay.h2(router, loops.group(), loops.hostNames(), of);
                    case MUX -> Relay.mux(router, loops.group(), loops.hostNames(), of);
                    case THRIFT -> Relay.thrift(router, loops.group(), loops.hostNames(), of);
                    case THRIFTMUX -> Relay.thriftMux(router, loops.group(), loops.hostNames(), of);
                    case HTTP -> throw new IllegalStateException("returned above");
                };
        closes.accept(relay::close);
        return server -> relay.listen(server.policy(), settings.relay(plan, server), accessLog);
    }
}
