package io.finback.runtime;

import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;

/**
 * Runs an actor that a node cannot do without: one that fails, at its start as well, is started again after a while, and one that fails again and
 * again ends the ActorSystem, and with it the node (or the membership of a node that makes another one). The actor takes no messages but its own.
 */
final class KeptUp {
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(200);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(2);
    private static final double JITTER = 0.1;
    /** Some eight seconds in all: shorter than what the lost actor would have had to do in time. */
    private static final int MOST_RESTARTS = 6;

    private KeptUp() {}

    static <T> Behavior<Void> create(String name, Behavior<T> actor) {
        SupervisorStrategy again = SupervisorStrategy.restartWithBackoff(FIRST_BACKOFF, LONGEST_BACKOFF, JITTER)
                .withMaxRestarts(MOST_RESTARTS)
                .withResetBackoffAfter(LONGEST_BACKOFF.multipliedBy(MOST_RESTARTS));
        return Behaviors.setup(context -> {
            context.setLoggerName(KeptUp.class);
            context.watch(context.spawn(Behaviors.supervise(actor).onFailure(again), name));
            return Behaviors.receive(Void.class)
                    .onSignal(Terminated.class, ended -> {
                        context.getLog()
                                .error(
                                        "cluster.actor_lost name={} restarts={} next=end; its failure is logged before, and without"
                                                + " it this node would not see members that are lost: restart the node, and report it if it comes again",
                                        name,
                                        MOST_RESTARTS);
                        context.getSystem().terminate();
                        return Behaviors.stopped();
                    })
                    .build();
        });
    }
}
