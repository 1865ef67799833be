package io.finback.mesos.translate;

import com.google.protobuf.ByteString;
import io.finback.tasks.StatusDetails;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import org.apache.mesos.v1.Protos;

/** {@code TaskStatus}, and the names of updates, which are 16 bytes there and text here. */
public final class StatusMessages {
    /** Bytes of a name of an update. */
    public static final int UUID_BYTES = 16;

    private StatusMessages() {}

    /** As schedulers see it. */
    public static Protos.TaskStatus to(TaskStatus status) {
        Protos.TaskStatus.Builder message = Protos.TaskStatus.newBuilder()
                .setTaskId(Protos.TaskID.newBuilder().setValue(status.task().value()))
                .setState(state(status.state()))
                .setSource(source(status.source()))
                .setAgentId(Protos.AgentID.newBuilder().setValue(status.agent().value()))
                .setTimestamp(seconds(status.at()));
        status.reason().flatMap(StatusMessages::reason).ifPresent(message::setReason);
        status.message().ifPresent(message::setMessage);
        status.healthy().ifPresent(message::setHealthy);
        status.uuid().map(StatusMessages::bytes).ifPresent(message::setUuid);
        status.details().check().map(CheckMessages::to).ifPresent(message::setCheckStatus);
        container(status).ifPresent(message::setContainerStatus);
        status.unreachableAt()
                .ifPresent(at ->
                        message.setUnreachableTime(Protos.TimeInfo.newBuilder().setNanoseconds(nanoseconds(at))));
        StatusDetails details = status.details();
        // A command has an executor of its own, named like the task.
        details.executor()
                .or(() -> status.source() == TaskStatus.Source.EXECUTOR
                        ? Optional.of(status.task().value())
                        : Optional.empty())
                .ifPresent(executor ->
                        message.setExecutorId(Protos.ExecutorID.newBuilder().setValue(executor)));
        details.data().map(ExecutorMessages::bytes).ifPresent(message::setData);
        if (!details.labels().isEmpty()) {
            message.setLabels(Labelled.to(details.labels()));
        }
        return message.build();
    }

    /** The run, nested or not: {@code outer.inner}. */
    public static Protos.ContainerID containerId(String id) {
        int cut = id.lastIndexOf('.');
        Protos.ContainerID.Builder message = Protos.ContainerID.newBuilder().setValue(id.substring(cut + 1));
        return cut < 0
                ? message.build()
                : message.setParent(containerId(id.substring(0, cut))).build();
    }

    private static Optional<Protos.ContainerStatus> container(TaskStatus status) {
        StatusDetails details = status.details();
        if (status.pid().isEmpty() && details.containerId().isEmpty()) {
            return Optional.empty();
        }
        Protos.ContainerStatus.Builder message = Protos.ContainerStatus.newBuilder();
        status.pid().ifPresent(pid -> message.setExecutorPid(Math.toIntExact(pid)));
        details.containerId().ifPresent(id -> message.setContainerId(containerId(id)));
        message.addAllNetworkInfos(ContainerMessages.networks(details.networks()));
        return Optional.of(message.build());
    }

    /** The state of the same name. */
    public static Protos.TaskState state(TaskState state) {
        return Protos.TaskState.valueOf(state.wireName());
    }

    /** Nothing for a reason that Mesos has no name for. */
    public static Optional<Protos.TaskStatus.Reason> reason(String name) {
        return Arrays.stream(Protos.TaskStatus.Reason.values())
                .filter(reason -> reason.name().equals("REASON_" + name))
                .findFirst();
    }

    /** Nothing for bytes that are not 16. */
    public static Optional<String> uuid(ByteString bytes) {
        if (bytes.size() != UUID_BYTES) {
            return Optional.empty();
        }
        ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
        return Optional.of(new UUID(buffer.getLong(), buffer.getLong()).toString());
    }

    /** The 16 bytes of a name of an update. */
    public static ByteString bytes(String uuid) {
        UUID parsed = UUID.fromString(uuid);
        ByteBuffer buffer = ByteBuffer.allocate(UUID_BYTES)
                .putLong(parsed.getMostSignificantBits())
                .putLong(parsed.getLeastSignificantBits());
        buffer.flip();
        return ByteString.copyFrom(buffer);
    }

    public static long nanoseconds(Instant at) {
        return at.getEpochSecond() * 1_000_000_000L + at.getNano();
    }

    private static double seconds(Instant at) {
        return at.getEpochSecond() + at.getNano() / 1e9;
    }

    private static Protos.TaskStatus.Source source(TaskStatus.Source source) {
        return switch (source) {
            case MASTER -> Protos.TaskStatus.Source.SOURCE_MASTER;
            case AGENT -> Protos.TaskStatus.Source.SOURCE_AGENT;
            case EXECUTOR -> Protos.TaskStatus.Source.SOURCE_EXECUTOR;
        };
    }
}
