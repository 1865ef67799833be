package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.placement.Preemption;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.Instance;
import io.finback.tasks.TaskStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whose tasks a built-in scheduler places: every app, or every job. Only sends; what is lost is said again. */
public interface TaskOwners {
    /** Tasks of {@code owner} may be launched at these places; it answers with {@link SchedulerMessage.Placed}. */
    void place(String owner, long round, Map<String, Instance.Place> places, ActorRef<SchedulerMessage> replyTo);

    /** The hosts that get none of these tasks. */
    default DrainBook drains() {
        return DrainBook.EMPTY;
    }

    /** Running tasks that may be ended for others that wait. Looked up when somebody has waited for long, not in every cycle. */
    default List<Preemption.Victim> victims() {
        return List.of();
    }

    /** Ends tasks of {@code owner}, for which there is room elsewhere or will be. */
    default void preempt(String owner, List<String> tasks, String forOwner) {}

    /** Whose task this is; empty when it has no owner. */
    Optional<String> ownerOf(TaskStatus status);

    /** Tells an owner what became of its tasks, in this order. */
    void update(String owner, List<TaskStatus> statuses);
}
