package io.finback.controlplane.view;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.resources.FrameworkId;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
        Map<TaskState, Long> ended,
        AllocationDelta.Pool pool) {
    /** As many torn down frameworks as Mesos remembers. */
    private static final int COMPLETED = 50;

    public static final ClusterSnapshot EMPTY =
            new ClusterSnapshot(false, 0, Pages.of(List.of()), List.of(), Map.of(), AllocationDelta.Pool.EMPTY);

    public ClusterSnapshot {
        frameworks = List.copyOf(frameworks);
        ended = Map.copyOf(ended);
    }

    /** All but those torn down long ago. */
    public List<Framework> shownFrameworks() {
        long gone = frameworks.stream().filter(Framework::tornDown).count();
        long forgotten = Math.max(0, gone - COMPLETED);
        if (forgotten == 0) {
            return frameworks;
        }
        List<Framework> shown = new ArrayList<>();
        for (Framework framework : frameworks) {
            if (framework.tornDown() && forgotten > 0) {
                forgotten--;
            } else {
                shown.add(framework);
            }
        }
        return shown;
    }

    /**
     * One framework.
     *
     * @param info empty: nobody ever subscribed
     * @param registeredAt when it subscribed for the first time
     * @param reregisteredAt when its latest subscription began
     * @param removedAt when it was removed for good
     * @param completed the last ones that ended
     * @param operations those with a name whose end it has not taken
     * @param executors its runs of executors that have not ended
     */
    public record Framework(
            FrameworkId id,
            Optional<FrameworkInfo> info,
            Optional<Instant> registeredAt,
            Optional<Instant> reregisteredAt,
            Optional<Instant> removedAt,
            boolean connected,
            boolean tornDown,
            Set<String> suppressed,
            OfferConstraints constraints,
            Pages<FrameworkDelta.Task> tasks,
            Pages<FrameworkDelta.Task> completed,
            Pages<FrameworkDelta.Operation> operations,
            Pages<FrameworkDelta.Task> executors) {}
}
