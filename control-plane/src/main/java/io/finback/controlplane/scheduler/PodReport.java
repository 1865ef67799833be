package io.finback.controlplane.scheduler;

import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a status update of one container means to a pod. An instance runs when all its containers do (or have ended well), and has ended
 * when the last one has.
 */
final class PodReport {
    private PodReport() {}

    static List<AppEvent> events(AppState state, TaskStatus status, String part) {
        String taskId = AppPath.instanceOfTask(status.task().value());
        Optional<Instance> known = state.instance(taskId).filter(Instance::launched);
        Optional<PodPart> old = known.flatMap(i -> i.part(part));
        if (old.isEmpty() || old.get().state().isTerminal()) {
            return List.of();
        }
        TaskState next = status.state() == TaskState.UNKNOWN ? TaskState.LOST : status.state();
        Optional<Boolean> healthy = status.healthy().or(old.get()::healthy);
        boolean changes = next != old.get().state() || !healthy.equals(old.get().healthy());
        if (!changes || !forward(old.get().state(), next)) {
            return List.of();
        }
        PodPart now = new PodPart(next, status.at(), healthy, status.reason(), status.message());
        List<AppEvent> events = new ArrayList<>();
        events.add(new AppEvent.PartReported(taskId, part, now));
        Map<String, PodPart> parts = known.get().reported(part, now).parts().orElseThrow();
        if (parts.values().stream().allMatch(p -> p.state().isTerminal())) {
            events.add(end(taskId, parts, status));
        }
        return events;
    }

    /** Updates may come late; only what was unreachable goes back. */
    private static boolean forward(TaskState old, TaskState next) {
        return next.isTerminal()
                || next == TaskState.UNREACHABLE
                || old == TaskState.UNREACHABLE
                || rank(next) >= rank(old);
    }

    private static int rank(TaskState state) {
        return switch (state) {
            case STARTING -> 1;
            case RUNNING -> 2;
            case KILLING -> 3;
            default -> 0;
        };
    }

    /** As the container that failed first; the others were ended for its sake. */
    private static AppEvent end(String taskId, Map<String, PodPart> parts, TaskStatus last) {
        Optional<Map.Entry<String, PodPart>> worst = parts.entrySet().stream()
                .filter(e -> e.getValue().failed())
                .min(Comparator.<Map.Entry<String, PodPart>, Boolean>comparing(
                                e -> e.getValue().state() == TaskState.KILLED)
                        .thenComparing(e -> e.getValue().since()));
        return worst.map(e -> new AppEvent.InstanceEnded(
                        taskId,
                        e.getValue().state(),
                        last.at(),
                        e.getValue().reason(),
                        Optional.of("container " + e.getKey() + ": "
                                + e.getValue()
                                        .message()
                                        .orElse(e.getValue().state().wireName()))))
                .orElseGet(() -> new AppEvent.InstanceEnded(
                        taskId, TaskState.FINISHED, last.at(), last.reason(), last.message()));
    }
}
