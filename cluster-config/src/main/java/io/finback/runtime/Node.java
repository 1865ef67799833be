package io.finback.runtime;

import java.util.concurrent.CompletionStage;

/** A started node of one role. Thread-safe. {@code boot} of each module makes one; {@code cli} owns it. */
public interface Node {
    Role role();

    /** Completes when the node serves its role (its listeners answer, it is a member); fails with {@link StartFailure}. */
    CompletionStage<Void> ready();

    /**
     * Stops in order: refuses new work, finishes what is in flight, leaves the cluster, releases ports and directories. Tasks keep
     * running. Idempotent; completes when everything is released.
     */
    CompletionStage<Void> stop();

    /** Completes with the reason when the node has ended, by {@link #stop} or by itself (such as a downed master). */
    CompletionStage<String> terminated();

    /** True once an operator has taken this node out of the cluster: its end is meant, and no reason for others to end. */
    default boolean isRemoved() {
        return false;
    }
}
