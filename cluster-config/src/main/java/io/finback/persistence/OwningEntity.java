package io.finback.persistence;

import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.SnapshotSelectionCriteria;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.Recovery;
import akka.persistence.typed.javadsl.RetentionCriteria;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * An entity that owns one thing: what it knows is what its events made of it, and every command is answered. What all of them have in common;
 * its commands are the subclass's.
 *
 * @param <C> commands
 * @param <E> events
 * @param <S> what they make
 */
public abstract class OwningEntity<C, E, S> extends EventSourcedBehaviorWithEnforcedReplies<C, E, S> {
    private static final Recovery EVENTS_ALONE =
            Recovery.withSnapshotSelectionCriteria(SnapshotSelectionCriteria.none());

    private final S nothing;
    private final BiFunction<S, E, S> change;
    private final RetentionCriteria retention;

    /**
     * @param type with {@code id}, its name in the journal
     * @param nothing before the first event
     * @param change what an event makes of a state
     * @param retention when snapshots are taken
     */
    protected OwningEntity(String type, String id, S nothing, BiFunction<S, E, S> change, RetentionCriteria retention) {
        super(PersistenceId.of(type, id), EntityDefaults.onPersistFailure());
        this.nothing = nothing;
        this.change = change;
        this.retention = retention;
    }

    @Override
    public final Optional<Integer> stashCapacity() {
        return Optional.of(EntityDefaults.STASH);
    }

    @Override
    public final RetentionCriteria retentionCriteria() {
        return retention;
    }

    /** One that takes no snapshots does not ask the journal for one: a call less for each that comes to be. */
    @Override
    public final Recovery recovery() {
        return retention.equals(RetentionCriteria.disabled()) ? EVENTS_ALONE : super.recovery();
    }

    @Override
    public final S emptyState() {
        return nothing;
    }

    @Override
    public final EventHandler<S, E> eventHandler() {
        return change::apply;
    }
}
