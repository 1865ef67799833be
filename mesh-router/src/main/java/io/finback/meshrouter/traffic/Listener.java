package io.finback.meshrouter.traffic;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** One listening socket of a router, of any protocol. Thread-safe. */
public interface Listener {
    /** The bound port, also when port 0 was asked for. */
    int port();

    /** What was counted for it. */
    Stats stats();

    /** Client connections open now. */
    int connections();

    /** Requests under way. */
    int concurrent();

    /** Client connections turned away at {@code limits.max-connections} so far. */
    long refusedConnections();

    /** Accepts no more, lets what is under way finish for at most {@code limit}, then closes everything. Idempotent. */
    CompletionStage<Void> stop(Duration limit);
}
