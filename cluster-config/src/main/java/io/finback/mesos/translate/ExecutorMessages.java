package io.finback.mesos.translate;

import static io.finback.mesos.translate.Labelled.wrong;

import com.google.protobuf.ByteString;
import io.finback.resources.FrameworkId;
import io.finback.tasks.Bytes;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskInfo;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.mesos.v1.Protos;

/** {@code ExecutorInfo}, and what tasks say for their executors. */
@SuppressWarnings("deprecation") // ExecutorInfo.source, which schedulers still send and read
public final class ExecutorMessages {
    /** What a task of a custom executor has instead of a command: the executor knows what to do. */
    private static final CommandInfo NO_COMMAND = CommandInfo.shell("", Map.of());

    private ExecutorMessages() {}

    /**
     * An executor of {@code framework}.
     *
     * @param group whether it is the executor of a LAUNCH_GROUP, whose type must be said
     */
    public static ExecutorInfo from(FrameworkId framework, Protos.ExecutorInfo message, boolean group) {
        if (message.hasFrameworkId() && !message.getFrameworkId().getValue().equals(framework.value())) {
            throw wrong("executor.framework_id", message.getFrameworkId().getValue(), framework.value());
        }
        ExecutorInfo.Type type =
                switch (message.getType()) {
                    case DEFAULT -> ExecutorInfo.Type.DEFAULT;
                    case CUSTOM -> ExecutorInfo.Type.CUSTOM;
                    case UNKNOWN -> {
                        if (group) {
                            throw wrong(
                                    "executor.type", message.hasType() ? "UNKNOWN" : "missing", "DEFAULT or CUSTOM");
                        }
                        yield ExecutorInfo.Type.CUSTOM;
                    }
                };
        if (message.hasContainer() && type == ExecutorInfo.Type.DEFAULT) {
            checkDefault(message.getContainer());
        }
        return new ExecutorInfo(
                type,
                message.getExecutorId().getValue(),
                message.hasCommand()
                        ? Optional.of(TaskMessages.command("executor.command", message.getCommand()))
                        : Optional.empty(),
                message.hasContainer()
                        ? ContainerMessages.from("executor.container", message.getContainer())
                        : Optional.empty(),
                ResourceMessages.from("executor.resources", message.getResourcesList()),
                ResourceMessages.allocatedTo("executor.resources", message.getResourcesList())
                        .orElse(TaskInfo.ANY_ROLE),
                message.getName(),
                message.hasSource() ? Optional.of(message.getSource()) : Optional.empty(),
                message.hasData() ? Optional.of(bytes(message.getData())) : Optional.empty(),
                message.hasShutdownGracePeriod()
                        ? Optional.of(TaskMessages.nanoseconds(
                                "executor.shutdown_grace_period",
                                message.getShutdownGracePeriod().getNanoseconds()))
                        : Optional.empty(),
                Labelled.from(message.getLabels()),
                message.hasDiscovery()
                        ? Optional.of(TaskMessages.discovery(message.getDiscovery()))
                        : Optional.empty());
    }

    /** Source: apache/mesos {@code src/master/validation.cpp}. */
    private static void checkDefault(Protos.ContainerInfo container) {
        if (container.getType() != Protos.ContainerInfo.Type.MESOS) {
            throw wrong("executor.container.type", container.getType(), "MESOS for a DEFAULT executor");
        }
        if (container.getMesos().hasImage()) {
            throw wrong("executor.container.mesos.image", "present", "none for a DEFAULT executor");
        }
    }

    /** What a task is run by: a command of its own, or an executor. The task is not checked further. */
    static CommandInfo command(Protos.TaskInfo message, Optional<ExecutorInfo> executor) {
        boolean custom =
                executor.filter(one -> one.type() == ExecutorInfo.Type.CUSTOM).isPresent();
        if (message.hasCommand()) {
            return TaskMessages.command("task.command", message.getCommand());
        }
        if (!custom) {
            throw wrong(
                    "task.command",
                    "missing",
                    executor.isPresent() ? "what to run" : "exactly one of command and executor");
        }
        return NO_COMMAND;
    }

    /** As Mesos shows it. */
    public static Protos.ExecutorInfo to(FrameworkId framework, ExecutorInfo executor) {
        Protos.ExecutorInfo.Builder message = Protos.ExecutorInfo.newBuilder()
                .setType(Protos.ExecutorInfo.Type.valueOf(executor.type().name()))
                .setExecutorId(Protos.ExecutorID.newBuilder().setValue(executor.id()))
                .setFrameworkId(Protos.FrameworkID.newBuilder().setValue(framework.value()))
                .setName(executor.name())
                .addAllResources(resources(executor));
        executor.command().map(TaskDescriptions::command).ifPresent(message::setCommand);
        executor.source().ifPresent(message::setSource);
        executor.data().map(ExecutorMessages::bytes).ifPresent(message::setData);
        executor.shutdownGrace()
                .ifPresent(grace -> message.setShutdownGracePeriod(
                        Protos.DurationInfo.newBuilder().setNanoseconds(grace.toNanos())));
        if (!executor.labels().isEmpty()) {
            message.setLabels(Labelled.to(executor.labels()));
        }
        executor.container().map(ContainerMessages::to).ifPresent(message::setContainer);
        executor.discovery().map(TaskMessages::to).ifPresent(message::setDiscovery);
        return message.build();
    }

    public static Bytes bytes(ByteString bytes) {
        return Bytes.of(bytes.toByteArray());
    }

    public static ByteString bytes(Bytes bytes) {
        return ByteString.copyFrom(bytes.content());
    }

    private static List<Protos.Resource> resources(ExecutorInfo executor) {
        return ResourceMessages.to(executor.resources(), ResourceMessages.Format.REFINED, Optional.of(executor.role()));
    }
}
