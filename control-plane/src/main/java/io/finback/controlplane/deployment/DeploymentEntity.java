package io.finback.controlplane.deployment;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.DeploymentMessage;
import io.finback.controlplane.app.EventIds;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.app.ServiceEvent.Progress;
import io.finback.controlplane.scheduler.DeploymentEvent;
import io.finback.controlplane.scheduler.DeploymentState;
import io.finback.persistence.OwningEntity;
import io.finback.tracing.Tracing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Walks the plan of one deployment over its apps, step by step, and releases them at the end. One per running deployment, on a master;
 * its apps wake it after a restart or failover, and it goes on at the step its journal says. It stops when every app has let go.
 */
public final class DeploymentEntity extends OwningEntity<DeploymentMessage, DeploymentEvent, DeploymentState> {
    private enum Tick implements DeploymentMessage {
        INSTANCE
    }

    private enum Overdue implements DeploymentMessage {
        INSTANCE
    }

    /** What apps have said since the last write is to be written. */
    private enum Gathered implements DeploymentMessage {
        INSTANCE
    }

    /** In units of {@code repeat}: how long apps are held for a deployment that does not begin. */
    private static final int GATHER_REPEATS = 30;

    /** In units of {@code repeat}: how often apps are asked whether they are still held, in case word of it was lost. */
    private static final int ASK_EVERY = 10;

    private final ActorContext<DeploymentMessage> context;
    private final TimerScheduler<DeploymentMessage> timers;
    private final String id;
    private final Duration repeat;
    private final BiConsumer<String, AppCommand> apps;
    private final Consumer<ServiceEvent> events;
    private final InstantSource clock;
    private final Duration gatherLimit;
    private final StepTraces traces;
    private final Set<String> gathered = new HashSet<>();
    private long ticks;
    private final Set<String> released = new HashSet<>();
    /** What apps have done; many do it at the same time, and it is one write. */
    private final List<DeploymentMessage.ActionDone> done = new ArrayList<>();

    /** {@code repeat}: how often orders are given again until they are done. {@code apps}: takes an app id and sends. {@code events}: to those who listen. */
    public static Behavior<DeploymentMessage> create(
            String entityId,
            Duration repeat,
            BiConsumer<String, AppCommand> apps,
            Consumer<ServiceEvent> events,
            InstantSource clock) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new DeploymentEntity(entityId, context, timers, repeat, apps, events, clock)));
    }

    private DeploymentEntity(
            String entityId,
            ActorContext<DeploymentMessage> context,
            TimerScheduler<DeploymentMessage> timers,
            Duration repeat,
            BiConsumer<String, AppCommand> apps,
            Consumer<ServiceEvent> events,
            InstantSource clock) {
        super(
                DeploymentMessage.KEY.name(),
                entityId,
                DeploymentState.EMPTY,
                (state, event) -> event.applyTo(state),
                RetentionCriteria.disabled());
        this.context = context;
        this.timers = timers;
        this.id = entityId;
        this.repeat = repeat;
        this.gatherLimit = repeat.multipliedBy(GATHER_REPEATS);
        this.apps = apps;
        this.events = events;
        this.clock = clock;
        this.traces = new StepTraces(Tracing.of(context.getSystem()), entityId, clock.instant());
    }

    @Override
    public SignalHandler<DeploymentState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(
                        RecoveryCompleted.instance(), state -> context.getSelf().tell(Tick.INSTANCE))
                .build();
    }

    @Override
    public CommandHandlerWithReply<DeploymentMessage, DeploymentEvent, DeploymentState> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(DeploymentMessage.Run.class, this::onRun)
                .onCommand(DeploymentMessage.Begin.class, this::onBegin)
                .onCommand(DeploymentMessage.CallOff.class, this::onCallOff)
                .onCommand(Overdue.class, (state, c) -> onOverdue(state))
                .onCommand(DeploymentMessage.ActionDone.class, (state, c) -> onActionDone(c))
                .onCommand(Gathered.class, (state, c) -> onGathered(state))
                .onCommand(DeploymentMessage.NotHeld.class, this::onNotHeld)
                .onCommand(
                        Tick.class,
                        (state, c) -> Effect().none().thenRun(this::order).thenNoReply())
                .build();
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> onRun(DeploymentState state, DeploymentMessage.Run c) {
        if (state.calledOff()) {
            withdraw(c.plan().apps());
            return Effect().noReply();
        }
        if (state.plan().isPresent()) {
            return Effect().noReply();
        }
        if (c.plan().shared()) {
            // Whoever gathers the apps says when all are held. If it has died, they must not be held for ever.
            boolean first = gathered.isEmpty();
            gathered.addAll(c.plan().apps());
            if (first) {
                timers.startSingleTimer(Overdue.INSTANCE, gatherLimit);
            }
            return Effect().noReply();
        }
        return commit(state, List.of(new DeploymentEvent.Begun(c.plan())));
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> onBegin(DeploymentState state, DeploymentMessage.Begin c) {
        boolean begun = !state.calledOff();
        if (state.plan().isPresent() || !begun) {
            return Effect().reply(c.replyTo(), new DeploymentMessage.BeginReply(begun));
        }
        timers.cancel(Overdue.INSTANCE);
        return Effect()
                .persist(new DeploymentEvent.Begun(c.plan()))
                .thenRun((DeploymentState s) -> {
                    tell(state, s);
                    order(s);
                })
                .thenReply(c.replyTo(), s -> new DeploymentMessage.BeginReply(true));
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> onCallOff(
            DeploymentState state, DeploymentMessage.CallOff c) {
        return state.plan().isPresent() ? Effect().noReply() : callOff(state, c.apps(), c.why());
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> onOverdue(DeploymentState state) {
        return state.plan().isPresent()
                ? Effect().noReply()
                : callOff(state, List.copyOf(gathered), "not all apps were held in time");
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> callOff(
            DeploymentState state, List<String> held, String why) {
        if (state.calledOff()) {
            withdraw(held);
            return Effect().noReply();
        }
        return Effect()
                .persist(new DeploymentEvent.Aborted(why))
                .thenRun((DeploymentState s) -> {
                    context.getLog().info("deployment.called_off deploymentId={} reason={}", id, why);
                    withdraw(held);
                })
                .thenNoReply();
    }

    private void withdraw(List<String> held) {
        held.forEach(app -> apps.accept(app, new AppCommand.Withdraw(id)));
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> onActionDone(DeploymentMessage.ActionDone c) {
        done.add(c);
        // Each time: one of these may be dropped while the entity recovers, and what it was for must not wait for ever.
        context.getSelf().tell(Gathered.INSTANCE);
        return Effect().noReply();
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> onGathered(DeploymentState state) {
        Set<String> open = new HashSet<>();
        state.open().forEach(action -> open.add(action.appId()));
        List<DeploymentEvent> events = new ArrayList<>();
        for (DeploymentMessage.ActionDone one : done) {
            if (one.step() == state.step() && open.remove(one.appId())) {
                events.add(new DeploymentEvent.ActionDone(one.appId()));
            }
        }
        done.clear();
        return events.isEmpty() ? Effect().noReply() : commit(state, events);
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> onNotHeld(
            DeploymentState state, DeploymentMessage.NotHeld c) {
        if (state.finished()) {
            released.add(c.appId());
            boolean all = released.containsAll(state.plan().orElseThrow().apps());
            return all ? Effect().none().thenStop().thenNoReply() : Effect().noReply();
        }
        boolean mine = state.plan().filter(p -> p.apps().contains(c.appId())).isPresent();
        return mine && !state.lost().contains(c.appId())
                ? commit(state, List.of(new DeploymentEvent.AppLost(c.appId())))
                : Effect().noReply();
    }

    private ReplyEffect<DeploymentEvent, DeploymentState> commit(DeploymentState before, List<DeploymentEvent> events) {
        return Effect()
                .persist(events)
                .thenRun((DeploymentState s) -> {
                    tell(before, s);
                    if (s.finished()) {
                        context.getLog().info("deployment.finished deploymentId={}", id);
                    }
                    order(s);
                })
                .thenNoReply();
    }

    private void tell(DeploymentState before, DeploymentState after) {
        traces.tell(before, after, clock.instant());
        if (before.plan().isEmpty()) {
            tell(after, Progress.INFO, 0, Optional.empty());
        }
        for (int step = before.step(); step < after.step(); step++) {
            tell(after, Progress.STEP_SUCCESS, step, Optional.empty());
            if (step + 1 < after.plan().orElseThrow().steps().size()) {
                tell(after, Progress.INFO, step + 1, Optional.empty());
            }
        }
        if (after.finished() && !before.finished()) {
            if (after.lost().isEmpty()) {
                tell(after, Progress.SUCCESS, after.step(), Optional.empty());
            } else {
                Optional<String> why = Optional.of("canceled: taken away were " + after.lost());
                tell(after, Progress.STEP_FAILURE, after.step(), why);
                tell(after, Progress.FAILED, after.step(), why);
            }
        }
    }

    private void tell(DeploymentState state, Progress progress, int step, Optional<String> reason) {
        Instant now = clock.instant();
        events.accept(new ServiceEvent.DeploymentChanged(
                EventIds.next(now), now, progress, state.plan().orElseThrow(), step, reason));
    }

    private void order(DeploymentState state) {
        if (state.plan().isEmpty()) {
            return;
        }
        state.open().forEach(a -> apps.accept(a.appId(), new AppCommand.Perform(id, state.step(), a.kind())));
        if (!state.finished() && ++ticks % ASK_EVERY == 0) {
            state.plan().get().apps().forEach(app -> apps.accept(app, new AppCommand.StillHeld(id)));
        }
        if (state.finished()) {
            state.plan().get().apps().stream()
                    .filter(app -> !released.contains(app))
                    .forEach(app -> apps.accept(app, new AppCommand.Release(id)));
        }
        timers.startSingleTimer(Tick.INSTANCE, repeat);
    }
}
