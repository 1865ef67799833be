package io.finback.tasks;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A task as its scheduler described it and as the agent will run it. Source: Mesos {@code TaskInfo}.
 *
 * @param name for people; need not be unique
 * @param resources what it holds on {@code agent} until its end
 * @param killGrace how long SIGTERM is given before SIGKILL; empty: the agent's default
 * @param labels carried along, never interpreted by master or agent
 * @param role what its resources are accounted to; the role of the offers it was launched on
 * @param options how it is run beyond its command and its resources
 */
public record TaskInfo(
        TaskId id,
        String name,
        FrameworkId framework,
        AgentId agent,
        Resources resources,
        CommandInfo command,
        Optional<Duration> killGrace,
        Map<String, String> labels,
        String role,
        Optional<DiscoveryInfo> discovery,
        RunOptions options) {
    public static final String ANY_ROLE = "*";

    /** The role and the options may be missing in what an earlier version has written. */
    public TaskInfo(
            TaskId id,
            String name,
            FrameworkId framework,
            AgentId agent,
            Resources resources,
            CommandInfo command,
            Optional<Duration> killGrace,
            Map<String, String> labels,
            @Nullable String role,
            Optional<DiscoveryInfo> discovery,
            @Nullable RunOptions options) {
        this.id = id;
        this.name = name;
        this.framework = framework;
        this.agent = agent;
        this.resources = resources;
        this.command = command;
        this.killGrace = killGrace;
        this.labels = Map.copyOf(labels);
        this.role = role == null ? ANY_ROLE : role;
        this.discovery = discovery;
        this.options = options == null ? RunOptions.NONE : options;
    }

    public TaskInfo(
            TaskId id,
            String name,
            FrameworkId framework,
            AgentId agent,
            Resources resources,
            CommandInfo command,
            Optional<Duration> killGrace,
            Map<String, String> labels,
            String role,
            Optional<DiscoveryInfo> discovery) {
        this(id, name, framework, agent, resources, command, killGrace, labels, role, discovery, RunOptions.NONE);
    }

    public TaskInfo(
            TaskId id,
            String name,
            FrameworkId framework,
            AgentId agent,
            Resources resources,
            CommandInfo command,
            Optional<Duration> killGrace,
            Map<String, String> labels) {
        this(id, name, framework, agent, resources, command, killGrace, labels, ANY_ROLE, Optional.empty());
    }

    /** The same, accounted to another role. */
    public TaskInfo withRole(String other) {
        return role.equals(other)
                ? this
                : new TaskInfo(
                        id, name, framework, agent, resources, command, killGrace, labels, other, discovery, options);
    }

    /** The same, run in another way. */
    public TaskInfo withOptions(RunOptions other) {
        return new TaskInfo(id, name, framework, agent, resources, command, killGrace, labels, role, discovery, other);
    }

    /** The account rules ask about: that of its command, else of its executor's, else what its framework says; empty: nobody has said any. */
    public String account() {
        return command.user()
                .or(() -> options.executor().flatMap(ExecutorInfo::command).flatMap(CommandInfo::user))
                .or(options::frameworkUser)
                .orElse("");
    }

    /** The same as another account. */
    public TaskInfo runAs(String user) {
        CommandInfo as = new CommandInfo(
                command.shell(),
                command.value(),
                command.arguments(),
                command.environment(),
                Optional.of(user),
                command.uris(),
                command.secrets());
        return new TaskInfo(id, name, framework, agent, resources, as, killGrace, labels, role, discovery, options);
    }
}
