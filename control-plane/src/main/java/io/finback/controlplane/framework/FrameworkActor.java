package io.finback.controlplane.framework;

import akka.actor.Cancellable;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
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
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.ingress.Batch;
import io.finback.controlplane.ingress.Ingress;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.security.Rules;
import io.finback.tracing.Tracing;
import io.finback.wire.AgentSessionMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The journal and the clock around {@link FrameworkState}: one per framework id, on one master at a time, behind an {@link Ingress}.
 * One event per batch. After a restart or failover it goes on talking to the scheduler it had, repeats every update not
 * acknowledged, and claims and launches again what was accepted and never reported; all of that may be repeated without harm.
 */
public final class FrameworkActor
        extends EventSourcedBehaviorWithEnforcedReplies<Batch<FrameworkMessage>, FrameworkEvent, FrameworkState> {

    /**
     * What a framework needs from outside.
     *
     * @param rules who may launch as whom, and change which resources
     */
    public record Collaborators(
            FrameworkSettings settings,
            Clock clock,
            ActorRef<FrameworkDelta> views,
            Function<AgentId, AgentStanding> agents,
            Consumer<AllocatorMessage> allocator,
            BiConsumer<AgentId, SessionOrder> sessions,
            Rules rules) {
        /** Reaches allocator and sessions through cluster sharding. {@code agents}: what is known of an agent, read at any time. */
        public static Collaborators sharded(
                FrameworkSettings settings,
                Clock clock,
                ActorRef<FrameworkDelta> views,
                Function<AgentId, AgentStanding> agents,
                ClusterSharding sharding,
                Rules rules) {
            return new Collaborators(
                    settings,
                    clock,
                    views,
                    agents,
                    message -> sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                            .tell(message),
                    (agent, order) -> sharding.entityRefFor(AgentSessionMessage.KEY, agent.value())
                            .tell(order),
                    rules);
        }
    }

    /** The entity for cluster sharding; {@code sleep} is told the entity when there is nothing left that it could do. */
    public static Behavior<FrameworkMessage> create(
            FrameworkId id, Collaborators with, Consumer<ActorRef<FrameworkMessage>> sleep) {
        return Ingress.create(
                FrameworkMessage.class,
                with.settings().ingress(),
                (self, ingress) ->
                        Behaviors.setup(context -> new FrameworkActor(context, id, with, self, ingress, sleep)));
    }

    private static final Duration QUIET = Duration.ofSeconds(1);
    /** Idle ticks before the entity sleeps; views that start ask within seconds. */
    private static final int SLEEP_AFTER = 60;

    private final ActorContext<Batch<FrameworkMessage>> context;
    private final FrameworkId id;
    private final Collaborators with;
    private final ActorRef<FrameworkMessage> self;
    private final ActorRef<Ingress.Signal> ingress;
    private final Consumer<ActorRef<FrameworkMessage>> sleep;
    private final ActorRef<AllocationEvent> allocatorReplies;
    private FrameworkDesk desk;
    private int idleTicks;
    private long stray;
    private @Nullable Cancellable tick;
    private Instant tickAt = Instant.MAX;

    FrameworkActor(
            ActorContext<Batch<FrameworkMessage>> context,
            FrameworkId id,
            Collaborators with,
            ActorRef<FrameworkMessage> self,
            ActorRef<Ingress.Signal> ingress,
            Consumer<ActorRef<FrameworkMessage>> sleep) {
        // Without a supervisor of its own: Akka applies an event before it is written, and after a failed write would
        // replay into the
        // same, already changed object. So it ends with the failure, and the ingress starts a new one.
        super(PersistenceId.of("Framework", id.value()));
        this.context = context;
        this.id = id;
        this.with = with;
        this.self = self;
        this.ingress = ingress;
        this.sleep = sleep;
        // Not a message adapter: those go around the ingress and into the stash.
        Behavior<AllocationEvent> forward = Behaviors.receiveMessage(event -> {
            self.tell(new FrameworkSignal.FromAllocator(event));
            return Behaviors.same();
        });
        this.allocatorReplies = context.spawn(forward, "allocator-replies");
        this.desk = newDesk(context);
    }

    @Override
    public FrameworkState emptyState() {
        return new FrameworkState();
    }

    @Override
    public CommandHandlerWithReply<Batch<FrameworkMessage>, FrameworkEvent, FrameworkState> commandHandler() {
        return newCommandHandlerWithReplyBuilder().forAnyState().onAnyCommand(this::onBatch);
    }

    private ReplyEffect<FrameworkEvent, FrameworkState> onBatch(FrameworkState state, Batch<FrameworkMessage> batch) {
        if (batch.messages().stream().anyMatch(FrameworkSignal.Tick.class::isInstance)) {
            tickAt = Instant.MAX; // whatever the clock says: it may be set back
        }
        Optional<FrameworkEvent> event =
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

    private void settle(FrameworkState state) {
        desk.settle(state, lastSequenceNumber(context));
        if (desk.strayAcknowledgements() != stray) {
            stray = desk.strayAcknowledgements();
            if (Long.bitCount(stray) == 1) {
                context.getLog().warn("framework.stray_acknowledgements frameworkId={} count={}", id, stray);
            }
        }
        Instant now = with.clock().instant();
        Instant due = now.plus(desk.hasNews() ? with.settings().viewDelay() : QUIET);
        if (!tickAt.isAfter(now) || due.isBefore(tickAt) || tick == null) {
            if (tick != null) {
                tick.cancel();
            }
            tickAt = due;
            tick = context.scheduleOnce(Duration.between(now, due), self, new FrameworkSignal.Tick());
            idleTicks = desk.isIdle(state) ? idleTicks + 1 : 0;
            if (idleTicks == SLEEP_AFTER) {
                idleTicks = 0;
                sleep.accept(self);
            }
        }
    }

    private void log(FrameworkEvent event) {
        event.subscribed().ifPresent(to -> context.getLog()
                .info(
                        "framework.subscribed frameworkId={} name={}",
                        id,
                        to.info().name()));
        event.left().ifPresent(left -> context.getLog()
                .info(
                        "framework.disconnected frameworkId={} removeAt={}",
                        id,
                        left.removeAt().map(Instant::toString).orElse("never")));
        event.removed().ifPresent(removed -> context.getLog()
                .info("framework.removed frameworkId={} reason={}", id, removed.reason()));
        context.getLog()
                .debug(
                        "framework.batch frameworkId={} accepted={} statuses={} acknowledged={}",
                        id,
                        event.accepted().size(),
                        event.statuses().size(),
                        event.acknowledged().size());
    }

    private FrameworkDesk newDesk(ActorContext<Batch<FrameworkMessage>> ctx) {
        SubscriptionDesk.Host host = new SchedulerHost<>(
                ctx, scheduler -> new Batch<>(-1, List.of(new FrameworkSignal.SchedulerGone(scheduler)), ingress));
        Tracing tracing = Tracing.of(ctx.getSystem());
        OfferTraces traces = new OfferTraces(tracing.isOn(), tracing.sampler(), tracing, id.value());
        Outbound out =
                new Outbound(id, with.settings(), with.allocator(), with.sessions(), allocatorReplies, traces::parent);
        return new FrameworkDesk(id, with.settings(), out, traces, host, with.agents(), with.views(), with.rules());
    }

    @Override
    public EventHandler<FrameworkState, FrameworkEvent> eventHandler() {
        return FrameworkState::apply;
    }

    @Override
    public SignalHandler<FrameworkState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.class, (state, signal) -> onRecovered(state))
                .build();
    }

    private void onRecovered(FrameworkState state) {
        desk = newDesk(context);
        tickAt = Instant.MAX;
        Optional<ActorRef<SchedulerEvent>> scheduler = state.subscription()
                .filter(subscription -> state.isConnected())
                .map(subscription ->
                        ActorRefResolver.get(context.getSystem()).resolveActorRef(subscription.scheduler()));
        desk.recovered(state, scheduler, with.clock().instant());
        context.getLog()
                .info(
                        "framework.recovered frameworkId={} tasks={}",
                        id,
                        state.tasks().size());
        ingress.tell(new Ingress.Ready(context.getSelf()));
        self.tell(new FrameworkSignal.Tick());
    }

    @Override
    public SnapshotAdapter<FrameworkState> snapshotAdapter() {
        return new SnapshotAdapter<>() {
            @Override
            public Object toJournal(FrameworkState state) {
                return state.snapshot();
            }

            @Override
            public FrameworkState fromJournal(Object from) {
                return FrameworkState.of((FrameworkSnapshot) from);
            }
        };
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(with.settings().snapshotEvery(), 2);
    }
}
