package io.finback.tasks;

import io.finback.resources.Resources;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a status says beyond state, reason and message. Most are {@link #NONE}.
 *
 * @param check what a general check saw last
 * @param limitation how much of what was used when a limit was passed
 * @param containerId the run it was, or is, in
 * @param networks where the container is reached
 * @param executor who says it; empty: the command's own executor, which is named like the task
 * @param data from the executor for the scheduler
 */
public record StatusDetails(
        Optional<CheckStatus> check,
        Optional<Resources> limitation,
        Optional<String> containerId,
        List<NetworkInfo> networks,
        Optional<String> executor,
        Optional<Bytes> data,
        Map<String, String> labels) {
    public static final StatusDetails NONE = new StatusDetails(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Map.of());

    /** Lists may be missing in what an earlier version has written. */
    public StatusDetails(
            Optional<CheckStatus> check,
            Optional<Resources> limitation,
            Optional<String> containerId,
            @Nullable List<NetworkInfo> networks,
            Optional<String> executor,
            Optional<Bytes> data,
            @Nullable Map<String, String> labels) {
        this.check = check;
        this.limitation = limitation;
        this.containerId = containerId;
        this.networks = networks == null ? List.of() : List.copyOf(networks);
        this.executor = executor;
        this.data = data;
        this.labels = labels == null ? Map.of() : Map.copyOf(labels);
    }

    public StatusDetails withCheck(CheckStatus other) {
        return new StatusDetails(Optional.of(other), limitation, containerId, networks, executor, data, labels);
    }

    public StatusDetails withLimitation(Resources other) {
        return new StatusDetails(check, Optional.of(other), containerId, networks, executor, data, labels);
    }

    public StatusDetails withContainer(String id, List<NetworkInfo> reachedAt) {
        return new StatusDetails(check, limitation, Optional.of(id), reachedAt, executor, data, labels);
    }

    public StatusDetails withExecutor(String other) {
        return new StatusDetails(check, limitation, containerId, networks, Optional.of(other), data, labels);
    }

    public StatusDetails withData(Bytes other) {
        return new StatusDetails(check, limitation, containerId, networks, executor, Optional.of(other), labels);
    }
}
