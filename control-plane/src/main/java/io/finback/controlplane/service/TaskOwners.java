package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.scheduler.Instance;
import io.finback.tasks.TaskStatus;
import java.util.Map;

/** Whose tasks a built-in scheduler places: every app, or every job. Only sends; what is lost is said again. */
public interface TaskOwners {
    /** Tasks of {@code owner} may be launched at these places; it answers with {@link SchedulerMessage.Placed}. */
    void place(String owner, long round, Map<String, Instance.Place> places, ActorRef<SchedulerMessage> replyTo);

    /** Tells the owner of the task; false when it has none. */
    boolean update(TaskStatus status);
}
