package io.finback.controlplane.framework;

import io.finback.wire.WireMessage;
import java.util.List;
import java.util.Optional;

/** {@link FrameworkState} as it is written to disk. Immutable. */
record FrameworkSnapshot(
        Optional<FrameworkEvent.Subscribed> subscription,
        boolean connected,
        boolean tornDown,
        List<TaskRecord> tasks,
        List<TaskRecord> ended)
        implements WireMessage {
    FrameworkSnapshot {
        tasks = List.copyOf(tasks);
        ended = List.copyOf(ended);
    }
}
