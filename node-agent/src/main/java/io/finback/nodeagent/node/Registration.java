package io.finback.nodeagent.node;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Whether a master has admitted this agent. Thread-safe. */
public final class Registration {
    private final CompletableFuture<Void> first = new CompletableFuture<>();
    private final CompletableFuture<String> removal = new CompletableFuture<>();
    private volatile boolean registered;

    /** Completes at the first admission. */
    public CompletionStage<Void> first() {
        return first.copy();
    }

    public boolean isRegistered() {
        return registered;
    }

    /** The node has ended; who still waits for the first admission hears {@code why}. */
    public void end(RuntimeException why) {
        registered = false;
        first.completeExceptionally(why);
    }

    /** Completes with the reason when the masters want this agent to end and never come back by this id. */
    public CompletionStage<String> removal() {
        return removal.copy();
    }

    void removed(String reason) {
        removal.complete(reason);
    }

    boolean isRemoved() {
        return removal.isDone();
    }

    void registered() {
        registered = true;
        first.complete(null);
    }

    void lost() {
        registered = false;
    }
}
