package io.finback.nodeagent.task;

import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.util.Optional;

/** What the end of a task's process makes of the task. */
final class Endings {
    private Endings() {}

    /** The task as it is after its process has ended like this; {@code begun}: its command ever ran in it. */
    static AgentTask of(AgentTask task, Exit exit, boolean begun, Stamp stamp) {
        if (task.verdict().isPresent()) {
            Verdict why = task.verdict().get();
            return task.end(why.state(), why.reason(), why.message() + "; " + exit.describe(), why.healthy(), stamp);
        }
        if (task.kill().isPresent()) {
            return task.end(TaskState.KILLED, Optional.empty(), exit.describe(), stamp);
        }
        if (exit instanceof Exit.NotStarted) {
            return task.end(TaskState.FAILED, Optional.of(AgentTask.LAUNCH_FAILED), exit.describe(), stamp);
        }
        if (!begun) {
            return task.end(
                    TaskState.FAILED,
                    Optional.of(AgentTask.LAUNCH_FAILED),
                    "the agent or the disk failed while it was started; its command never ran",
                    stamp);
        }
        if (exit instanceof Exit.Limited limited) {
            return limited(task, limited, stamp);
        }
        return exit.successful()
                ? task.end(TaskState.FINISHED, Optional.empty(), exit.describe(), stamp)
                : task.end(TaskState.FAILED, Optional.of("COMMAND_EXECUTOR_FAILED"), exit.describe(), stamp);
    }

    private static AgentTask limited(AgentTask task, Exit.Limited limited, Stamp stamp) {
        AgentTask over = task.end(TaskState.FAILED, Optional.of(limited.reason()), limited.describe(), stamp);
        TaskStatus last = over.unacknowledged().get(over.unacknowledged().size() - 1);
        return limited.limitation()
                .map(passed -> over.with(last.details().withLimitation(passed)))
                .orElse(over);
    }
}
