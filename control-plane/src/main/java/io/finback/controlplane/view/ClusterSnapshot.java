package io.finback.controlplane.view;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.resources.FrameworkId;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The cluster as one master knew it a moment ago. Immutable; what did not change since the last snapshot is shared with it.
 *
 * @param complete whether the allocator and every framework that must exist were heard at all
 * @param sequence the newest event of the view's {@link EventLog} that is in here
 * @param ended tasks that ended since this master started, by state
 */
public record ClusterSnapshot(
        boolean complete,
        long sequence,
        Pages<AllocationDelta.Agent> agents,
        List<Framework> frameworks,
        Map<TaskState, Long> ended) {
    public static final ClusterSnapshot EMPTY = new ClusterSnapshot(false, 0, Pages.of(List.of()), List.of(), Map.of());

    public ClusterSnapshot {
        frameworks = List.copyOf(frameworks);
        ended = Map.copyOf(ended);
    }

    /**
     * One framework.
     *
     * @param info empty: nobody ever subscribed
     * @param completed the last ones that ended
     */
    public record Framework(
            FrameworkId id,
            Optional<FrameworkInfo> info,
            Optional<Instant> registeredAt,
            boolean connected,
            boolean tornDown,
            Pages<FrameworkDelta.Task> tasks,
            Pages<FrameworkDelta.Task> completed) {}
}
