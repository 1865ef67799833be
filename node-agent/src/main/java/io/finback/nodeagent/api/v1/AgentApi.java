package io.finback.nodeagent.api.v1;

import akka.actor.Cancellable;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.finback.mesos.v1.Encoding;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.api.MesosMetrics;
import io.finback.nodeagent.api.SandboxRights;
import io.finback.nodeagent.api.Seen;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.files.FileSpace;
import io.finback.nodeagent.image.Reference;
import io.finback.nodeagent.nested.NestedContainers;
import io.finback.nodeagent.task.AgentTask;
import io.finback.runtime.LogLevel;
import io.finback.security.Rules;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.Call;
import org.apache.mesos.v1.agent.Protos.Response;
import scala.concurrent.ExecutionContext;

/**
 * {@code /api/v1} of an agent: what operators ask, and commands run beside a task, such as a shell. Source: apache/mesos {@code
 * src/slave/http.cpp}.
 */
public final class AgentApi {
    /** Calls that may say nothing more than their type, and those that say themselves what they miss. */
    private static final Set<Call.Type> OPTIONAL = Set.of(
            Call.Type.GET_CONTAINERS,
            Call.Type.GET_METRICS,
            Call.Type.LAUNCH_NESTED_CONTAINER_SESSION,
            Call.Type.PRUNE_IMAGES);

    /** So long a nested container may outlive its task, and be waited for after its end. */
    private static final Duration LOOK = Duration.ofMillis(100);

    private final ActorSystem<?> system;
    private final AgentView view;
    private final IntSupplier port;
    private final Executor blocking;
    private final Calls calls;
    private final LogLevel level;
    private final Function<HttpRequest, FileReads> files;
    private final CallRights rights;
    private final NestedContainers nested;
    private final SessionApi sessions;
    private final NestedApi containers;

    /**
     * What it may take.
     *
     * @param maxBody bytes of a call
     * @param maxSessions at the same time; each holds three threads of those that wait
     */
    public record Limits(long maxBody, int maxSessions) {}

    /**
     * @param nested looked after from now on
     * @param begun the file that says that a task has begun
     * @param blocking waits for processes to start, and for the disk
     * @param rules who may do what
     */
    public AgentApi(
            ActorSystem<?> system,
            AgentView view,
            IntSupplier port,
            Inside inside,
            NestedContainers nested,
            Function<AgentTask, Path> begun,
            FileSpace space,
            Executor blocking,
            Limits limits,
            Rules rules) {
        this.system = system;
        this.view = view;
        this.port = port;
        this.blocking = blocking;
        this.calls = new Calls(system, limits.maxBody());
        this.level = new LogLevel((delay, work) -> {
            var unused = system.scheduler().scheduleOnce(delay, work, system.executionContext());
        });
        SandboxRights sandboxes = new SandboxRights(rules, view);
        this.files = request -> new FileReads(sandboxes.of(space, request));
        Parents parents = new Parents(view);
        this.rights = new CallRights(rules, view, parents);
        TaskTerminals terminals = new TaskTerminals(view, begun);
        Sessions running = new Sessions(inside, nested, limits.maxSessions());
        this.nested = nested;
        this.sessions = new SessionApi(system, parents, running, nested, terminals, blocking, rights);
        this.containers = new NestedApi(parents, running, nested, terminals, space, blocking);
        Cancellable following = system.scheduler()
                .scheduleWithFixedDelay(LOOK, LOOK, nested::look, ExecutionContext.fromExecutor(blocking));
        CompletionStage<?> ending = system.getWhenTerminated().thenAccept(done -> {
            boolean unused = following.cancel();
            // Those of tasks that ended with the agent.
            nested.look();
        });
        Objects.requireNonNull(ending);
    }

    /** Answers one call; never fails. */
    public CompletionStage<HttpResponse> answer(HttpRequest request) {
        try {
            Calls.checkMethod(request);
            if (Calls.contentTypeText(request).equals(Calls.RECORD_IO)) {
                return sessions.attachInput(request).exceptionally(calls::failed);
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
        checkBody(call);
        rights.check(call, request);
        return switch (call.getType()) {
            case LAUNCH_NESTED_CONTAINER_SESSION -> later(() -> sessions.start(call, request));
            case ATTACH_CONTAINER_OUTPUT -> CompletableFuture.completedFuture(containers.attachOutput(call, request));
            case LAUNCH_NESTED_CONTAINER, LAUNCH_CONTAINER -> later(() -> containers.launch(call));
            case WAIT_NESTED_CONTAINER, WAIT_CONTAINER -> containers.await(call, Calls.accepted(Calls.accept(request)));
            case KILL_NESTED_CONTAINER, KILL_CONTAINER -> later(() -> containers.kill(call));
            case REMOVE_NESTED_CONTAINER, REMOVE_CONTAINER -> later(() -> containers.remove(call));
            case PRUNE_IMAGES -> later(() -> prune(call.getPruneImages()));
            case SET_LOGGING_LEVEL -> CompletableFuture.completedFuture(setLevel(call.getSetLoggingLevel()));
            default -> {
                Encoding accepted = Calls.accepted(Calls.accept(request));
                yield later(() -> Calls.message(read(call, request), accepted));
            }
        };
    }

    private CompletionStage<HttpResponse> later(Supplier<HttpResponse> work) {
        return CompletableFuture.supplyAsync(work, blocking);
    }

    /** A call that says something says it in the field that is named like it. */
    private static void checkBody(Call call) {
        String name = call.getType().name().toLowerCase(Locale.ROOT);
        FieldDescriptor field = Call.getDescriptor().findFieldByName(name);
        if (field != null && !OPTIONAL.contains(call.getType()) && !call.hasField(field)) {
            throw new ApiFailure(400, "Expecting '" + name + "' to be present");
        }
    }

    /** Of the images the agent itself keeps; a Docker engine has its own ways. */
    private HttpResponse prune(Call.PruneImages call) {
        Set<String> keep = new HashSet<>();
        try {
            for (Protos.Image image : call.getExcludedImagesList()) {
                if (!image.hasDocker()) {
                    throw new ApiFailure(
                            400, "prune_images.excluded_images: " + image.getType() + " (expected: DOCKER)");
                }
                keep.add(Reference.parse(image.getDocker().getName()).toString());
            }
            view.containers().pruneImages(keep);
            return HttpResponse.create();
        } catch (IllegalArgumentException e) {
            throw new ApiFailure(400, "prune_images.excluded_images: " + e.getMessage());
        } catch (IOException e) {
            throw new ApiFailure(503, "Images cannot be pruned: " + e.getMessage());
        }
    }

    private HttpResponse setLevel(Call.SetLoggingLevel call) {
        try {
            level.set(call.getLevel(), Duration.ofNanos(call.getDuration().getNanoseconds()));
            return HttpResponse.create();
        } catch (IllegalArgumentException e) {
            throw new ApiFailure(400, String.valueOf(e.getMessage()));
        }
    }

    private Response.GetMetrics metrics() {
        Response.GetMetrics.Builder all = Response.GetMetrics.newBuilder();
        MesosMetrics.values(view, Instant.now())
                .forEach((name, value) ->
                        all.addMetrics(Protos.Metric.newBuilder().setName(name).setValue(value)));
        return all.build();
    }

    private Response read(Call call, HttpRequest request) {
        Seen seen = rights.seen(request);
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
                        .setGetTasks(AgentReads.tasks(seen))
                        .build();
            case GET_EXECUTORS ->
                response.setType(Response.Type.GET_EXECUTORS)
                        .setGetExecutors(AgentReads.executors(seen))
                        .build();
            case GET_FRAMEWORKS ->
                response.setType(Response.Type.GET_FRAMEWORKS)
                        .setGetFrameworks(AgentReads.frameworks(seen))
                        .build();
            case GET_CONTAINERS ->
                response.setType(Response.Type.GET_CONTAINERS)
                        .setGetContainers(AgentReads.containers(
                                view, seen, call.getGetContainers().getShowNested(), nested.running()))
                        .build();
            case GET_AGENT ->
                response.setType(Response.Type.GET_AGENT)
                        .setGetAgent(Response.GetAgent.newBuilder()
                                .setAgentInfo(ExecutorWire.agentInfo(view, seen.resources(), port.getAsInt())))
                        .build();
            case GET_STATE ->
                response.setType(Response.Type.GET_STATE)
                        .setGetState(Response.GetState.newBuilder()
                                .setGetTasks(AgentReads.tasks(seen))
                                .setGetExecutors(AgentReads.executors(seen))
                                .setGetFrameworks(AgentReads.frameworks(seen)))
                        .build();
            case GET_METRICS ->
                response.setType(Response.Type.GET_METRICS)
                        .setGetMetrics(metrics())
                        .build();
            case GET_LOGGING_LEVEL ->
                response.setType(Response.Type.GET_LOGGING_LEVEL)
                        .setGetLoggingLevel(
                                Response.GetLoggingLevel.newBuilder().setLevel(level.current()))
                        .build();
            case LIST_FILES -> files.apply(request).list(call.getListFiles());
            case READ_FILE -> files.apply(request).read(call.getReadFile());
            default -> throw new ApiFailure(501, "Received '" + call.getType() + "' call, which is not supported");
        };
    }
}
