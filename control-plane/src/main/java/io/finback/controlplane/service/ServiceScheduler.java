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
import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.Demand;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Matcher;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

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

    private static final Duration ACCEPT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration ROUND_REFUSE = Duration.ofSeconds(1);
    /** A framework entity that moved may have forgotten that it was revived. */
    private static final Duration STALE = Duration.ofSeconds(10);

    private final SchedulerSettings settings;
    private final RecipientRef<FrameworkMessage> framework;
    private final FrameworkInfo info;
    private final TaskOwners owners;
    private final Consumer<QueueReport> reports;
    private final Consumer<Boolean> connected;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final ActorRef<SchedulerEvent> events;

    private final Map<String, Demand> demands = new LinkedHashMap<>();
    private final Map<OfferId, Offer> offers = new LinkedHashMap<>();
    private final LaunchRounds rounds = new LaunchRounds();
    private final Map<String, QueueReport> queue = new HashMap<>();
    private boolean subscribed;
    private boolean suppressed;
    private boolean reviveWanted;
    private Instant subscribedAt = Instant.EPOCH;
    private Instant revivedAt = Instant.EPOCH;

    /** A built-in framework of this name: for ever, for all resources that are nobody's own, and with every capability there is use for. */
    public static FrameworkInfo framework(String name) {
        return new FrameworkInfo(
                name,
                "finback",
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
        this.reports = reports;
        this.connected = connected;
        this.clock = clock;
        this.random = random;
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
                .build();
    }

    private Behavior<SchedulerMessage> onDemanded(SchedulerMessage.Demanded m) {
        Demand demand = m.demand();
        Demand old = demands.get(demand.appId());
        if (old != null && old.revision() > demand.revision()) {
            return this;
        }
        if (demand.waiting().isEmpty()) {
            demands.remove(demand.appId());
            queue.remove(demand.appId());
            return this;
        }
        demands.put(demand.appId(), demand);
        if (old == null
                || !old.waiting().equals(demand.waiting())
                || !old.notBefore().equals(demand.notBefore())) {
            reviveWanted = true;
            match();
        }
        return this;
    }

    private Behavior<SchedulerMessage> onPlaced(SchedulerMessage.Placed m) {
        if (rounds.placed(m.round(), m.appId(), m.tasks())) {
            finishRounds();
        } else {
            m.tasks().forEach(task -> lost(task, "the offer had gone before the app answered"));
        }
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
        Set<String> inRound = rounds.taskIds();
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
            o.offers().forEach(offer -> offers.put(offer.id(), offer));
            match();
        } else if (event instanceof SchedulerEvent.Rescind r) {
            r.offers().forEach(id -> {
                offers.remove(id);
                rounds.rescinded(id).forEach(round -> abandon(round, "the offer was rescinded"));
            });
        } else if (event instanceof SchedulerEvent.Update u) {
            route(u.status());
        } else if (event instanceof SchedulerEvent.Subscribed) {
            if (!subscribed) {
                getContext().getLog().info("services.subscribed framework={}", info.name());
                suppressed = false;
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
        if (!owners.update(status)) {
            status.uuid().ifPresent(id -> framework.tell(new SchedulerCall.Acknowledge(status.task(), id)));
        }
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

    private List<Demand> due(Instant now) {
        Set<String> inRound = rounds.taskIds();
        List<Demand> due = new ArrayList<>();
        for (Demand demand : demands.values()) {
            if (!now.isBefore(demand.notBefore())) {
                List<String> free = demand.waiting().stream()
                        .filter(id -> !inRound.contains(id))
                        .toList();
                if (!free.isEmpty()) {
                    due.add(demand.waitingOnly(free));
                }
            }
        }
        return due;
    }

    private void match() {
        Instant now = clock.instant();
        List<Demand> due = due(now);
        if (due.isEmpty()) {
            decline();
            if (subscribed && !suppressed && rounds.isEmpty()) {
                suppressed = true;
                framework.tell(new SchedulerCall.Suppress());
            }
            return;
        }
        boolean stale = now.isAfter(revivedAt.plus(STALE));
        boolean revive = suppressed || reviveWanted || stale;
        if (revive && subscribed && now.isAfter(revivedAt.plus(settings.reviveInterval()))) {
            suppressed = false;
            reviveWanted = false;
            revivedAt = now;
            framework.tell(new SchedulerCall.Revive());
        }
        if (offers.isEmpty()) {
            return;
        }
        // What is reserved, revocable or a volume is of no use to an app; the accept leaves it where it is.
        List<Matcher.Offered> offered = offers.values().stream()
                .map(o -> new Matcher.Offered(
                        o.id(), o.agent(), o.hostname(), o.resources().plain(), o.attributes()))
                .toList();
        Matcher.Result result = Matcher.match(due, offered, random);
        report(result, offered.size(), now);
        Map<OfferId, List<Matcher.Assignment>> byOffer = new LinkedHashMap<>();
        result.assignments().forEach(a -> byOffer.computeIfAbsent(a.offer().id(), id -> new ArrayList<>())
                .add(a));
        byOffer.forEach((offer, assignments) -> place(offer, assignments, now));
        decline();
    }

    private void place(OfferId offer, List<Matcher.Assignment> assignments, Instant now) {
        offers.remove(offer);
        long number = rounds.open(offer, assignments, now.plus(settings.placeTimeout()));
        Map<String, Map<String, Instance.Place>> byApp = new HashMap<>();
        for (Matcher.Assignment a : assignments) {
            Instance.Place place = new Instance.Place(
                    a.offer().agent().value(),
                    a.offer().host(),
                    a.ports(),
                    a.offer().attributes(),
                    now);
            byApp.computeIfAbsent(a.appId(), id -> new HashMap<>()).put(a.taskId(), place);
        }
        byApp.forEach((appId, places) ->
                owners.place(appId, number, places, getContext().getSelf()));
    }

    private void finishRounds() {
        for (LaunchRounds.Round round : rounds.ended(clock.instant())) {
            Set<String> taken = new HashSet<>(round.taskIds);
            demands.replaceAll((appId, demand) -> demand.withoutWaiting(taken));
            if (round.confirmed.isEmpty()) {
                framework.tell(new SchedulerCall.Decline(List.of(round.offer), ROUND_REFUSE));
            } else {
                accept(round);
            }
        }
    }

    private void accept(LaunchRounds.Round round) {
        List<TaskInfo> tasks = List.copyOf(round.confirmed);
        // No answer: the apps ask what became of their launches (reconciliation), which settles it either way.
        getContext()
                .ask(
                        CallAnswer.class,
                        framework,
                        ACCEPT_TIMEOUT,
                        (ActorRef<CallAnswer> replyTo) -> new SchedulerCall.Accept(
                                new Caller(Optional.empty(), Optional.of(replyTo)),
                                List.of(round.offer),
                                LaunchRounds.operations(tasks),
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

    private void abandon(LaunchRounds.Round round, String why) {
        round.confirmed.forEach(task -> lost(task, why));
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

    private void decline() {
        if (!offers.isEmpty()) {
            framework.tell(new SchedulerCall.Decline(List.copyOf(offers.keySet()), settings.refuse()));
            offers.clear();
        }
    }

    private void report(Matcher.Result result, int offered, Instant now) {
        result.assignments().stream().map(Matcher.Assignment::appId).distinct().forEach(appId -> {
            QueueReport old = queue.getOrDefault(appId, QueueReport.none(appId, now));
            queue.put(appId, old.used(now, offered));
        });
        result.misses().forEach((appId, miss) -> {
            Map<String, Integer> why = new HashMap<>();
            miss.reasons().forEach((reason, count) -> why.put(reason.wireName(), count));
            QueueReport next =
                    queue.getOrDefault(appId, QueueReport.none(appId, now)).missed(now, miss.offers(), why);
            queue.put(appId, next);
            reports.accept(next);
        });
    }
}
