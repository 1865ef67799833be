package io.finback.persistence;

import akka.actor.typed.BackoffSupervisorStrategy;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.javadsl.RetentionCriteria;
import java.time.Duration;

/** What every event-sourced entity has in common, so that none is left on Akka's defaults (which stop it at the first failed write). */
public final class EntityDefaults {
    private static final Duration MIN_BACKOFF = Duration.ofMillis(200);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(10);
    private static final double RANDOM_FACTOR = 0.1;

    private EntityDefaults() {}

    /**
     * For {@code onPersistFailure}: after 0.2 s, doubling to 10 s, the entity recovers from the journal and goes on. A refused ghost writer
     * thereby reads what the winner wrote before it can write again.
     */
    public static BackoffSupervisorStrategy onPersistFailure() {
        return SupervisorStrategy.restartWithBackoff(MIN_BACKOFF, MAX_BACKOFF, RANDOM_FACTOR);
    }

    /** A snapshot every 500 events; two are kept (PostgreSQL keeps one). Events are kept: they are the record. */
    public static RetentionCriteria retention() {
        return RetentionCriteria.snapshotEvery(500, 2);
    }

    /** Restarts the entity with the same backoff when a handler throws; Akka's default would stop it. */
    public static <T> Behavior<T> supervised(Behavior<T> behavior) {
        return Behaviors.supervise(behavior).onFailure(onPersistFailure());
    }
}
