package io.finback.nodeagent.api.v1;

import io.finback.mesos.translate.ExecutorMessages;
import io.finback.mesos.translate.Labelled;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.mesos.translate.StatusMessages;
import io.finback.mesos.translate.TaskDescriptions;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.node.ExecutorCall;
import io.finback.nodeagent.node.ExecutorEvent;
import io.finback.nodeagent.node.ExecutorStream;
import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.Bytes;
import io.finback.tasks.CheckStatus;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.StatusDetails;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.executor.Protos.Call;
import org.apache.mesos.v1.executor.Protos.Event;

/** Between the executor API's messages and what the agent does. What is wrong is an {@link IllegalArgumentException}. */
final class ExecutorWire {
    private ExecutorWire() {}

    // -- calls --

    static ExecutorCall.Subscribe subscribe(Call call, AgentId agent, ExecutorStream stream) {
        Set<TaskId> tasks = call.getSubscribe().getUnacknowledgedTasksList().stream()
                .map(task -> TaskId.of(task.getTaskId().getValue()))
                .collect(Collectors.toSet());
        List<TaskStatus> updates = call.getSubscribe().getUnacknowledgedUpdatesList().stream()
                .map(update -> status(call, update.getStatus(), agent))
                .toList();
        return new ExecutorCall.Subscribe(framework(call), executor(call), tasks, updates, stream);
    }

    /** Everything but SUBSCRIBE. */
    static ExecutorCall from(Call call, AgentId agent) {
        return switch (call.getType()) {
            case UPDATE ->
                new ExecutorCall.Update(
                        framework(call),
                        executor(call),
                        status(call, call.getUpdate().getStatus(), agent));
            case MESSAGE ->
                new ExecutorCall.Message(
                        framework(call),
                        executor(call),
                        ExecutorMessages.bytes(call.getMessage().getData()));
            case HEARTBEAT -> new ExecutorCall.Heartbeat(framework(call), executor(call));
            case SUBSCRIBE, UNKNOWN -> throw new IllegalStateException(call.getType() + " is not translated here");
        };
    }

    /** What is missing in the envelope. */
    static Optional<String> problem(Call call) {
        if (!call.hasType()) {
            return Optional.of("Expecting 'type' to be present");
        }
        return switch (call.getType()) {
            case SUBSCRIBE -> missing(call.hasSubscribe(), "subscribe");
            case UPDATE -> missing(call.hasUpdate(), "update");
            case MESSAGE -> missing(call.hasMessage(), "message");
            case HEARTBEAT, UNKNOWN -> Optional.empty();
        };
    }

    private static Optional<String> missing(boolean present, String field) {
        return present ? Optional.empty() : Optional.of("Expecting '" + field + "' to be present");
    }

    private static FrameworkId framework(Call call) {
        return FrameworkId.of(call.getFrameworkId().getValue());
    }

    private static String executor(Call call) {
        return call.getExecutorId().getValue();
    }

    private static TaskStatus status(Call call, Protos.TaskStatus message, AgentId agent) {
        String uuid = StatusMessages.uuid(message.getUuid())
                .orElseThrow(() -> wrong(
                        "uuid", message.getUuid().size() + " bytes", StatusMessages.UUID_BYTES + " bytes of a UUID"));
        if (message.getSource() != Protos.TaskStatus.Source.SOURCE_EXECUTOR) {
            throw wrong("source", message.hasSource() ? message.getSource() : "missing", "SOURCE_EXECUTOR");
        }
        if (message.getState() == Protos.TaskState.TASK_STAGING) {
            throw wrong("state", "TASK_STAGING", "any other: an executor has the task");
        }
        if (message.hasExecutorId() && !message.getExecutorId().equals(call.getExecutorId())) {
            throw wrong("executor_id", message.getExecutorId().getValue(), executor(call));
        }
        StatusDetails details = new StatusDetails(
                message.hasCheckStatus() ? Optional.of(check(message.getCheckStatus())) : Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Optional.of(executor(call)),
                message.hasData() ? Optional.of(Bytes.of(message.getData().toByteArray())) : Optional.empty(),
                Labelled.from(message.getLabels()));
        return new TaskStatus(
                TaskId.of(message.getTaskId().getValue()),
                framework(call),
                agent,
                TaskState.valueOf(message.getState().name().substring("TASK_".length())),
                TaskStatus.Source.EXECUTOR,
                Optional.of(uuid),
                message.hasTimestamp() ? instant(message.getTimestamp()) : Instant.now(),
                message.hasReason()
                        ? Optional.of(message.getReason().name().substring("REASON_".length()))
                        : Optional.empty(),
                message.hasMessage() ? Optional.of(message.getMessage()) : Optional.empty(),
                message.hasHealthy() ? Optional.of(message.getHealthy()) : Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                details);
    }

    private static CheckStatus check(Protos.CheckStatusInfo message) {
        return switch (message.getType()) {
            case HTTP ->
                new CheckStatus(
                        CheckStatus.Type.HTTP,
                        Optional.empty(),
                        message.getHttp().hasStatusCode()
                                ? Optional.of(message.getHttp().getStatusCode())
                                : Optional.empty(),
                        Optional.empty());
            case TCP ->
                new CheckStatus(
                        CheckStatus.Type.TCP,
                        Optional.empty(),
                        Optional.empty(),
                        message.getTcp().hasSucceeded()
                                ? Optional.of(message.getTcp().getSucceeded())
                                : Optional.empty());
            case COMMAND, UNKNOWN ->
                new CheckStatus(
                        CheckStatus.Type.COMMAND,
                        message.getCommand().hasExitCode()
                                ? Optional.of(message.getCommand().getExitCode())
                                : Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
        };
    }

    private static Instant instant(double seconds) {
        if (!(seconds >= 0 && seconds < 1e11)) {
            throw wrong("timestamp", seconds, "seconds since 1970");
        }
        return Instant.ofEpochSecond((long) seconds, (long) ((seconds - Math.floor(seconds)) * 1e9));
    }

    private static IllegalArgumentException wrong(String field, Object value, String expected) {
        return new IllegalArgumentException("update.status." + field + ": " + value + " (expected: " + expected + ")");
    }

    // -- events --

    static Event to(ExecutorEvent event, AgentView agent, int port) {
        Event.Builder message = Event.newBuilder();
        if (event instanceof ExecutorEvent.Subscribed subscribed) {
            return message.setType(Event.Type.SUBSCRIBED)
                    .setSubscribed(subscribed(subscribed.run(), agent, port))
                    .build();
        }
        if (event instanceof ExecutorEvent.Launch launch) {
            return message.setType(Event.Type.LAUNCH)
                    .setLaunch(Event.Launch.newBuilder().setTask(TaskDescriptions.task(launch.task())))
                    .build();
        }
        if (event instanceof ExecutorEvent.LaunchGroup group) {
            Protos.TaskGroupInfo.Builder tasks = Protos.TaskGroupInfo.newBuilder();
            group.tasks().forEach(task -> tasks.addTasks(TaskDescriptions.task(task)));
            return message.setType(Event.Type.LAUNCH_GROUP)
                    .setLaunchGroup(Event.LaunchGroup.newBuilder().setTaskGroup(tasks))
                    .build();
        }
        if (event instanceof ExecutorEvent.Kill kill) {
            Event.Kill.Builder order = Event.Kill.newBuilder().setTaskId(task(kill.task()));
            kill.grace().ifPresent(grace -> order.setKillPolicy(policy(grace)));
            return message.setType(Event.Type.KILL).setKill(order).build();
        }
        if (event instanceof ExecutorEvent.Acknowledged acknowledged) {
            return message.setType(Event.Type.ACKNOWLEDGED)
                    .setAcknowledged(Event.Acknowledged.newBuilder()
                            .setTaskId(task(acknowledged.task()))
                            .setUuid(StatusMessages.bytes(acknowledged.uuid())))
                    .build();
        }
        if (event instanceof ExecutorEvent.Message words) {
            return message.setType(Event.Type.MESSAGE)
                    .setMessage(Event.Message.newBuilder().setData(ExecutorMessages.bytes(words.data())))
                    .build();
        }
        if (event instanceof ExecutorEvent.Failed failed) {
            return message.setType(Event.Type.ERROR)
                    .setError(Event.Error.newBuilder().setMessage(failed.message()))
                    .build();
        }
        return message.setType(Event.Type.SHUTDOWN).build();
    }

    private static Event.Subscribed subscribed(AgentTask run, AgentView agent, int port) {
        ExecutorInfo executor = run.info().options().executor().orElseThrow();
        return Event.Subscribed.newBuilder()
                .setExecutorInfo(ExecutorMessages.to(run.info().framework(), executor))
                .setFrameworkInfo(framework(run))
                .setAgentInfo(agentInfo(agent, port))
                .setContainerId(Protos.ContainerID.newBuilder().setValue(run.container()))
                .build();
    }

    /** What is known here of a framework: its id, and of one with executors its name and user. */
    static Protos.FrameworkInfo framework(AgentTask run) {
        String id = run.info().framework().value();
        return Protos.FrameworkInfo.newBuilder()
                .setId(Protos.FrameworkID.newBuilder().setValue(id))
                .setName(run.info().labels().getOrDefault(ExecutorRuns.FRAMEWORK_NAME, id))
                .setUser(run.info().labels().getOrDefault(ExecutorRuns.FRAMEWORK_USER, ""))
                .setCheckpoint(true)
                .build();
    }

    static Protos.AgentInfo agentInfo(AgentView agent, int port) {
        return agentInfo(agent, agent.resources(), port);
    }

    /** @param resources those that are shown */
    static Protos.AgentInfo agentInfo(AgentView agent, Resources resources, int port) {
        return Protos.AgentInfo.newBuilder()
                .setId(Protos.AgentID.newBuilder().setValue(agent.id()))
                .setHostname(agent.hostname())
                .setPort(port)
                .addAllResources(ResourceMessages.to(resources, ResourceMessages.Format.REFINED, Optional.empty()))
                .build();
    }

    private static Protos.TaskID task(TaskId id) {
        return Protos.TaskID.newBuilder().setValue(id.value()).build();
    }

    private static Protos.KillPolicy policy(Duration grace) {
        return Protos.KillPolicy.newBuilder()
                .setGracePeriod(Protos.DurationInfo.newBuilder().setNanoseconds(grace.toNanos()))
                .build();
    }
}
