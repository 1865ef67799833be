package io.finback.controlplane.framework;

import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@link FrameworkState} as it is written to disk. Immutable. What follows {@code ended} may be missing in what an earlier version has
 * written. It is one piece: it goes to a file or a row of the store, never over Artery, and is encoded off the entity's thread; a
 * framework of 100,000 tasks makes some 60 MB of it.
 *
 * @param tornDown written by version 0.1 alone: {@code removed} has it
 */
record FrameworkSnapshot(
        Optional<FrameworkEvent.Subscribed> subscription,
        boolean connected,
        boolean tornDown,
        List<TaskRecord> tasks,
        List<TaskRecord> ended,
        Optional<Instant> registeredAt,
        Optional<FrameworkEvent.Left> left,
        Optional<FrameworkEvent.Removed> removed,
        long lastClaim,
        List<PendingClaim> claims,
        List<OperationRecord> operations)
        implements WireMessage {
    FrameworkSnapshot(
            Optional<FrameworkEvent.Subscribed> subscription,
            boolean connected,
            boolean tornDown,
            List<TaskRecord> tasks,
            List<TaskRecord> ended,
            Optional<Instant> registeredAt,
            Optional<FrameworkEvent.Left> left,
            Optional<FrameworkEvent.Removed> removed,
            long lastClaim,
            @Nullable List<PendingClaim> claims,
            @Nullable List<OperationRecord> operations) {
        this.subscription = subscription;
        this.connected = connected;
        this.tornDown = tornDown;
        this.tasks = List.copyOf(tasks);
        this.ended = List.copyOf(ended);
        this.registeredAt = registeredAt.or(() -> subscription.map(FrameworkEvent.Subscribed::at));
        this.left = left;
        this.removed = removed.or(() -> tornDown
                ? Optional.of(new FrameworkEvent.Removed(Instant.EPOCH, "Framework has been removed"))
                : Optional.empty());
        this.lastClaim = lastClaim;
        this.claims = claims == null ? List.of() : List.copyOf(claims);
        this.operations = operations == null ? List.of() : List.copyOf(operations);
    }
}
