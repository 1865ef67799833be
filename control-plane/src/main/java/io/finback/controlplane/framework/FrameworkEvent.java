package io.finback.controlplane.framework;

import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What one batch of messages changed in a framework. One event per batch; the parts apply in the order of the fields, and statuses
 * in the order in which they came.
 */
record FrameworkEvent(
        Optional<Subscribed> subscribed,
        boolean disconnected,
        boolean tornDown,
        List<TasksAccepted> accepted,
        List<KillWanted> killsWanted,
        List<TaskStatus> statuses,
        List<Acknowledged> acknowledged)
        implements WireMessage {
    FrameworkEvent {
        accepted = List.copyOf(accepted);
        killsWanted = List.copyOf(killsWanted);
        statuses = List.copyOf(statuses);
        acknowledged = List.copyOf(acknowledged);
    }

    /**
     * A scheduler is connected.
     *
     * @param scheduler its address as text, so that a framework that moves to another master goes on talking to it
     */
    record Subscribed(FrameworkInfo info, String scheduler, Instant at) {}

    record TasksAccepted(List<OfferId> offers, Duration refuse, List<TaskInfo> tasks, Instant at) {
        TasksAccepted {
            offers = List.copyOf(offers);
            tasks = List.copyOf(tasks);
        }
    }

    record KillWanted(TaskId task, Optional<Duration> grace) {}

    record Acknowledged(TaskId task, String uuid) {}

    boolean isEmpty() {
        return subscribed.isEmpty()
                && !disconnected
                && !tornDown
                && accepted.isEmpty()
                && killsWanted.isEmpty()
                && statuses.isEmpty()
                && acknowledged.isEmpty();
    }
}
