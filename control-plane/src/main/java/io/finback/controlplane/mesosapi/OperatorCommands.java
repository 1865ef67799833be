package io.finback.controlplane.mesosapi;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.allocator.Explanation;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.framework.Caller;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.resources.FrameworkId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;

/** How operators' wishes reach the entities that own what they are about. Fails with 503 when one does not answer in time. */
public interface OperatorCommands {
    CompletionStage<OperatorReply> operate(OperatorCommand command);

    CompletionStage<CallAnswer> teardown(FrameworkId framework);

    CompletionStage<Explanation> explain(String role, Optional<FrameworkId> framework);

    /** Over sharding, so from any master. */
    static OperatorCommands sharded(ActorSystem<?> system, Duration timeout) {
        ClusterSharding sharding = ClusterSharding.get(system);
        return new OperatorCommands() {
            @Override
            public CompletionStage<OperatorReply> operate(OperatorCommand command) {
                var allocator = sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL);
                CompletionStage<OperatorReply> reply = AskPattern.ask(
                        allocator,
                        (ActorRef<OperatorReply> replyTo) -> new AllocatorMessage.Operate(command, replyTo),
                        timeout,
                        system.scheduler());
                return answered(reply);
            }

            @Override
            public CompletionStage<Explanation> explain(String role, Optional<FrameworkId> framework) {
                var allocator = sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL);
                CompletionStage<AllocatorMessage.Explained> explained = AskPattern.ask(
                        allocator,
                        (ActorRef<AllocatorMessage.Explained> replyTo) ->
                                new AllocatorMessage.Explain(role, framework, replyTo),
                        timeout,
                        system.scheduler());
                return answered(explained).thenApply(AllocatorMessage.Explained::explanation);
            }

            @Override
            public CompletionStage<CallAnswer> teardown(FrameworkId framework) {
                var entity = sharding.entityRefFor(SchedulerCall.KEY, framework.value());
                CompletionStage<CallAnswer> answer = AskPattern.ask(
                        entity,
                        (ActorRef<CallAnswer> replyTo) ->
                                new SchedulerCall.Teardown(new Caller(Optional.empty(), Optional.of(replyTo)), true),
                        timeout,
                        system.scheduler());
                return answered(answer);
            }
        };
    }

    private static <T> CompletionStage<T> answered(CompletionStage<T> asked) {
        return asked.exceptionally(failure -> {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof TimeoutException) {
                throw ApiFailure.of(503, "no answer in time; whether it was done is not known: ask again");
            }
            throw new CompletionException(cause);
        });
    }
}
