package io.finback.tasks;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A task as its scheduler described it and as the agent will run it. Source: Mesos {@code TaskInfo}.
 *
 * @param name for people; need not be unique
 * @param resources what it holds on {@code agent} until its end
 * @param killGrace how long SIGTERM is given before SIGKILL; empty: the agent's default
 * @param labels carried along, never interpreted by master or agent
 */
public record TaskInfo(
        TaskId id,
        String name,
        FrameworkId framework,
        AgentId agent,
        Resources resources,
        CommandInfo command,
        Optional<Duration> killGrace,
        Map<String, String> labels) {
    public TaskInfo {
        labels = Map.copyOf(labels);
    }
}
