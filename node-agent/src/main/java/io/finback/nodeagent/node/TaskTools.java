package io.finback.nodeagent.node;

import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.executor.Launcher;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.resources.AgentId;
import java.util.concurrent.Executor;

/** What {@link TasksActor} works with; {@code blocking} runs what takes long: starts of processes, deletion of sandboxes. */
public record TaskTools(
        AgentId agent,
        CheckpointStore store,
        Sandboxes sandboxes,
        Launcher launcher,
        Processes processes,
        TaskBoard board,
        Executor blocking,
        String bootId,
        TasksSettings settings) {}
