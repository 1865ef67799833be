package io.finback.nodeagent.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.finback.wire.AgentInfo;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * The root of the agent's own ActorSystem: starts the conversation and then the tasks, and starts each again when it fails. In two
 * moves, so that no task is touched before everything that can fail at the start has not.
 */
public final class AgentGuardian extends AbstractBehavior<AgentGuardian.Command> {
    public sealed interface Command {}

    /** Starts the conversation, once the API's port is known. It registers nowhere before the tasks are there. */
    public record Converse(
            AgentInfo info,
            ConversationSettings settings,
            Registration registration,
            CompletableFuture<ActorRef<ConversationActor.Command>> started)
            implements Command {}

    /** Starts the tasks: adopts those of the last agent. */
    public record Work(
            TaskTools tools,
            ActorRef<ConversationActor.Command> conversation,
            CompletableFuture<ActorRef<TasksActor.Command>> started)
            implements Command {}

    /** Lends what tasks do not use. */
    public record Lend(LendingActor.Parts parts, ActorRef<ConversationActor.Command> conversation) implements Command {}

    private final Peers peers = new Peers();

    public static Behavior<Command> create() {
        return Behaviors.setup(AgentGuardian::new);
    }

    private AgentGuardian(ActorContext<Command> context) {
        super(context);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Converse.class, this::onConverse)
                .onMessage(Work.class, this::onWork)
                .onMessage(Lend.class, this::onLend)
                .build();
    }

    private Behavior<Command> onConverse(Converse converse) {
        ActorRef<ConversationActor.Command> conversation = getContext()
                .spawn(
                        again(ConversationActor.create(
                                converse.info(), converse.settings(), peers, converse.registration())),
                        "conversation");
        converse.started().complete(conversation);
        return this;
    }

    private Behavior<Command> onWork(Work work) {
        ActorRef<TasksActor.Command> tasks = getContext()
                .spawn(
                        again(TasksActor.create(work.tools(), work.conversation())),
                        "tasks",
                        DispatcherSelector.fromConfig("finback.agent.tasks-dispatcher"));
        peers.tasks(tasks);
        work.started().complete(tasks);
        return this;
    }

    private Behavior<Command> onLend(Lend lend) {
        getContext().spawn(again(LendingActor.create(lend.parts(), lend.conversation(), peers)), "lending");
        return this;
    }

    private static <T> Behavior<T> again(Behavior<T> behavior) {
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.1)
                        .withStashCapacity(10_000));
    }
}
