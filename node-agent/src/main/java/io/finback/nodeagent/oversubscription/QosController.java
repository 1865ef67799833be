package io.finback.nodeagent.oversubscription;

import io.finback.resources.TaskKey;
import java.util.List;

/**
 * Says which tasks on revocable resources must end, because the others suffer. A class of this type with a public constructor without
 * parameters may be named in {@code finback.agent.oversubscription.qos}. Called by one thread, must not block.
 */
@FunctionalInterface
public interface QosController {
    /** Tasks to be ended now; those that do not hold revocable resources are left alone whatever it says. */
    List<TaskKey> preempt(AgentUsage usage);
}
