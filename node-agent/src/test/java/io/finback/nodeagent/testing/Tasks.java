package io.finback.nodeagent.testing;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.FetchUri;
import io.finback.tasks.TaskInfo;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Tasks for tests. */
public final class Tasks {
    public static final AgentId AGENT = AgentId.of("agent-1");
    public static final FrameworkId FRAMEWORK = FrameworkId.of("framework-1");

    private Tasks() {}

    /** The same for another framework. */
    public static TaskInfo of(FrameworkId framework, TaskInfo task) {
        return new TaskInfo(
                task.id(),
                task.name(),
                framework,
                task.agent(),
                task.resources(),
                task.command(),
                task.killGrace(),
                task.labels());
    }

    public static TaskKey key(String id) {
        return TaskKey.of(FRAMEWORK, TaskId.of(id));
    }

    public static TaskInfo shell(String id, String commandLine) {
        return task(id, CommandInfo.shell(commandLine, Map.of()));
    }

    public static TaskInfo shell(String id, String commandLine, Map<String, String> environment) {
        return task(id, CommandInfo.shell(commandLine, environment));
    }

    /** Wants these in its sandbox first. */
    public static TaskInfo fetching(String id, String commandLine, String... uris) {
        return task(
                id,
                new CommandInfo(
                        true,
                        commandLine,
                        List.of(),
                        Map.of(),
                        Optional.empty(),
                        Stream.of(uris)
                                .map(uri -> new FetchUri(uri, false, true, false, Optional.empty(), Optional.empty()))
                                .toList()));
    }

    public static TaskInfo arguments(String id, Map<String, String> environment, String... arguments) {
        return task(id, new CommandInfo(false, "", List.of(arguments), environment, Optional.empty()));
    }

    public static TaskInfo task(String id, CommandInfo command) {
        return new TaskInfo(
                TaskId.of(id),
                id,
                FRAMEWORK,
                AGENT,
                Resources.of(0.1, 16, 0),
                command,
                Optional.of(Duration.ofMillis(500)),
                Map.of("team", "whales"));
    }
}
