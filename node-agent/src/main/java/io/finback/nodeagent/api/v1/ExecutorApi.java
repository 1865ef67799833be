package io.finback.nodeagent.api.v1;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import io.finback.mesos.v1.Encoding;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.node.ExecutorCall;
import io.finback.nodeagent.node.ExecutorDoor;
import io.finback.nodeagent.node.TasksActor;
import io.finback.resources.AgentId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.apache.mesos.v1.executor.Protos.Call;

/** {@code /api/v1/executor}: one endpoint, a stream of events for who subscribes. Codes and texts are those of Mesos' agent. */
public final class ExecutorApi {
    private static final Duration ASK = Duration.ofSeconds(20);

    private final ActorSystem<?> system;
    private final AgentView view;
    private final IntSupplier port;
    private final Supplier<Optional<ActorRef<TasksActor.Command>>> tasks;
    private final ExecutorDoor door;
    private final Calls calls;

    /**
     * @param port where this API listens; asked when it is needed
     * @param tasks their owner; empty: the agent is still starting
     * @param door who is let in
     */
    public ExecutorApi(
            ActorSystem<?> system,
            AgentView view,
            IntSupplier port,
            Supplier<Optional<ActorRef<TasksActor.Command>>> tasks,
            ExecutorDoor door,
            long maxBody) {
        this.door = door;
        this.system = system;
        this.view = view;
        this.port = port;
        this.tasks = tasks;
        this.calls = new Calls(system, maxBody);
    }

    /** Answers one call; never fails. */
    public CompletionStage<HttpResponse> answer(HttpRequest request) {
        try {
            Calls.checkMethod(request);
            ActorRef<TasksActor.Command> owner =
                    tasks.get().orElseThrow(() -> new ApiFailure(503, "Agent has not finished recovery"));
            Encoding encoding = Calls.contentType(request);
            return calls.read(request, encoding, Call.getDefaultInstance())
                    .thenCompose(call -> dispatch(call, request, owner))
                    .exceptionally(calls::failed);
        } catch (ApiFailure refused) {
            var unused = request.discardEntityBytes(system);
            return CompletableFuture.completedFuture(calls.failed(refused));
        }
    }

    private CompletionStage<HttpResponse> dispatch(Call call, HttpRequest request, ActorRef<TasksActor.Command> owner) {
        ExecutorWire.problem(call).ifPresent(problem -> {
            throw invalid(problem);
        });
        if (!door.admits(
                call.getFrameworkId().getValue(),
                call.getExecutorId().getValue(),
                Calls.header(request, "Authorization"))) {
            return CompletableFuture.completedFuture(Calls.text(
                            401, "The token is not that of this executor (expected: Bearer, then its MESOS_EXECUTOR_AUTHENTICATION_TOKEN)")
                    .addHeader(RawHeader.create("WWW-Authenticate", "Bearer realm=\"mesos-agent-executor\"")));
        }
        if (call.getType() == Call.Type.SUBSCRIBE) {
            return subscribe(call, Calls.accepted(Calls.accept(request)), owner);
        }
        if (call.getType() == Call.Type.UNKNOWN) {
            throw new ApiFailure(501, "Received 'UNKNOWN' call");
        }
        ExecutorCall translated;
        try {
            translated = ExecutorWire.from(call, AgentId.of(view.id()));
        } catch (IllegalArgumentException e) {
            throw invalid(String.valueOf(e.getMessage()));
        }
        return ask(owner, translated).thenApply(answer -> {
            refuse(answer);
            return HttpResponse.create().withStatus(202);
        });
    }

    private CompletionStage<HttpResponse> subscribe(Call call, Encoding encoding, ActorRef<TasksActor.Command> owner) {
        ExecutorQueue queue =
                new ExecutorQueue(system, encoding, event -> ExecutorWire.to(event, view, port.getAsInt()));
        ExecutorCall.Subscribe subscribe;
        try {
            subscribe = ExecutorWire.subscribe(call, AgentId.of(view.id()), queue);
        } catch (IllegalArgumentException e) {
            queue.close();
            throw invalid(String.valueOf(e.getMessage()));
        }
        return ask(owner, subscribe).thenApply(answer -> {
            if (answer != ExecutorCall.Answer.DONE) {
                queue.close();
            }
            refuse(answer);
            return HttpResponse.create()
                    .withEntity(HttpEntities.createChunked(
                            Calls.type(encoding), queue.bytes().watchTermination((none, ended) -> {
                                ended.whenComplete((done, failure) -> owner.tell(new TasksActor.ExecutorLeft(queue)));
                                return none;
                            })));
        });
    }

    private CompletionStage<ExecutorCall.Answer> ask(ActorRef<TasksActor.Command> owner, ExecutorCall call) {
        return AskPattern.ask(owner, replyTo -> new TasksActor.FromExecutor(call, replyTo), ASK, system.scheduler());
    }

    private static void refuse(ExecutorCall.Answer answer) {
        switch (answer) {
            case DONE -> {}
            case NO_FRAMEWORK -> throw new ApiFailure(400, "Framework cannot be found");
            case NO_EXECUTOR -> throw new ApiFailure(400, "Executor cannot be found");
            case NOT_SUBSCRIBED -> throw new ApiFailure(403, "Executor is not subscribed");
        }
    }

    private static ApiFailure invalid(String problem) {
        return new ApiFailure(400, "Failed to validate Executor::Call: " + problem);
    }
}
