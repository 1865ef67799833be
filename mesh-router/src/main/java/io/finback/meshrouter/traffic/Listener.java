package io.finback.meshrouter.traffic;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** One listening socket of a router, of any protocol. Thread-safe. */
public interface Listener {
    /** The bound port, also when port 0 was asked for. */
    int port();

    /** What it lets in. */
    Gate gate();

    /** Accepts no more, lets what is under way finish for at most {@code limit}, then closes everything. Called once. */
    CompletionStage<?> drain(Duration limit);

    /** What was counted for it. */
    default Stats stats() {
        return gate().stats();
    }

    /** Client connections open now. */
    default int connections() {
        return gate().connections();
    }

    /** Requests under way. */
    default int concurrent() {
        return gate().concurrent();
    }

    /** Client connections turned away at {@code limits.max-connections} so far. */
    default long refusedConnections() {
        return gate().refusedConnections();
    }

    /** {@link #drain Drains} it, once. */
    default CompletionStage<Void> stop(Duration limit) {
        return gate().stop(limit, this::drain);
    }
}
