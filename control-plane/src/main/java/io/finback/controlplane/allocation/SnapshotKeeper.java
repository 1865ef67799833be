package io.finback.controlplane.allocation;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.persistence.Persistence;
import akka.persistence.SaveSnapshotFailure;
import akka.persistence.SaveSnapshotSuccess;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotProtocol;
import akka.persistence.SnapshotSelectionCriteria;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.allocator.AllocatorSnapshot;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Saves snapshots beside the allocator, which goes on meanwhile. Akka's own way would not let it: an event-sourced entity takes no
 * command until its snapshot is stored, which for 200,000 tasks is a second. Speaks to the snapshot store as the entity itself would;
 * that protocol is Akka's own and not promised to stay ({@code akka.persistence.SnapshotProtocol}, as of 2.8), which is why it is in this one file.
 */
final class SnapshotKeeper extends AbstractBehavior<Object> {
    /**
     * Save this.
     *
     * @param sequenceNr the last event in it
     */
    record Save(long sequenceNr, AllocatorSnapshot snapshot) {}

    private final String persistenceId;
    private final AtomicBoolean idle;
    private final akka.actor.ActorRef store;
    private long previous;

    private SnapshotKeeper(ActorContext<Object> context, String persistenceId, AtomicBoolean idle) {
        super(context);
        this.persistenceId = persistenceId;
        this.idle = idle;
        this.store =
                Persistence.get(Adapter.toClassic(context.getSystem())).snapshotStoreFor("", ConfigFactory.empty());
    }

    /** Takes {@link Save}, one at a time: {@code idle} is set again when the last one is over. */
    static Behavior<Object> create(String persistenceId, AtomicBoolean idle) {
        return Behaviors.setup(context -> new SnapshotKeeper(context, persistenceId, idle));
    }

    @Override
    public Receive<Object> createReceive() {
        return newReceiveBuilder()
                .onMessage(Save.class, this::onSave)
                .onMessage(SaveSnapshotSuccess.class, this::onSaved)
                .onMessage(SaveSnapshotFailure.class, this::onFailed)
                .onAnyMessage(deleted -> this)
                .build();
    }

    private Behavior<Object> onSave(Save save) {
        SnapshotMetadata metadata = SnapshotMetadata.apply(persistenceId, save.sequenceNr());
        store.tell(
                new SnapshotProtocol.SaveSnapshot(metadata, save.snapshot()),
                Adapter.toClassic(getContext().getSelf()));
        return this;
    }

    private Behavior<Object> onSaved(SaveSnapshotSuccess saved) {
        long number = saved.metadata().sequenceNr();
        getContext().getLog().debug("allocator.snapshot sequenceNr={}", number);
        // Two are kept: the newest may turn out to be unreadable.
        if (previous > 1) {
            store.tell(
                    new SnapshotProtocol.DeleteSnapshots(
                            persistenceId, SnapshotSelectionCriteria.create(previous - 1, Long.MAX_VALUE)),
                    Adapter.toClassic(getContext().getSelf()));
        }
        previous = number;
        idle.set(true);
        return this;
    }

    private Behavior<Object> onFailed(SaveSnapshotFailure failed) {
        getContext()
                .getLog()
                .warn(
                        "allocator.snapshot_failed sequenceNr={} reason={}",
                        failed.metadata().sequenceNr(),
                        failed.cause().toString());
        idle.set(true);
        return this;
    }
}
