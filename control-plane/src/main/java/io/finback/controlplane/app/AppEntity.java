package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.SignalHandler;
import io.finback.controlplane.app.AppAnswer.Changed;
import io.finback.controlplane.app.AppAnswer.Refused;
import io.finback.controlplane.scheduler.AppChange;
import io.finback.controlplane.scheduler.AppEvent;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.DeploymentDeadline;
import io.finback.controlplane.scheduler.Homes;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.InstanceChange;
import io.finback.controlplane.scheduler.InstancePlanner;
import io.finback.controlplane.scheduler.Listening;
import io.finback.controlplane.scheduler.MemberChange;
import io.finback.controlplane.scheduler.TaskEnvironment;
import io.finback.controlplane.scheduler.TaskReport;
import io.finback.persistence.EntityDefaults;
import io.finback.persistence.OwningEntity;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.tracing.Tracing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Owns one app: its versions, its instances and the lock of its deployment. One per app id, on a master. After a restart or failover it
 * goes on from its journal; what it had said to others it says again ({@link AppOutbox}). An app that was removed keeps its journal,
 * so that revisions never go back, and its entity stops.
 */
public final class AppEntity extends OwningEntity<AppCommand, AppEvent, AppState> {
    /** What timers say. */
    private enum Due implements AppCommand {
        TICK,
        PORTS_OVERDUE,
        ASK_PORTS,
        TAKE_LOOKS
    }

    private record Looked(String taskId, int index, ProbeResult result) implements AppCommand {}

    private record PortAnswered(String taskId, boolean refused) implements AppCommand {}

    private static final int SNAPSHOT_EVERY = 200;
    private static final Duration PORTS_WAIT = Duration.ofSeconds(2);

    private final ActorContext<AppCommand> context;
    private final TimerScheduler<AppCommand> timers;
    private final String appId;
    private final AppSettings settings;
    private final InstantSource clock;
    private final AppLinks links;
    private final AppOutbox outbox;
    private final PortWatch portWatch;
    private final AppChecks checks;
    private final InstanceTraces traces;
    private boolean idle;
    /** Answers that wait until service ports are journaled, so that a read after them sees the ports. */
    private final List<Consumer<AppState>> afterPorts = new ArrayList<>();

    public static Behavior<AppCommand> create(
            String entityId, AppSettings settings, AppLinks links, InstantSource clock) {
        return EntityDefaults.supervised(Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new AppEntity(entityId, context, timers, settings, links, clock))));
    }

    private AppEntity(
            String entityId,
            ActorContext<AppCommand> context,
            TimerScheduler<AppCommand> timers,
            AppSettings settings,
            AppLinks links,
            InstantSource clock) {
        super(
                AppCommand.KEY.name(),
                entityId,
                AppState.empty(AppPath.ofEntityId(entityId)),
                (state, event) -> event.applyTo(state),
                EntityDefaults.snapshotEvery(SNAPSHOT_EVERY));
        this.context = context;
        this.timers = timers;
        this.appId = AppPath.ofEntityId(entityId);
        this.settings = settings;
        this.clock = clock;
        this.links = links;
        this.checks = new AppChecks(appId, links, () -> EventIds.next(clock.instant()));
        this.portWatch = new PortWatch(settings.listenWait());
        this.traces = new InstanceTraces(Tracing.of(context.getSystem()));
        this.outbox = new AppOutbox(appId, settings, links, context.getSelf(), checks::judged);
    }

    @Override
    public SignalHandler<AppState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(
                        RecoveryCompleted.instance(), state -> context.getSelf().tell(Due.TICK))
                .build();
    }

    @Override
    public CommandHandlerWithReply<AppCommand, AppEvent, AppState> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(AppCommand.Request.class, this::onRequest)
                .onCommand(AppCommand.Withdraw.class, this::onWithdraw)
                .onCommand(AppCommand.Direct.class, this::onDirect)
                .onCommand(AppCommand.Wake.class, this::onWake)
                .onCommand(AppCommand.Nudge.class, (state, c) -> commit(state, List.of(), s -> {}))
                .onCommand(AppCommand.Perform.class, this::onPerform)
                .onCommand(AppCommand.Release.class, this::onRelease)
                .onCommand(AppCommand.StillHeld.class, this::onStillHeld)
                .onCommand(AppCommand.Place.class, this::onPlace)
                .onCommand(AppCommand.Preempt.class, this::onPreempt)
                .onCommand(AppCommand.TaskUpdates.class, this::onTaskUpdates)
                .onCommand(AppCommand.PortsGranted.class, this::onPortsGranted)
                .onCommand(AppCommand.PortsReleased.class, this::onPortsReleased)
                .onCommand(
                        AppCommand.HomeReleased.class,
                        (state, c) -> commit(state, Homes.released(state, c.home()), s -> {}))
                .onCommand(AppCommand.EndpointsWritten.class, this::onEndpointsWritten)
                .onCommand(PortAnswered.class, this::onPortAnswered)
                .onCommand(Looked.class, this::onLooked)
                .onCommand(Due.class, this::onDue)
                .build();
    }

    private ReplyEffect<AppEvent, AppState> onRequest(AppState state, AppCommand.Request c) {
        AppChange.Decision decision =
                AppChange.begun(state, c.deploymentId()).orElseGet(() -> c.decide(state, clock.instant()));
        return decided(state, decision, c.deploymentId(), c.replyTo());
    }

    private ReplyEffect<AppEvent, AppState> onWithdraw(AppState state, AppCommand.Withdraw c) {
        return commit(state, MemberChange.withdraw(state, c.deploymentId()), s -> {});
    }

    private ReplyEffect<AppEvent, AppState> onDirect(AppState state, AppCommand.Direct c) {
        AppCommand.Outcome outcome = c.decide(state, InstancePlanner.updated(state, listening()), clock.instant());
        return outcome.events().isEmpty()
                ? Effect().reply(c.replyTo(), outcome.answer().apply(snapshot(state)))
                : commit(state, outcome.events(), s -> c.replyTo()
                        .tell(outcome.answer().apply(snapshot(s))));
    }

    private ReplyEffect<AppEvent, AppState> onWake(AppState state, AppCommand.Wake c) {
        checks.reportAll(clock.instant());
        AppSnapshot.of(state, lastSequenceNumber(context)).parts().forEach(c.replyTo()::tell);
        return Effect().noReply();
    }

    private ReplyEffect<AppEvent, AppState> onPerform(AppState state, AppCommand.Perform c) {
        if (!AppChange.holds(state, c.deploymentId())) {
            outbox.notHeld(state, c.deploymentId());
            return Effect().noReply();
        }
        List<AppEvent> events = AppChange.order(state, new AppState.Order(c.deploymentId(), c.step(), c.kind()));
        return commit(state, events, s -> {});
    }

    private ReplyEffect<AppEvent, AppState> onRelease(AppState state, AppCommand.Release c) {
        return commit(
                state, AppChange.release(state, c.deploymentId(), true), s -> outbox.notHeld(s, c.deploymentId()));
    }

    private ReplyEffect<AppEvent, AppState> onStillHeld(AppState state, AppCommand.StillHeld c) {
        if (!AppChange.holds(state, c.deploymentId())) {
            outbox.notHeld(state, c.deploymentId());
        }
        return Effect().noReply();
    }

    private ReplyEffect<AppEvent, AppState> onPlace(AppState state, AppCommand.Place c) {
        Map<String, Instance.Place> places = InstanceChange.launchable(state, c.places());
        List<AppEvent> events = places.isEmpty() ? List.of() : List.of(new AppEvent.InstancesPlaced(places));
        return commit(state, events, s -> {
            boolean enforces = links.enforcesRole(appId);
            List<TaskInfo> tasks = places.keySet().stream()
                    .flatMap(id -> s.instance(id).stream())
                    .flatMap(i ->
                            TaskEnvironment.tasks(s.current().orElseThrow(), i, SchedulerMessage.FRAMEWORK, enforces)
                                    .stream())
                    .toList();
            SchedulerMessage.Placed.parts(appId, c.round(), tasks).forEach(c.replyTo()::tell);
        });
    }

    private ReplyEffect<AppEvent, AppState> onPreempt(AppState state, AppCommand.Preempt c) {
        List<AppEvent> events = InstanceChange.doom(state, c.taskIds());
        return commit(state, events, s -> {
            if (!events.isEmpty()) {
                context.getLog().info("app.preempted appId={} forApp={} tasks={}", appId, c.forApp(), c.taskIds());
            }
        });
    }

    private ReplyEffect<AppEvent, AppState> onTaskUpdates(AppState state, AppCommand.TaskUpdates c) {
        Instant now = clock.instant();
        AppState seen = state;
        List<AppEvent> events = new ArrayList<>();
        for (TaskStatus status : c.statuses()) {
            if (TaskReport.stray(seen, status)) {
                TaskId task = status.task();
                outbox.stray(task, status.agent());
                checks.stray(status, now);
                context.getLog().info("app.stray_task_killed appId={} taskId={}", appId, task);
            }
            List<AppEvent> news = checks.reported(seen, status, now);
            seen = AppEvent.fold(seen, news);
            events.addAll(news);
        }
        return commit(
                state, events, s -> c.statuses().forEach(status -> outbox.acknowledge(status.task(), status.uuid())));
    }

    private ReplyEffect<AppEvent, AppState> onPortsGranted(AppState state, AppCommand.PortsGranted c) {
        if (c.ports().isEmpty() && state.portsMissing()) {
            context.getLog().warn("app.no_service_ports_left appId={}", appId);
        }
        List<AppEvent> events = InstanceChange.ports(state, c.version(), c.ports());
        return commit(state, events, this::answerAfterPorts);
    }

    private ReplyEffect<AppEvent, AppState> onPortsReleased(AppState state, AppCommand.PortsReleased c) {
        outbox.portsFreed();
        return stopWhenFinished(state);
    }

    private ReplyEffect<AppEvent, AppState> onEndpointsWritten(AppState state, AppCommand.EndpointsWritten c) {
        outbox.endpointsWritten(state, c.revision(), clock.instant())
                .ifPresent(delay -> timers.startSingleTimer("drained", Due.TICK, delay));
        return stopWhenFinished(state);
    }

    private ReplyEffect<AppEvent, AppState> onPortAnswered(AppState state, PortAnswered c) {
        boolean changed = portWatch.answered(state, c.taskId(), c.refused(), clock.instant());
        if (changed) {
            return commit(state, List.of(), s -> {});
        }
        askPorts();
        return Effect().noReply();
    }

    private ReplyEffect<AppEvent, AppState> onDue(AppState state, Due due) {
        return switch (due) {
            case TICK -> onTick(state);
            case PORTS_OVERDUE -> commit(state, List.of(), this::answerAfterPorts);
            case ASK_PORTS, TAKE_LOOKS -> {
                askPorts();
                takeLooks(state);
                yield Effect().noReply();
            }
        };
    }

    private ReplyEffect<AppEvent, AppState> onTick(AppState state) {
        if (lastSequenceNumber(context) == 0) {
            if (idle) {
                // Somebody asked for an app that never was: it costs nothing once this has stopped.
                return Effect().none().thenStop().thenNoReply();
            }
            idle = true;
            timers.startSingleTimer(Due.TICK, settings.idleTick());
            return Effect().noReply();
        }
        List<AppEvent> late = DeploymentDeadline.events(
                state, clock.instant(), () -> UUID.randomUUID().toString());
        if (!late.isEmpty()) {
            context.getLog().warn("app.deployment_late appId={}", appId);
        }
        return commit(state, late, s -> sync(s, true));
    }

    private ReplyEffect<AppEvent, AppState> stopWhenFinished(AppState state) {
        return outbox.finished(state) ? Effect().none().thenStop().thenNoReply() : commit(state, List.of(), s -> {});
    }

    private ReplyEffect<AppEvent, AppState> decided(
            AppState state, AppChange.Decision decision, String deploymentId, ActorRef<AppAnswer> replyTo) {
        return decision.match(
                accepted -> commit(state, accepted.events(), s -> {
                    context.getLog().info("app.changed appId={} deploymentId={}", appId, deploymentId);
                    Consumer<AppState> answer =
                            ready -> replyTo.tell(new Changed(snapshot(ready), deploymentId, accepted.version()));
                    if (!s.portsMissing()) {
                        answer.accept(s);
                        return;
                    }
                    afterPorts.add(answer);
                    timers.startSingleTimer(Due.PORTS_OVERDUE, PORTS_WAIT);
                }),
                why -> Effect().reply(replyTo, new Refused(snapshot(state), why)));
    }

    private void answerAfterPorts(AppState state) {
        afterPorts.forEach(answer -> answer.accept(state));
        afterPorts.clear();
    }

    /** Persists {@code events} and what follows from them as one write, then says what has changed. Replies are in {@code then}. */
    private ReplyEffect<AppEvent, AppState> commit(AppState state, List<AppEvent> events, Consumer<AppState> then) {
        Instant now = clock.instant();
        List<AppEvent> all = new ArrayList<>(events);
        Optional<String> before = state.lock().map(l -> l.plan().id());
        AppState folded = AppEvent.fold(state, events);
        portWatch.observe(folded, now);
        checks.observe(folded, now);
        all.addAll(InstancePlanner.settle(
                folded, now, listening(), () -> UUID.randomUUID().toString()));
        if (all.isEmpty()) {
            return Effect().none().thenRun((AppState s) -> committed(s, then)).thenNoReply();
        }
        return Effect()
                .persist(AppEvent.joined(all))
                .thenRun((AppState s) -> {
                    checks.publish(state, all, now);
                    traces.tell(state, all, now);
                    before.filter(id -> !AppChange.holds(s, id)).ifPresent(id -> outbox.notHeld(s, id));
                    committed(s, then);
                })
                .thenNoReply();
    }

    private void committed(AppState state, Consumer<AppState> then) {
        sync(state, false);
        then.accept(state);
        askPorts();
        takeLooks(state);
        Duration next = outbox.busy(state) ? settings.busyTick() : settings.idleTick();
        timers.startSingleTimer(Due.TICK, next);
    }

    private void sync(AppState state, boolean tick) {
        outbox.sync(state, listening(), portWatch.revision(), lastSequenceNumber(context), clock.instant(), tick);
    }

    private Listening listening() {
        return portWatch.listening().withUnready(checks.unready()).withDrains(links.drains());
    }

    private ReplyEffect<AppEvent, AppState> onLooked(AppState state, Looked c) {
        List<AppEvent> events = checks.looked(state, c.taskId(), c.index(), c.result(), clock.instant());
        if (events.isEmpty() && c.index() != HealthWatch.READINESS) {
            takeLooks(state);
            return Effect().noReply();
        }
        return commit(state, events, s -> {});
    }

    private void takeLooks(AppState state) {
        Instant now = clock.instant();
        checks.due(state, now)
                .forEach(look -> context.pipeToSelf(
                        links.look(look),
                        (result, failure) -> new Looked(
                                look.taskId(), look.index(), failure == null ? result : ProbeResult.NOTHING)));
        checks.next(state, now).ifPresent(wait -> timers.startSingleTimer(Due.TAKE_LOOKS, wait));
    }

    private void askPorts() {
        Instant now = clock.instant();
        portWatch
                .due(now)
                .forEach(q -> context.pipeToSelf(
                        links.refuses(q.host(), q.port()),
                        (refused, failure) -> new PortAnswered(q.taskId(), Boolean.TRUE.equals(refused))));
        portWatch.next().ifPresent(at -> timers.startSingleTimer(Due.ASK_PORTS, Duration.between(now, at)));
    }

    /** For an answer. */
    private AppSnapshot snapshot(AppState state) {
        return AppSnapshot.of(state, lastSequenceNumber(context)).brief();
    }
}
