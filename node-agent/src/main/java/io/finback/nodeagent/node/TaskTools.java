package io.finback.nodeagent.node;

import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.containerizer.SandboxStep;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.nodeagent.secret.TaskSecrets;
import io.finback.nodeagent.volume.Volumes;
import io.finback.resources.AgentId;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * What {@link TasksActor} works with.
 *
 * @param sandboxSteps what is done in a new sandbox before its container is prepared, in order
 * @param blocking runs what takes long: those steps, starts of processes, deletion of sandboxes
 * @param patient runs launches whose sandbox takes long to fill
 */
public record TaskTools(
        AgentId agent,
        CheckpointStore store,
        Sandboxes sandboxes,
        Volumes volumes,
        TaskSecrets secrets,
        List<SandboxStep> sandboxSteps,
        Containerizers containers,
        Inside inside,
        TaskBoard board,
        Executor blocking,
        Executor patient,
        String bootId,
        TasksSettings settings,
        ExecutorTerms executors,
        LaunchTraces traces) {
    public TaskTools {
        sandboxSteps = List.copyOf(sandboxSteps);
    }
}
