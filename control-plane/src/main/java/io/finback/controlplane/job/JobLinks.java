package io.finback.controlplane.job;

import io.finback.controlplane.app.SchedulerMessage;

/** Where a job's messages go. Only sends; what is lost is sent again. */
public interface JobLinks {
    void toScheduler(SchedulerMessage message);

    void toGraph(GraphMessage message);

    void toViews(JobSnapshot snapshot);

    /** The entity of this job has stopped here though there is something to do: it must be woken wherever it lives next. */
    void stopped(String name);
}
