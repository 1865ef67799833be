package io.finback.controlplane.agent;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.SessionReply;
import io.finback.controlplane.allocation.WakeSession;
import io.finback.controlplane.framework.AgentReport;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SessionOrder;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.wire.AgentEnvelope;
import io.finback.wire.AgentSessionMessage;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import java.time.Clock;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The master's end of the conversation with one agent: one per agent id, on one master at a time. Nothing of it is durable. A new
 * incarnation answers {@code RegisterAgain} to whatever an agent says, and learns all it needs from that registration; if the agent
 * says nothing at all, it is missed as any silent agent is. The rules are in {@link Conversation}.
 */
public final class AgentSession extends AbstractBehavior<AgentSessionMessage> {

    /** What a session needs from outside. */
    public record Collaborators(
            AgentSettings settings,
            Clock clock,
            Consumer<AllocatorMessage> allocator,
            BiConsumer<FrameworkId, AgentReport> frameworks) {
        /** Reaches allocator and frameworks through cluster sharding. */
        public static Collaborators sharded(AgentSettings settings, Clock clock, ClusterSharding sharding) {
            return new Collaborators(
                    settings,
                    clock,
                    message -> sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                            .tell(message),
                    (framework, report) -> sharding.entityRefFor(SchedulerCall.KEY, framework.value())
                            .tell(report));
        }
    }

    private enum Tick implements AgentSessionMessage {
        INSTANCE
    }

    private record FromAllocator(SessionReply reply) implements AgentSessionMessage {}

    private final Conversation conversation;

    private AgentSession(ActorContext<AgentSessionMessage> context, AgentId agent, Collaborators with) {
        super(context);
        ActorRef<SessionReply> replies = context.messageAdapter(SessionReply.class, FromAllocator::new);
        this.conversation = new Conversation(agent, with, replies, context.getLog());
    }

    /** The entity for cluster sharding. */
    public static Behavior<AgentSessionMessage> create(AgentId agent, Collaborators with) {
        Duration tick = with.settings().heartbeat().dividedBy(2);
        return Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Tick.INSTANCE, tick);
            return Behaviors.setup(context -> new AgentSession(context, agent, with));
        });
    }

    @Override
    public Receive<AgentSessionMessage> createReceive() {
        return newReceiveBuilder()
                .onMessage(AgentEnvelope.class, this::onEnvelope)
                .onMessage(SessionOrder.Work.class, work -> then(() -> conversation.work(work)))
                .onMessage(SessionOrder.Message.class, message -> then(() -> conversation.message(message)))
                .onMessage(SessionOrder.Heard.class, heard -> then(() -> conversation.heard(heard)))
                .onMessage(FromAllocator.class, this::onFromAllocator)
                .onMessage(WakeSession.class, wake -> then(() -> conversation.wake(wake)))
                .onMessage(Tick.class, due -> then(conversation::tick))
                .build();
    }

    private Behavior<AgentSessionMessage> onEnvelope(AgentEnvelope envelope) {
        ActorRef<MasterToAgent> carrier = envelope.replyTo();
        return on(envelope.message())
                .with(AgentToMaster.Heartbeat.class, heartbeat -> conversation.heartbeat(heartbeat, carrier))
                .with(AgentToMaster.Updates.class, updates -> conversation.updates(updates, carrier))
                .with(AgentToMaster.Received.class, received -> conversation.received(received, carrier))
                .with(AgentToMaster.Register.class, register -> conversation.register(register, carrier))
                .with(AgentToMaster.ExecutorMessage.class, message -> conversation.executorMessage(message, carrier))
                .with(AgentToMaster.VolumesDestroyed.class, emptied -> conversation.emptied(emptied, carrier))
                .with(AgentToMaster.Leaving.class, leaving -> conversation.leaving(leaving))
                .end(this);
    }

    private Behavior<AgentSessionMessage> onFromAllocator(FromAllocator message) {
        return on(message.reply())
                .with(SessionReply.Admitted.class, conversation::admitted)
                .with(SessionReply.AdmitRefused.class, conversation::refused)
                .with(SessionReply.MarkedUnreachable.class, conversation::markedUnreachable)
                .with(SessionReply.Outdated.class, conversation::outdated)
                .end(this);
    }

    private Behavior<AgentSessionMessage> then(Runnable action) {
        action.run();
        return this;
    }

    private static <T> Cases<T> on(T value) {
        return new Cases<>(value);
    }

    /** Picks the case of a closed set that lives in another room, where it cannot carry our behaviour. A missing case throws. */
    private static final class Cases<T> {
        private final T value;
        private boolean done;

        private Cases(T value) {
            this.value = value;
        }

        private <C extends T> Cases<T> with(Class<C> type, Consumer<C> action) {
            if (!done && type.isInstance(value)) {
                done = true;
                action.accept(type.cast(value));
            }
            return this;
        }

        private <B> B end(B behavior) {
            if (!done) {
                throw new IllegalStateException("no case for " + value.getClass());
            }
            return behavior;
        }
    }
}
