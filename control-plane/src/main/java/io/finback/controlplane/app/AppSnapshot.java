package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Backoff;
import io.finback.controlplane.scheduler.Instance;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An app as the read view shows it.
 *
 * @param revision the entity's sequence number: the larger one is newer
 * @param current the wanted version; empty: there is no such app
 * @param versions times of the stored versions, newest first
 */
public record AppSnapshot(
        String appId,
        long revision,
        Optional<AppVersion> current,
        List<Instant> versions,
        List<Instance> instances,
        Optional<Backoff> backoff,
        Optional<AppState.Lock> lock,
        Optional<AppState.Order> order,
        Optional<AppState.TaskFailure> lastFailure)
        implements WireMessage {
    public AppSnapshot {
        versions = List.copyOf(versions);
        instances = List.copyOf(instances);
    }

    static AppSnapshot of(AppState state, long revision) {
        List<Instant> versions = state.versions().stream()
                .map(AppVersion::version)
                .sorted(java.util.Comparator.reverseOrder())
                .toList();
        return new AppSnapshot(
                state.appId(),
                revision,
                state.current(),
                versions,
                List.copyOf(state.instances().values()),
                state.backoff(),
                state.lock(),
                state.order(),
                state.lastFailure());
    }

    public String entityId() {
        return AppPath.entityId(appId);
    }

    /** Shown as an app: it exists and nobody has asked for its removal. */
    public boolean listed() {
        return current.isPresent() && !lock.map(AppState.Lock::removes).orElse(false);
    }
}
