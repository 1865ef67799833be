package io.finback.mesos.translate;

import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.mesos.v1.Protos;

/** Tasks as Mesos describes them: what {@link TaskMessages} reads, written. */
public final class TaskDescriptions {
    private TaskDescriptions() {}

    /** As an executor gets it. */
    public static Protos.TaskInfo task(TaskInfo task) {
        Protos.TaskInfo.Builder message = Protos.TaskInfo.newBuilder()
                .setName(task.name())
                .setTaskId(Protos.TaskID.newBuilder().setValue(task.id().value()))
                .setAgentId(Protos.AgentID.newBuilder().setValue(task.agent().value()))
                .addAllResources(ResourceMessages.to(
                        task.resources(), ResourceMessages.Format.REFINED, Optional.of(task.role())));
        boolean hasCommand =
                !task.command().value().isEmpty() || !task.command().arguments().isEmpty();
        if (hasCommand) {
            message.setCommand(command(task.command()));
        }
        task.options()
                .executor()
                .filter(executor -> task.options().group().isEmpty())
                .ifPresent(executor -> message.setExecutor(ExecutorMessages.to(task.framework(), executor)));
        task.options().data().map(ExecutorMessages::bytes).ifPresent(message::setData);
        task.killGrace()
                .ifPresent(grace -> message.setKillPolicy(Protos.KillPolicy.newBuilder()
                        .setGracePeriod(Protos.DurationInfo.newBuilder().setNanoseconds(grace.toNanos()))));
        if (!task.labels().isEmpty()) {
            message.setLabels(Labelled.to(task.labels()));
        }
        task.discovery().map(TaskMessages::to).ifPresent(message::setDiscovery);
        return message.build();
    }

    /** What is run. */
    public static Protos.CommandInfo command(CommandInfo command) {
        Protos.CommandInfo.Builder message = Protos.CommandInfo.newBuilder().setShell(command.shell());
        if (command.shell()) {
            message.setValue(command.value());
        } else {
            message.setValue(command.arguments().get(0)).addAllArguments(command.arguments());
        }
        if (!command.environment().isEmpty() || !command.secrets().isEmpty()) {
            Protos.Environment.Builder environment = Protos.Environment.newBuilder();
            new TreeMap<>(command.environment())
                    .forEach((name, value) -> environment.addVariables(Protos.Environment.Variable.newBuilder()
                            .setName(name)
                            .setType(Protos.Environment.Variable.Type.VALUE)
                            .setValue(value)));
            new TreeMap<>(command.secrets())
                    .forEach((name, reference) -> environment.addVariables(Protos.Environment.Variable.newBuilder()
                            .setName(name)
                            .setType(Protos.Environment.Variable.Type.SECRET)
                            .setSecret(ContainerMessages.secret(reference))));
            message.setEnvironment(environment);
        }
        command.user().ifPresent(message::setUser);
        command.uris().forEach(uri -> {
            Protos.CommandInfo.URI.Builder to = Protos.CommandInfo.URI
                    .newBuilder()
                    .setValue(uri.value())
                    .setExecutable(uri.executable())
                    .setExtract(uri.extract())
                    .setCache(uri.cache());
            uri.outputFile().ifPresent(to::setOutputFile);
            message.addUris(to);
        });
        return message.build();
    }
}
