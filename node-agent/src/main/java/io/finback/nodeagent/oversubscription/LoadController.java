package io.finback.nodeagent.oversubscription;

import io.finback.resources.TaskKey;
import java.util.List;

/**
 * Ends every task on revocable resources while the machine's load is above a threshold. As Mesos' {@code LoadQoSController}.
 *
 * @param most load of the last minute that is still right
 */
public record LoadController(double most) implements QosController {
    @Override
    public List<TaskKey> preempt(AgentUsage usage) {
        if (usage.load().filter(load -> load > most).isEmpty()) {
            return List.of();
        }
        return usage.tasks().stream()
                .filter(AgentUsage.Running::isRevocable)
                .map(AgentUsage.Running::task)
                .toList();
    }
}
