package io.finback.nodeagent.api.v1;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.stream.javadsl.StreamConverters;
import akka.util.ByteString;
import io.finback.mesos.translate.TaskMessages;
import io.finback.mesos.v1.BadMessageException;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.Negotiation;
import io.finback.mesos.v1.RecordIo;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.Call;
import org.apache.mesos.v1.agent.Protos.ProcessIO;
import org.apache.mesos.v1.agent.Protos.Response;

/**
 * {@code /api/v1} of an agent: what operators ask, and commands run beside a task, such as a shell. Source: apache/mesos {@code
 * src/slave/http.cpp}.
 */
public final class AgentApi {
    /** The time between two signs of life of a session. Source: Mesos. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(30);

    /** Each holds three threads of Akka's blocking dispatcher, which has sixteen. */
    private static final int MOST_SESSIONS = 5;

    private static final int MOST_RECORD = 1024 * 1024;
    private static final String MESSAGE_ACCEPT = "Message-Accept";
    private static final String MESSAGE_TYPE = "Message-Content-Type";

    private final ActorSystem<?> system;
    private final AgentView view;
    private final IntSupplier port;
    private final Executor blocking;
    private final Sessions sessions;
    private final Calls calls;

    /** @param blocking waits for processes to start */
    public AgentApi(
            ActorSystem<?> system, AgentView view, IntSupplier port, Inside inside, Executor blocking, long maxBody) {
        this.system = system;
        this.view = view;
        this.port = port;
        this.blocking = blocking;
        this.sessions = new Sessions(inside, MOST_SESSIONS);
        this.calls = new Calls(system, maxBody);
    }

    /** Answers one call; never fails. */
    public CompletionStage<HttpResponse> answer(HttpRequest request) {
        try {
            Calls.checkMethod(request);
            if (Calls.contentTypeText(request).equals(Calls.RECORD_IO)) {
                return attachInput(request).exceptionally(calls::failed);
            }
            return calls.read(request, Calls.contentType(request), Call.getDefaultInstance())
                    .thenCompose(call -> dispatch(call, request))
                    .exceptionally(calls::failed);
        } catch (ApiFailure refused) {
            var unused = request.discardEntityBytes(system);
            return CompletableFuture.completedFuture(calls.failed(refused));
        }
    }

    private CompletionStage<HttpResponse> dispatch(Call call, HttpRequest request) {
        if (call.getType() == Call.Type.LAUNCH_NESTED_CONTAINER_SESSION) {
            return CompletableFuture.supplyAsync(() -> session(call, request), blocking);
        }
        Encoding accepted = Calls.accepted(Calls.accept(request));
        return CompletableFuture.completedFuture(Calls.message(read(call), accepted));
    }

    private Response read(Call call) {
        Response.Builder response = Response.newBuilder();
        return switch (call.getType()) {
            case GET_HEALTH ->
                response.setType(Response.Type.GET_HEALTH)
                        .setGetHealth(Response.GetHealth.newBuilder().setHealthy(true))
                        .build();
            case GET_VERSION ->
                response.setType(Response.Type.GET_VERSION)
                        .setGetVersion(Response.GetVersion.newBuilder()
                                .setVersionInfo(Protos.VersionInfo.newBuilder().setVersion(view.version())))
                        .build();
            case GET_FLAGS -> {
                Response.GetFlags.Builder flags = Response.GetFlags.newBuilder();
                new TreeMap<>(view.flags())
                        .forEach((name, value) -> flags.addFlags(
                                Protos.Flag.newBuilder().setName(name).setValue(value)));
                yield response.setType(Response.Type.GET_FLAGS)
                        .setGetFlags(flags)
                        .build();
            }
            case GET_OPERATIONS ->
                response.setType(Response.Type.GET_OPERATIONS)
                        .setGetOperations(Response.GetOperations.getDefaultInstance())
                        .build();
            case GET_TASKS ->
                response.setType(Response.Type.GET_TASKS)
                        .setGetTasks(AgentReads.tasks(view))
                        .build();
            case GET_EXECUTORS ->
                response.setType(Response.Type.GET_EXECUTORS)
                        .setGetExecutors(AgentReads.executors(view))
                        .build();
            case GET_FRAMEWORKS ->
                response.setType(Response.Type.GET_FRAMEWORKS)
                        .setGetFrameworks(AgentReads.frameworks(view))
                        .build();
            case GET_CONTAINERS ->
                response.setType(Response.Type.GET_CONTAINERS)
                        .setGetContainers(AgentReads.containers(
                                view, call.getGetContainers().getShowNested()))
                        .build();
            case GET_AGENT ->
                response.setType(Response.Type.GET_AGENT)
                        .setGetAgent(Response.GetAgent.newBuilder()
                                .setAgentInfo(ExecutorWire.agentInfo(view, port.getAsInt())))
                        .build();
            case GET_STATE ->
                response.setType(Response.Type.GET_STATE)
                        .setGetState(Response.GetState.newBuilder()
                                .setGetTasks(AgentReads.tasks(view))
                                .setGetExecutors(AgentReads.executors(view))
                                .setGetFrameworks(AgentReads.frameworks(view)))
                        .build();
            default -> throw new ApiFailure(501, "Received '" + call.getType() + "' call, which is not supported");
        };
    }

    // -- sessions --

    private HttpResponse session(Call call, HttpRequest request) {
        Call.LaunchNestedContainerSession launch = call.getLaunchNestedContainerSession();
        if (!call.hasLaunchNestedContainerSession() || !launch.getContainerId().hasParent()) {
            throw new ApiFailure(
                    400,
                    "launch_nested_container_session.container_id.parent: missing (expected: the container of a task)");
        }
        if (launch.hasContainer()) {
            throw new ApiFailure(
                    400, "launch_nested_container_session.container: present (expected: none; no terminals yet)");
        }
        boolean records = Calls.accept(request).contains(Calls.RECORD_IO);
        Encoding encoding = records
                ? Calls.accepted(Calls.header(request, MESSAGE_ACCEPT).orElse(""))
                : Calls.accepted(Calls.accept(request));
        CommandInfo command;
        try {
            command = TaskMessages.command("launch_nested_container_session.command", launch.getCommand());
        } catch (IllegalArgumentException e) {
            throw new ApiFailure(400, String.valueOf(e.getMessage()));
        }
        Process process = sessions.start(
                launch.getContainerId().getValue(),
                leader(launch.getContainerId().getParent()),
                command);
        HttpResponse response = HttpResponse.create()
                .withEntity(HttpEntities.createChunked(
                        records ? Calls.records() : Calls.type(encoding), output(process, encoding)));
        return records ? response.addHeader(RawHeader.create(MESSAGE_TYPE, encoding.mediaType())) : response;
    }

    /** The process of the task whose container this is. */
    private long leader(Protos.ContainerID parent) {
        return view.board().live().stream()
                .filter(task -> !task.isEnded() && task.container().equals(parent.getValue()))
                .map(AgentTask::process)
                .flatMap(Optional::stream)
                .map(ContainerRef::leader)
                .flatMap(Optional::stream)
                .findFirst()
                .orElseThrow(() -> new ApiFailure(
                        404,
                        "Container '" + parent.getValue() + "' cannot be found (expected: that of a running task)"));
    }

    /** Ends when both outputs have; when nobody reads any more, the command is ended. */
    private static Source<ByteString, NotUsed> output(Process process, Encoding encoding) {
        Source<ByteString, ?> out = StreamConverters.fromInputStream(process::getInputStream)
                .map(bytes -> record(bytes, ProcessIO.Data.Type.STDOUT, encoding));
        Source<ByteString, ?> err = StreamConverters.fromInputStream(process::getErrorStream)
                .map(bytes -> record(bytes, ProcessIO.Data.Type.STDERR, encoding));
        ProcessIO heartbeat = ProcessIO.newBuilder()
                .setType(ProcessIO.Type.CONTROL)
                .setControl(ProcessIO.Control.newBuilder()
                        .setType(ProcessIO.Control.Type.HEARTBEAT)
                        .setHeartbeat(ProcessIO.Control.Heartbeat.newBuilder()
                                .setInterval(Protos.DurationInfo.newBuilder().setNanoseconds(HEARTBEAT.toNanos()))))
                .build();
        return out.merge(err, false)
                .keepAlive(HEARTBEAT, () -> ByteString.fromArrayUnsafe(RecordIo.frame(encoding.write(heartbeat))))
                .watchTermination((unused, ended) -> {
                    ended.whenComplete((done, failure) -> Inside.end(process));
                    return NotUsed.getInstance();
                });
    }

    private static ByteString record(ByteString bytes, ProcessIO.Data.Type type, Encoding encoding) {
        ProcessIO message = ProcessIO.newBuilder()
                .setType(ProcessIO.Type.DATA)
                .setData(ProcessIO.Data.newBuilder()
                        .setType(type)
                        .setData(com.google.protobuf.ByteString.copyFrom(bytes.toArray())))
                .build();
        return ByteString.fromArrayUnsafe(RecordIo.frame(encoding.write(message)));
    }

    /** A stream of calls: the first names the container, the others bring its input; an empty one is the end of it. */
    private CompletionStage<HttpResponse> attachInput(HttpRequest request) {
        Encoding encoding = Negotiation.contentType(
                        Calls.header(request, MESSAGE_TYPE).orElse(""))
                .orElseThrow(() -> new ApiFailure(
                        415, "Expecting '" + MESSAGE_TYPE + "' of application/json or application/x-protobuf"));
        RecordIo.Decoder decoder = new RecordIo.Decoder(MOST_RECORD);
        AtomicReference<OutputStream> input = new AtomicReference<>();
        return request.entity()
                .withoutSizeLimit()
                .getDataBytes()
                .mapAsync(
                        1,
                        bytes -> CompletableFuture.supplyAsync(
                                () -> feed(bytes.toArray(), decoder, encoding, input), blocking))
                .runWith(Sink.ignore(), system)
                .thenApply(done -> HttpResponse.create());
    }

    private boolean feed(
            byte[] bytes, RecordIo.Decoder decoder, Encoding encoding, AtomicReference<OutputStream> input) {
        try {
            for (byte[] record : decoder.feed(bytes)) {
                Call.AttachContainerInput call = Calls.decode(record, encoding, Call.getDefaultInstance())
                        .getAttachContainerInput();
                OutputStream to = input.get();
                if (to == null) {
                    String id = call.getContainerId().getValue();
                    input.set(sessions.find(id)
                            .orElseThrow(() -> new ApiFailure(404, "Container '" + id + "' cannot be found"))
                            .getOutputStream());
                } else if (call.getProcessIo().getType() == ProcessIO.Type.DATA) {
                    write(call.getProcessIo().getData().getData(), to);
                }
            }
            return true;
        } catch (BadMessageException e) {
            throw new ApiFailure(400, e.reason());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(com.google.protobuf.ByteString data, OutputStream to) throws IOException {
        if (data.isEmpty()) {
            to.close();
        } else {
            data.writeTo(to);
            to.flush();
        }
    }
}
