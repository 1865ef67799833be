package io.finback.runtime;

import akka.actor.ActorSystem;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Joins {@link Readiness} to Akka Management's {@code /ready}; named in {@code finback-node.conf}. */
public final class RoleReadiness implements Supplier<CompletionStage<Boolean>> {
    private final Readiness readiness;

    public RoleReadiness(ActorSystem system) {
        readiness = Readiness.of(system);
    }

    @Override
    public CompletionStage<Boolean> get() {
        return readiness.failing().thenApply(names -> {
            if (!names.isEmpty()) {
                throw new NotReady(String.join(", ", names));
            }
            return true;
        });
    }

    /** Its message is what the body of {@code /ready} says. */
    private static final class NotReady extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotReady(String names) {
            super("not ready: " + names, null, false, false);
        }
    }
}
