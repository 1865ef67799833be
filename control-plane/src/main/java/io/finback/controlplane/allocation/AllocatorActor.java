package io.finback.controlplane.allocation;

import akka.actor.Cancellable;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
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
import akka.persistence.typed.javadsl.SignalHandler;
import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorSnapshot;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.ingress.Batch;
import io.finback.controlplane.ingress.Ingress;
import io.finback.resources.AgentId;
import io.finback.wire.AgentSessionMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
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
            BiConsumer<AgentId, AgentSessionMessage> sessions,
            AllocatorMeter meter) {
        /** Reaches sessions through cluster sharding. */
        public static Collaborators sharded(
                AllocatorSettings settings,
                Clock clock,
                ActorRef<AllocationDelta> views,
                ClusterSharding sharding,
                AllocatorMeter meter) {
            return new Collaborators(
                    settings,
                    clock,
                    views,
                    (agent, message) -> sharding.entityRefFor(AgentSessionMessage.KEY, agent.value())
                            .tell(message),
                    meter);
        }
    }

    /** The entity for cluster sharding. */
    public static Behavior<AllocatorMessage> create(String pool, Collaborators with) {
        return Ingress.create(
                AllocatorMessage.class,
                with.settings().ingress(),
                (self, ingress) -> Behaviors.setup(context -> new AllocatorActor(context, pool, with, self, ingress)));
    }

    private final ActorContext<Batch<AllocatorMessage>> context;
    private final Collaborators with;
    private final ActorRef<AllocatorMessage> self;
    private final ActorRef<Ingress.Signal> ingress;
    private final AtomicBoolean snapshotsIdle = new AtomicBoolean(true);
    private final ActorRef<Object> snapshots;
    private int eventsSinceSnapshot;
    private AllocatorDesk desk;
    private @Nullable Cancellable tick;
    private Instant tickAt = Instant.MAX;

    AllocatorActor(
            ActorContext<Batch<AllocatorMessage>> context,
            String pool,
            Collaborators with,
            ActorRef<AllocatorMessage> self,
            ActorRef<Ingress.Signal> ingress) {
        // Without a supervisor of its own: Akka applies an event before it is written, and after a failed write would
        // replay into the
        // same, already changed object. So it ends with the failure, and the ingress starts a new one.
        super(PersistenceId.of("Allocator", pool));
        this.context = context;
        this.with = with;
        this.self = self;
        this.ingress = ingress;
        this.snapshots = context.spawn(
                SnapshotKeeper.create(PersistenceId.of("Allocator", pool).id(), snapshotsIdle), "snapshots");
        this.desk = newDesk(new AllocatorState());
    }

    private AllocatorDesk newDesk(AllocatorState state) {
        return new AllocatorDesk(state, with, with.clock().instant());
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
                    saveSnapshot(after);
                })
                .thenReply(batch.done(), after -> new Ingress.Done(batch.number()));
    }

    private void saveSnapshot(AllocatorState state) {
        eventsSinceSnapshot++;
        if (eventsSinceSnapshot >= with.settings().snapshotEvery() && snapshotsIdle.compareAndSet(true, false)) {
            eventsSinceSnapshot = 0;
            snapshots.tell(new SnapshotKeeper.Save(lastSequenceNumber(context), state.snapshot()));
        }
    }

    private void settle(AllocatorState state) {
        desk.settle(state);
        Instant now = with.clock().instant();
        Instant due = desk.nextDue();
        Instant pass = now.plus(with.settings().passDelay());
        schedule(now, desk.hasWork() && pass.isBefore(due) ? pass : due);
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
        event.agents().forEach(agent -> context.getLog()
                .info(
                        "allocator.agent agentId={} resources={} session={} unreachable={} deactivated={} drain={} gone={}",
                        agent.id(),
                        agent.total(),
                        agent.session(),
                        agent.lostAt().isPresent(),
                        agent.deactivated(),
                        agent.drain()
                                .map(drain -> drain.drainedAt().isPresent() ? "DRAINED" : "DRAINING")
                                .orElse("none"),
                        agent.goneAt().isPresent()));
        event.quotas().forEach(quota -> context.getLog().info("allocator.quota quota={}", quota));
        if (!event.weights().isEmpty()) {
            context.getLog().info("allocator.weights weights={}", event.weights());
        }
        event.maintenance().ifPresent(next -> context.getLog()
                .info(
                        "allocator.maintenance windows={} down={}",
                        next.schedule().windows().size(),
                        next.down().size()));
        context.getLog()
                .debug(
                        "allocator.batch claimed={} released={} operations={}",
                        event.claimed().size(),
                        event.released().size(),
                        event.operations().size());
    }

    @Override
    public EventHandler<AllocatorState, AllocatorEvent> eventHandler() {
        return AllocatorState::apply;
    }

    @Override
    public SignalHandler<AllocatorState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.class, (state, signal) -> {
                    desk = newDesk(state);
                    tickAt = Instant.MAX;
                    context.getLog()
                            .info(
                                    "allocator.recovered agents={} tasks={}",
                                    state.agents().size(),
                                    state.holdingCount());
                    desk.begin();
                    ingress.tell(new Ingress.Ready(context.getSelf()));
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
}
