package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.Instance.Phase;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.util.List;
import java.util.Optional;

/** What a status update means to an app. Updates that contradict a later one, and repeated ones, mean nothing. */
public final class TaskReport {
    private TaskReport() {}

    public static List<AppEvent> events(AppState state, TaskStatus status) {
        String taskId = status.task().value();
        Optional<String> part = AppPath.partOfTask(taskId);
        if (part.isPresent()) {
            return PodReport.events(state, status, part.get());
        }
        Optional<Instance> known = state.instance(taskId).filter(Instance::launched);
        if (known.isEmpty()) {
            return List.of();
        }
        Instance instance = known.get();
        if (ended(status.state())) {
            TaskState end = status.state() == TaskState.UNKNOWN ? TaskState.LOST : status.state();
            return List.of(new AppEvent.InstanceEnded(taskId, end, status.at(), status.reason(), status.message()));
        }
        Phase next = phase(status.state());
        boolean changes = instance.phase() != next
                || (status.healthy().isPresent() && !status.healthy().equals(instance.healthy()));
        boolean forward = next.compareTo(instance.phase()) >= 0 || next == Phase.UNREACHABLE;
        return changes && forward
                ? List.of(new AppEvent.InstanceReported(taskId, next, status.at(), status.healthy()))
                : List.of();
    }

    /** True when this task runs somewhere but the app has given it up: it must be killed. */
    public static boolean stray(AppState state, TaskStatus status) {
        return state.instance(AppPath.instanceOfTask(status.task().value())).isEmpty()
                && !ended(status.state())
                && status.state() != TaskState.UNREACHABLE;
    }

    private static boolean ended(TaskState state) {
        return state.isTerminal() || state == TaskState.UNKNOWN;
    }

    private static Phase phase(TaskState state) {
        return switch (state) {
            case STARTING -> Phase.STARTING;
            case RUNNING -> Phase.RUNNING;
            case KILLING -> Phase.KILLING;
            case UNREACHABLE -> Phase.UNREACHABLE;
            default -> Phase.STAGING;
        };
    }
}
