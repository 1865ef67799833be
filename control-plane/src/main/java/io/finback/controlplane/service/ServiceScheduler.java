package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.framework.Caller;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.Home;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A built-in scheduler, of apps or of jobs (here both are called apps): a framework like any other. One of each in the cluster, on a
 * master, nothing persisted: apps tell it again what they want, the framework entity offers again. It places only what an app has journaled first, so a crash at any point launches
 * nothing twice. It keeps no offer it does not need.
 */
public final class ServiceScheduler extends AbstractBehavior<SchedulerMessage> {
    /** {@code event} wraps what the framework entity says. */
    private record FromFramework(SchedulerEvent event) implements SchedulerMessage {}

    private record AcceptAnswered(List<TaskInfo> tasks, Optional<String> refusal) implements SchedulerMessage {}

    private enum Tick implements SchedulerMessage {
        INSTANCE
    }

    /** What has come in of task updates goes to its owners, each as one. */
    private enum Deliver implements SchedulerMessage {
        INSTANCE
    }

    /** Asked for by whatever may let something be placed; what comes in before it is done shares it. */
    private enum Match implements SchedulerMessage {
        INSTANCE
    }

    private static final Duration ACCEPT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration ROUND_REFUSE = Duration.ofSeconds(1);
    /** A framework entity that moved may have forgotten that it was revived. */
    private static final Duration STALE = Duration.ofSeconds(10);

    private final SchedulerSettings settings;
    private final RecipientRef<FrameworkMessage> framework;
    /** Grows by the roles of what waits; those that nobody waits for any more are suppressed. */
    private FrameworkInfo info;

    private final TaskOwners owners;
    private final Consumer<Boolean> connected;
    private final InstantSource clock;
    private final ActorRef<SchedulerEvent> events;

    private final TaskNews news = new TaskNews();
    private final PlacingDesk desk;
    private boolean subscribed;
    /** The roles for which offers come; when in doubt too many. */
    private Set<String> open = Set.of();

    private boolean reviveWanted;
    private boolean matchAsked;
    private Instant subscribedAt = Instant.EPOCH;
    private Instant revivedAt = Instant.EPOCH;

    /** A built-in framework of this name: for ever, for the resources that are nobody's own and, as apps ask for
     * them, for those of roles, and with every capability there is use for. */
    public static FrameworkInfo framework(String name) {
        return new FrameworkInfo(
                name,
                Home.PRINCIPAL,
                List.of("*"),
                Duration.ofDays(3650),
                "",
                Set.of(
                        Capability.MULTI_ROLE,
                        Capability.RESERVATION_REFINEMENT,
                        Capability.PARTITION_AWARE,
                        Capability.TASK_KILLING_STATE,
                        Capability.GPU_RESOURCES,
                        Capability.REGION_AWARE),
                true,
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Map.of());
    }

    /** {@code framework}: the entity that {@code info} subscribes with. {@code connected}: told when that has succeeded, and ended. */
    public static Behavior<SchedulerMessage> create(
            SchedulerSettings settings,
            RecipientRef<FrameworkMessage> framework,
            FrameworkInfo info,
            TaskOwners owners,
            Consumer<QueueReport> reports,
            Consumer<Boolean> connected,
            InstantSource clock,
            RandomGenerator random) {
        Behavior<SchedulerMessage> behavior =
                Behaviors.setup(context -> Behaviors.withTimers(timers -> new ServiceScheduler(
                        context, timers, settings, framework, info, owners, reports, connected, clock, random)));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.1));
    }

    private ServiceScheduler(
            ActorContext<SchedulerMessage> context,
            TimerScheduler<SchedulerMessage> timers,
            SchedulerSettings settings,
            RecipientRef<FrameworkMessage> framework,
            FrameworkInfo info,
            TaskOwners owners,
            Consumer<QueueReport> reports,
            Consumer<Boolean> connected,
            InstantSource clock,
            RandomGenerator random) {
        super(context);
        this.settings = settings;
        this.framework = framework;
        this.info = info;
        this.owners = owners;
        this.desk = new PlacingDesk(settings, owners, reports, random, context.getLog());
        this.connected = connected;
        this.clock = clock;
        this.events = context.messageAdapter(SchedulerEvent.class, FromFramework::new);
        timers.startTimerWithFixedDelay(Tick.INSTANCE, Duration.ZERO, settings.tick());
    }

    @Override
    public Receive<SchedulerMessage> createReceive() {
        return newReceiveBuilder()
                .onMessage(SchedulerMessage.Wake.class, m -> this)
                .onMessage(SchedulerMessage.Abdicate.class, m -> ended("abdicated"))
                .onMessage(SchedulerMessage.Demanded.class, this::onDemanded)
                .onMessage(SchedulerMessage.Placed.class, this::onPlaced)
                .onMessage(SchedulerMessage.KillTask.class, this::onKill)
                .onMessage(SchedulerMessage.AcknowledgeTask.class, this::onAcknowledge)
                .onMessage(SchedulerMessage.ReconcileTasks.class, this::onReconcile)
                .onMessage(FromFramework.class, m -> onEvent(m.event()))
                .onMessage(AcceptAnswered.class, this::onAcceptAnswered)
                .onMessage(Tick.class, m -> onTick())
                .onMessage(Match.class, m -> onMatch())
                .onMessage(Deliver.class, m -> onDeliver())
                .build();
    }

    private Behavior<SchedulerMessage> onDemanded(SchedulerMessage.Demanded m) {
        if (desk.backlog.take(m.demand())) {
            subscribeFor(m.demand().terms().role());
            reviveWanted = true;
            matchSoon();
        }
        return this;
    }

    private Behavior<SchedulerMessage> onPlaced(SchedulerMessage.Placed m) {
        desk.rounds
                .placed(m.round(), m.appId(), m.tasks(), m.more())
                .forEach(task -> lost(task, "the offer had gone before the app answered"));
        finishRounds();
        return this;
    }

    private Behavior<SchedulerMessage> onKill(SchedulerMessage.KillTask m) {
        framework.tell(new SchedulerCall.Kill(m.task(), m.agent(), m.grace()));
        return this;
    }

    private Behavior<SchedulerMessage> onAcknowledge(SchedulerMessage.AcknowledgeTask m) {
        framework.tell(new SchedulerCall.Acknowledge(m.task(), m.uuid()));
        return this;
    }

    private Behavior<SchedulerMessage> onReconcile(SchedulerMessage.ReconcileTasks m) {
        Set<String> inRound = desk.rounds.taskIds();
        List<TaskId> settled = m.tasks().stream()
                .filter(t -> !inRound.contains(t.value()) && !inRound.contains(AppPath.instanceOfTask(t.value())))
                .toList();
        // An empty list would ask for everything.
        if (!settled.isEmpty()) {
            framework.tell(new SchedulerCall.Reconcile(settled));
        }
        return this;
    }

    private Behavior<SchedulerMessage> onEvent(SchedulerEvent event) {
        if (event instanceof SchedulerEvent.Offers o) {
            desk.offers.add(o.offers());
            matchSoon();
        } else if (event instanceof SchedulerEvent.Rescind r) {
            r.offers().forEach(id -> {
                desk.offers.remove(id);
                desk.rounds.rescinded(id).ifPresent(launch -> abandon(launch, "the offer was rescinded"));
            });
        } else if (event instanceof SchedulerEvent.Update u) {
            route(u.status());
        } else if (event instanceof SchedulerEvent.Subscribed) {
            if (!subscribed) {
                getContext().getLog().info("services.subscribed framework={}", info.name());
                open = Set.copyOf(info.roles());
                reviveWanted = true;
                connected.accept(true);
            }
            subscribed = true;
        } else if (event instanceof SchedulerEvent.Disconnected d) {
            return ended(d.reason());
        } else if (event instanceof SchedulerEvent.Ended e) {
            return ended(e.message());
        }
        return this;
    }

    private Behavior<SchedulerMessage> ended(String reason) {
        getContext().getLog().warn("services.disconnected framework={} reason={}", info.name(), reason);
        connected.accept(false);
        return Behaviors.stopped();
    }

    private void route(TaskStatus status) {
        Optional<String> owner = owners.ownerOf(status);
        owner.ifPresent(o -> desk.vanished.note(o, status));
        if (owner.isEmpty()) {
            status.uuid().ifPresent(id -> framework.tell(new SchedulerCall.Acknowledge(status.task(), id)));
        } else if (news.add(owner.get(), status)) {
            getContext().getSelf().tell(Deliver.INSTANCE);
        }
    }

    private Behavior<SchedulerMessage> onDeliver() {
        news.drain(owners::update);
        return this;
    }

    private Behavior<SchedulerMessage> onTick() {
        Instant now = clock.instant();
        if (!subscribed || now.isAfter(subscribedAt.plus(settings.resubscribe()))) {
            subscribedAt = now;
            framework.tell(new SchedulerCall.Subscribe(info, events));
        }
        finishRounds();
        match();
        return this;
    }

    private void matchSoon() {
        if (!matchAsked) {
            matchAsked = true;
            getContext().getSelf().tell(Match.INSTANCE);
        }
    }

    private Behavior<SchedulerMessage> onMatch() {
        matchAsked = false;
        match();
        return this;
    }

    /** Costs nothing while there is nothing to place, and little while there is nothing to place it on. */
    private void match() {
        Instant now = clock.instant();
        PlacingDesk.Due due = desk.due(now);
        Set<String> wanted =
                due.all().stream().map(demand -> demand.terms().role()).collect(Collectors.toSet());
        if (!due.isEmpty()) {
            revive(wanted, now);
            desk.cycle(due, getContext().getSelf(), now);
        }
        if (subscribed && desk.rounds.isEmpty() && !wanted.containsAll(open)) {
            Set<String> needless = new HashSet<>(open);
            needless.removeAll(wanted);
            framework.tell(new SchedulerCall.Suppress(Caller.BUILT_IN, needless));
            open = open.stream().filter(wanted::contains).collect(Collectors.toSet());
        }
        List<OfferId> unused = desk.unused();
        if (!unused.isEmpty()) {
            framework.tell(new SchedulerCall.Decline(unused, settings.refuse()));
        }
    }

    private void revive(Set<String> roles, Instant now) {
        boolean stale = now.isAfter(revivedAt.plus(STALE));
        boolean due = !open.containsAll(roles) || reviveWanted || stale;
        if (due && subscribed && now.isAfter(revivedAt.plus(settings.reviveInterval()))) {
            Set<String> more = new HashSet<>(open);
            more.addAll(roles);
            open = Set.copyOf(more);
            reviveWanted = false;
            revivedAt = now;
            framework.tell(new SchedulerCall.Revive(Caller.BUILT_IN, roles));
        }
    }

    /** A role that is new: without it no offers come, and nothing can be reserved. */
    private void subscribeFor(String role) {
        if (!info.roles().contains(role)) {
            info = info.withRole(role);
            if (subscribed) {
                framework.tell(new SchedulerCall.Subscribe(info, events));
                open = Stream.concat(open.stream(), Stream.of(role)).collect(Collectors.toSet());
            }
        }
    }

    private void finishRounds() {
        for (LaunchRounds.Launch launch : desk.rounds.ended(clock.instant())) {
            desk.backlog.placed(launch.apps, launch.taskIds);
            if (launch.confirmed.isEmpty()) {
                framework.tell(new SchedulerCall.Decline(List.of(launch.offer), ROUND_REFUSE));
            } else {
                accept(launch);
            }
        }
    }

    private void accept(LaunchRounds.Launch launch) {
        List<TaskInfo> tasks = List.copyOf(launch.confirmed);
        // No answer: the apps ask what became of their launches (reconciliation), which settles it either way.
        getContext()
                .ask(
                        CallAnswer.class,
                        framework,
                        ACCEPT_TIMEOUT,
                        (ActorRef<CallAnswer> replyTo) -> new SchedulerCall.Accept(
                                new Caller(Optional.empty(), Optional.of(replyTo)),
                                List.of(launch.offer),
                                LaunchRounds.operations(launch),
                                Duration.ZERO),
                        (reply, failure) -> new AcceptAnswered(
                                tasks,
                                reply instanceof CallAnswer.Refused refused
                                        ? Optional.of(refused.message())
                                        : Optional.empty()));
    }

    private Behavior<SchedulerMessage> onAcceptAnswered(AcceptAnswered m) {
        m.refusal().ifPresent(why -> m.tasks().forEach(task -> lost(task, why)));
        return this;
    }

    private void abandon(LaunchRounds.Launch launch, String why) {
        launch.confirmed.forEach(task -> lost(task, why));
    }

    /** Tells the app that a task it has journaled never reached the framework. */
    private void lost(TaskInfo task, String why) {
        route(new TaskStatus(
                task.id(),
                task.framework(),
                task.agent(),
                TaskState.LOST,
                TaskStatus.Source.MASTER,
                Optional.empty(),
                clock.instant(),
                Optional.of("INVALID_OFFERS"),
                Optional.of(why),
                Optional.empty(),
                Optional.empty()));
    }
}
