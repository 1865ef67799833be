package io.finback.persistence;

import akka.actor.typed.BackoffSupervisorStrategy;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.javadsl.RetentionCriteria;
import java.time.Duration;

/** What every event-sourced entity has in common, so that none is left on Akka's defaults (which stop it at the first failed write). */
public final class EntityDefaults {
    /**
     * Commands that wait while an event is written. Small on purpose: a command from the stash that persists nothing costs stack (a known trap),
     * and callers try again.
     */
    public static final int STASH = 256;

    private static final int SNAPSHOTS_KEPT = 2;
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
        return snapshotEvery(500);
    }

    /** For entities whose state is large or changes often. */
    public static RetentionCriteria snapshotEvery(int events) {
        return RetentionCriteria.snapshotEvery(events, SNAPSHOTS_KEPT);
    }

    /** Restarts the entity with the same backoff when a handler throws; Akka's default would stop it. */
    public static <T> Behavior<T> supervised(Behavior<T> behavior) {
        return Behaviors.supervise(behavior).onFailure(onPersistFailure());
    }
}
