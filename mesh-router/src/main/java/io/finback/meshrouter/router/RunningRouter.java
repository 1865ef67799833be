package io.finback.meshrouter.router;

import io.finback.meshrouter.traffic.Listener;
import java.util.List;

/** A router that serves. */
public record RunningRouter(MeshRouter router, List<Server> servers) {
    public RunningRouter {
        servers = List.copyOf(servers);
    }

    /** One of its listeners; {@code port} is the one it is bound to. */
    public record Server(String ip, int port, Listener listener) {}

    public String label() {
        return router.spec().label();
    }
}
