package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * News for the views. Every item is complete in itself; the larger ({@code epoch}, {@code number}) wins. Ended tasks come once more
 * with their last status; how long a view remembers them is its own affair.
 *
 * @param number counts the deltas of one incarnation; a gap, or an unknown epoch, means: ask with {@link FrameworkSignal.Describe}
 * @param info empty: nobody ever subscribed
 * @param registeredAt when the present subscription began
 */
public record FrameworkDelta(
        FrameworkId framework,
        long epoch,
        long number,
        Optional<FrameworkInfo> info,
        Optional<Instant> registeredAt,
        boolean connected,
        boolean tornDown,
        List<Task> tasks)
        implements WireMessage {
    public FrameworkDelta {
        tasks = List.copyOf(tasks);
    }

    /** One task as it is now; no environment in here, so that no view can leak one. */
    public record Task(
            TaskId id, String name, AgentId agent, Resources resources, Map<String, String> labels, TaskStatus status) {
        public Task {
            labels = Map.copyOf(labels);
        }
    }
}
