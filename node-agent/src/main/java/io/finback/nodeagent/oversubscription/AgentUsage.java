package io.finback.nodeagent.oversubscription;

import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import java.util.List;
import java.util.Optional;

/**
 * A machine and its running tasks at one moment.
 *
 * @param total what the agent has, nothing revocable in it
 * @param load the machine's load average of the last minute; empty where nobody says
 */
public record AgentUsage(Resources total, List<Running> tasks, Optional<Double> load) {
    public AgentUsage {
        tasks = List.copyOf(tasks);
    }

    /**
     * A task.
     *
     * @param held what it was launched with; a task on revocable resources holds revocable ones
     * @param cpus processors it has kept busy since the last look; empty where nobody measured
     */
    public record Running(TaskKey task, Resources held, Optional<Double> cpus) {
        /** Whether it may be ended when others need what it was lent. */
        public boolean isRevocable() {
            return !revocable(held).isEmpty();
        }
    }

    /** What is lent to running tasks. */
    public Resources lent() {
        return tasks.stream().map(task -> revocable(task.held())).reduce(Resources.EMPTY, Resources::plus);
    }

    static Resources revocable(Resources resources) {
        return resources.filter(kind -> kind.revocable());
    }
}
