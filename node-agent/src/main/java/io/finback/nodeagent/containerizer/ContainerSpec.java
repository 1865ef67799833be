package io.finback.nodeagent.containerizer;

import io.finback.tasks.TaskInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What is to be started.
 *
 * @param container names this run; unique on the agent, for ever
 * @param task what runs in it: command, resources, options
 * @param sandbox an existing directory, filled: working directory, and where stdout and stderr go
 * @param begun the file that must exist from the moment the command may have run; a task that ended without it never ran
 * @param environment variables added to those every task has; the command's own win over them
 * @param volumes persistent ones, which are there
 */
public record ContainerSpec(
        String container,
        TaskInfo task,
        Path sandbox,
        Path begun,
        Map<String, String> environment,
        List<VolumeMount> volumes) {
    public ContainerSpec {
        volumes = List.copyOf(volumes);
        environment = Map.copyOf(environment);
    }

    public ContainerSpec(String container, TaskInfo task, Path sandbox, Path begun) {
        this(container, task, sandbox, begun, Map.of(), List.of());
    }
}
