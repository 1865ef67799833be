package io.finback.mesos.translate;

import static io.finback.mesos.translate.Labelled.wrong;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.DiscoveryInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.FetchUri;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskGroup;
import io.finback.tasks.TaskInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.Protos.Environment;

/** {@code TaskInfo} and what is in it. What no agent can do yet is refused by name. */
public final class TaskMessages {

    private TaskMessages() {}

    /** A task of {@code framework}; its role is what its resources say, else {@code *}. */
    public static TaskInfo from(FrameworkId framework, Protos.TaskInfo message) {
        if (message.hasExecutor() && message.hasCommand()) {
            throw wrong("task.executor", "beside command", "exactly one of command and executor");
        }
        Optional<ExecutorInfo> executor = message.hasExecutor()
                ? Optional.of(ExecutorMessages.from(framework, message.getExecutor(), false))
                : Optional.empty();
        return from(framework, message, executor);
    }

    /** A task of a group, which {@code executor} runs. */
    public static TaskInfo ofGroup(
            FrameworkId framework, Protos.TaskInfo message, ExecutorInfo executor, TaskGroup group) {
        if (message.hasExecutor()) {
            throw wrong("task.executor", message.getExecutor().getExecutorId().getValue(), "none: the group has one");
        }
        TaskInfo task = from(framework, message, Optional.of(executor));
        return task.withOptions(task.options().withGroup(group));
    }

    private static TaskInfo from(FrameworkId framework, Protos.TaskInfo message, Optional<ExecutorInfo> executor) {
        Resources resources = ResourceMessages.from("task.resources", message.getResourcesList());
        if (ResourceMessages.haveStrayVolumes(resources)) {
            throw wrong("task.resources", "a disk with a volume that is not persistent", "disk.persistence beside it");
        }
        Optional<Duration> grace =
                message.hasKillPolicy() && message.getKillPolicy().hasGracePeriod()
                        ? Optional.of(nanoseconds(
                                "task.kill_policy.grace_period",
                                message.getKillPolicy().getGracePeriod().getNanoseconds()))
                        : Optional.empty();
        TaskInfo task = new TaskInfo(
                TaskId.of(message.getTaskId().getValue()),
                message.getName(),
                framework,
                AgentId.of(message.getAgentId().getValue()),
                resources,
                (message.getContainer().hasDocker()
                                        || message.getContainer().getMesos().hasImage())
                                && executor.filter(one -> one.type() != ExecutorInfo.Type.DEFAULT)
                                        .isEmpty()
                        ? argumentsOfImage("task.command", message.getCommand())
                        : ExecutorMessages.command(message, executor),
                grace,
                Labelled.from(message.getLabels()),
                ResourceMessages.allocatedTo("task.resources", message.getResourcesList())
                        .orElse(TaskInfo.ANY_ROLE),
                message.hasDiscovery() ? Optional.of(discovery(message.getDiscovery())) : Optional.empty(),
                options(message));
        if (executor.isPresent()) {
            task = task.withOptions(task.options().withExecutor(executor.get()));
        }
        return message.hasData()
                ? task.withOptions(task.options().withData(ExecutorMessages.bytes(message.getData())))
                : task;
    }

    /** How it is run beyond its command and its resources. */
    private static RunOptions options(Protos.TaskInfo message) {
        RunOptions options = message.hasContainer()
                ? ContainerMessages.from("task.container", message.getContainer())
                        .map(RunOptions.NONE::withContainer)
                        .orElse(RunOptions.NONE)
                : RunOptions.NONE;
        if (message.hasHealthCheck()) {
            options = options.withHealthCheck(CheckMessages.from(message.getHealthCheck()));
        }
        if (message.hasCheck()) {
            options = options.withCheck(CheckMessages.from(message.getCheck()));
        }
        if (message.hasMaxCompletionTime()) {
            options = options.withMaxCompletion(nanoseconds(
                    "task.max_completion_time", message.getMaxCompletionTime().getNanoseconds()));
        }
        if (message.getLimitsCount() > 0) {
            Map<String, Double> limits = new TreeMap<>();
            message.getLimitsMap().forEach((name, limit) -> limits.put(name, limit.getValue()));
            options = options.withLimits(limits);
        }
        return options;
    }

    /** A duration of Mesos: nanoseconds, never negative here. */
    public static Duration nanoseconds(String field, long nanoseconds) {
        if (nanoseconds < 0) {
            throw wrong(field, nanoseconds, ">= 0");
        }
        return Duration.ofNanos(nanoseconds);
    }

    /** What is run; {@code field} is where it stands. */
    public static CommandInfo command(String field, Protos.CommandInfo message) {
        Map<String, String> environment = environment(field, message.getEnvironment());
        Map<String, String> secrets = secrets(field, message.getEnvironment());
        Optional<String> user = message.hasUser() ? Optional.of(message.getUser()) : Optional.empty();
        checkText(field + ".value", message.getValue());
        message.getArgumentsList().forEach(argument -> checkText(field + ".arguments", argument));
        if (message.getShell()) {
            if (!message.hasValue()) {
                throw wrong(field + ".value", "missing", "a command line, as shell is true");
            }
            return new CommandInfo(
                    true, message.getValue(), List.of(), environment, user, uris(field, message), secrets);
        }
        List<String> arguments = new ArrayList<>(message.getArgumentsList());
        if (message.hasValue()) {
            // The file to run wins over the name it is told.
            if (arguments.isEmpty()) {
                arguments.add(message.getValue());
            } else {
                arguments.set(0, message.getValue());
            }
        }
        if (arguments.isEmpty()) {
            throw wrong(field, "no value and no arguments", "what to run");
        }
        return new CommandInfo(false, "", arguments, environment, user, uris(field, message), secrets);
    }

    private static List<FetchUri> uris(String field, Protos.CommandInfo message) {
        List<FetchUri> uris = new ArrayList<>();
        for (Protos.CommandInfo.URI uri : message.getUrisList()) {
            checkText(field + ".uris", uri.getValue());
            checkText(field + ".uris", uri.getOutputFile());
            uris.add(new FetchUri(
                    uri.getValue(),
                    uri.getExecutable(),
                    uri.getExtract(),
                    uri.getCache(),
                    uri.hasOutputFile() ? Optional.of(uri.getOutputFile()) : Optional.empty(),
                    Optional.empty()));
        }
        return uris;
    }

    /** An image has a program of its own: everything else is handed to it, and may be nothing. */
    private static CommandInfo argumentsOfImage(String field, Protos.CommandInfo message) {
        if (message.getShell()) {
            if (message.hasValue()) {
                return command(field, message);
            }
            throw wrong(field + ".value", "missing", "a command line, as shell is true");
        }
        List<String> arguments = new ArrayList<>();
        if (message.hasValue()) {
            arguments.add(message.getValue());
        }
        arguments.addAll(message.getArgumentsList());
        arguments.forEach(argument -> checkText(field + ".arguments", argument));
        return new CommandInfo(
                false,
                "",
                arguments,
                environment(field, message.getEnvironment()),
                message.hasUser() ? Optional.of(message.getUser()) : Optional.empty(),
                uris(field, message),
                secrets(field, message.getEnvironment()));
    }

    private static Map<String, String> environment(String parent, Environment message) {
        Map<String, String> environment = new HashMap<>();
        for (Environment.Variable variable : message.getVariablesList()) {
            String field = parent + ".environment." + variable.getName();
            if (variable.getName().isEmpty() || variable.getName().contains("=")) {
                throw wrong(parent + ".environment", "name '" + variable.getName() + "'", "a name without =");
            }
            checkText(field, variable.getName());
            if (variable.getType() == Environment.Variable.Type.SECRET) {
                continue;
            }
            if (variable.getType() != Environment.Variable.Type.VALUE || variable.hasSecret()) {
                throw wrong(field, "a " + variable.getType() + " with a secret", "a VALUE or a SECRET");
            }
            if (!variable.hasValue()) {
                throw wrong(field, "missing", "a value");
            }
            checkText(field, variable.getValue());
            environment.put(variable.getName(), variable.getValue());
        }
        return environment;
    }

    /** Variable to reference. */
    private static Map<String, String> secrets(String parent, Environment message) {
        Map<String, String> secrets = new HashMap<>();
        for (Environment.Variable variable : message.getVariablesList()) {
            if (variable.getType() == Environment.Variable.Type.SECRET) {
                String field = parent + ".environment." + variable.getName();
                secrets.put(variable.getName(), ContainerMessages.reference(field + ".secret", variable.getSecret()));
            }
        }
        return secrets;
    }

    private static void checkText(String field, String text) {
        if (text.indexOf('\0') >= 0) {
            throw wrong(field, "a NUL in it", "none: no process can be given one");
        }
    }

    static DiscoveryInfo discovery(Protos.DiscoveryInfo message) {
        List<DiscoveryInfo.Port> ports = new ArrayList<>();
        for (Protos.Port port : message.getPorts().getPortsList()) {
            if (port.getNumber() < 0 || port.getNumber() > 65_535) {
                throw wrong(
                        "task.discovery.ports", Integer.toUnsignedString(port.getNumber()), "a number from 0 to 65535");
            }
            ports.add(new DiscoveryInfo.Port(
                    port.getNumber(),
                    port.hasName() ? Optional.of(port.getName()) : Optional.empty(),
                    port.hasProtocol() ? Optional.of(port.getProtocol()) : Optional.empty(),
                    port.hasVisibility() ? Optional.of(visibility(port.getVisibility())) : Optional.empty(),
                    Labelled.from(port.getLabels())));
        }
        return new DiscoveryInfo(
                visibility(message.getVisibility()),
                message.hasName() ? Optional.of(message.getName()) : Optional.empty(),
                message.hasEnvironment() ? Optional.of(message.getEnvironment()) : Optional.empty(),
                message.hasLocation() ? Optional.of(message.getLocation()) : Optional.empty(),
                message.hasVersion() ? Optional.of(message.getVersion()) : Optional.empty(),
                ports,
                Labelled.from(message.getLabels()));
    }

    private static DiscoveryInfo.Visibility visibility(Protos.DiscoveryInfo.Visibility visibility) {
        return DiscoveryInfo.Visibility.valueOf(visibility.name());
    }

    /** As Mesos shows it. */
    public static Protos.DiscoveryInfo to(DiscoveryInfo info) {
        Protos.DiscoveryInfo.Builder message = Protos.DiscoveryInfo.newBuilder()
                .setVisibility(Protos.DiscoveryInfo.Visibility.valueOf(
                        info.visibility().name()));
        info.name().ifPresent(message::setName);
        info.environment().ifPresent(message::setEnvironment);
        info.location().ifPresent(message::setLocation);
        info.version().ifPresent(message::setVersion);
        Protos.Ports.Builder ports = Protos.Ports.newBuilder();
        for (DiscoveryInfo.Port port : info.ports()) {
            Protos.Port.Builder to = Protos.Port.newBuilder().setNumber(port.number());
            port.name().ifPresent(to::setName);
            port.protocol().ifPresent(to::setProtocol);
            port.visibility()
                    .ifPresent(visible -> to.setVisibility(Protos.DiscoveryInfo.Visibility.valueOf(visible.name())));
            if (!port.labels().isEmpty()) {
                to.setLabels(Labelled.to(port.labels()));
            }
            ports.addPorts(to);
        }
        if (!info.ports().isEmpty()) {
            message.setPorts(ports);
        }
        if (!info.labels().isEmpty()) {
            message.setLabels(Labelled.to(info.labels()));
        }
        return message.build();
    }
}
