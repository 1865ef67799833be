package io.finback.controlplane.job;

import io.finback.controlplane.schedule.RunRecord;
import io.finback.wire.WireMessage;
import java.util.List;

/** What a request to a job comes to. {@code snapshot} is the job after it, for the view of the master that asked. */
public sealed interface JobAnswer extends WireMessage {
    JobSnapshot snapshot();

    /** Journaled. */
    record Done(JobSnapshot snapshot) implements JobAnswer {}

    /** {@code history}: latest last. */
    record History(JobSnapshot snapshot, List<RunRecord> history) implements JobAnswer {
        public History {
            history = List.copyOf(history);
        }
    }

    record Refused(JobSnapshot snapshot, Why why) implements JobAnswer {}

    /** Why nothing was changed. */
    enum Why {
        /** No job of this name; retrying does not help. */
        NO_JOB,
        /** No such task of this job awaits news. */
        NO_TASK,
        /** Too many runs wait already; a later retry may succeed. */
        FULL
    }
}
