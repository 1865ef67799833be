package io.finback.controlplane.allocation;

import akka.actor.Cancellable;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorSnapshot;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.ingress.Batch;
import io.finback.controlplane.ingress.Ingress;
import io.finback.wire.AgentSessionMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The journal and the clock around {@link AllocatorState}: one per resource pool, on one master at a time, behind an
 * {@link Ingress}. One event per batch of commands. After a restart or failover agents and holdings are as they were journaled;
 * offers and filters are void, and the session of every known agent is woken, so that an agent that is gone is missed.
 */
public final class AllocatorActor
        extends EventSourcedBehaviorWithEnforcedReplies<Batch<AllocatorMessage>, AllocatorEvent, AllocatorState> {

    /** What an allocator needs from outside. */
    public record Collaborators(
            AllocatorSettings settings,
            Clock clock,
            ActorRef<AllocationDelta> views,
            Consumer<WakeSession> wakeSession) {
        /** Wakes sessions through cluster sharding. */
        public static Collaborators sharded(
                AllocatorSettings settings, Clock clock, ActorRef<AllocationDelta> views, ClusterSharding sharding) {
            return new Collaborators(settings, clock, views, wake -> sharding.entityRefFor(
                            AgentSessionMessage.KEY, wake.agent().value())
                    .tell(wake));
        }
    }

    /** The entity for cluster sharding. */
    public static Behavior<AllocatorMessage> create(String pool, Collaborators with) {
        return Ingress.create(
                AllocatorMessage.class,
                with.settings().ingress(),
                (self, ingress) -> Behaviors.setup(context -> new AllocatorActor(context, pool, with, self, ingress)));
    }

    private static final Duration QUIET = Duration.ofSeconds(1);

    private final ActorContext<Batch<AllocatorMessage>> context;
    private final Collaborators with;
    private final ActorRef<AllocatorMessage> self;
    private final ActorRef<Ingress.Signal> ingress;
    private AllocatorDesk desk;
    private @Nullable Cancellable tick;
    private Instant tickAt = Instant.MAX;

    AllocatorActor(
            ActorContext<Batch<AllocatorMessage>> context,
            String pool,
            Collaborators with,
            ActorRef<AllocatorMessage> self,
            ActorRef<Ingress.Signal> ingress) {
        super(
                PersistenceId.of("Allocator", pool),
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.1));
        this.context = context;
        this.with = with;
        this.self = self;
        this.ingress = ingress;
        this.desk = newDesk(with);
    }

    private static AllocatorDesk newDesk(Collaborators with) {
        Instant now = with.clock().instant();
        return new AllocatorDesk(now.toEpochMilli(), with.settings(), with.views(), now);
    }

    @Override
    public AllocatorState emptyState() {
        return new AllocatorState();
    }

    @Override
    public CommandHandlerWithReply<Batch<AllocatorMessage>, AllocatorEvent, AllocatorState> commandHandler() {
        return newCommandHandlerWithReplyBuilder().forAnyState().onAnyCommand(this::onBatch);
    }

    private ReplyEffect<AllocatorEvent, AllocatorState> onBatch(AllocatorState state, Batch<AllocatorMessage> batch) {
        Optional<AllocatorEvent> event =
                desk.decide(state, batch.messages(), with.clock().instant());
        if (event.isEmpty()) {
            settle(state);
            return Effect().reply(batch.done(), new Ingress.Done(batch.number()));
        }
        return Effect()
                .persist(event.get())
                .thenRun(after -> {
                    log(event.get());
                    settle(after);
                })
                .thenReply(batch.done(), after -> new Ingress.Done(batch.number()));
    }

    private void settle(AllocatorState state) {
        desk.settle(state);
        Instant now = with.clock().instant();
        Instant due = now.plus(desk.hasWork() ? with.settings().passDelay() : QUIET);
        Optional<Instant> next = desk.nextDue().filter(due::isAfter);
        schedule(now, next.orElse(due));
    }

    private void schedule(Instant now, Instant due) {
        boolean passed = !tickAt.isAfter(now);
        if (passed || due.isBefore(tickAt)) {
            if (tick != null) {
                tick.cancel();
            }
            tickAt = due;
            Duration wait = Duration.between(now, due);
            tick = context.scheduleOnce(
                    wait.isNegative() ? Duration.ofMillis(1) : wait, self, new AllocatorMessage.Tick());
        }
    }

    private void log(AllocatorEvent event) {
        event.admitted().forEach(admitted -> context.getLog()
                .info(
                        "allocator.agent_admitted agentId={} resources={}",
                        admitted.spec().id(),
                        admitted.spec().total()));
        event.lost().forEach(lost -> context.getLog().warn("allocator.agent_unreachable agentId={}", lost.agent()));
        context.getLog()
                .debug(
                        "allocator.batch claimed={} released={}",
                        event.claimed().size(),
                        event.released().size());
    }

    @Override
    public EventHandler<AllocatorState, AllocatorEvent> eventHandler() {
        return AllocatorState::apply;
    }

    @Override
    public SignalHandler<AllocatorState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.class, (state, signal) -> {
                    // After a failed write the state is replayed into this same object: nothing volatile may remain.
                    desk = newDesk(with);
                    tickAt = Instant.MAX;
                    context.getLog()
                            .info(
                                    "allocator.recovered agents={} tasks={}",
                                    state.agents().size(),
                                    state.holdingCount());
                    state.agents().forEach(entry -> with.wakeSession()
                            .accept(new WakeSession(entry.spec().id(), 0, AgentTerms.NONE, List.of())));
                    ingress.tell(Ingress.Ready.INSTANCE);
                })
                .build();
    }

    @Override
    public SnapshotAdapter<AllocatorState> snapshotAdapter() {
        return new SnapshotAdapter<>() {
            @Override
            public Object toJournal(AllocatorState state) {
                return state.snapshot();
            }

            @Override
            public AllocatorState fromJournal(Object from) {
                return AllocatorState.of((AllocatorSnapshot) from);
            }
        };
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(with.settings().snapshotEvery(), 2);
    }
}
