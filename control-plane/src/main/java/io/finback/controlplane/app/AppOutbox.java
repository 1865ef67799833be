package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.Demand;
import io.finback.controlplane.scheduler.Home;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Instance.Phase;
import io.finback.controlplane.scheduler.InstanceIndex;
import io.finback.controlplane.scheduler.InstancePlanner;
import io.finback.controlplane.scheduler.Listening;
import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import io.finback.wire.AppEndpoints;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Everything an app's entity says to others, derived from its state alone: after any change and on every tick the difference
 * between what was said and what is true is sent, and what was not confirmed is sent again. Forgetting it (a restart) only repeats
 * messages. Confined to the entity's actor.
 */
final class AppOutbox {
    private static final Duration ENDPOINTS_REPEAT = Duration.ofSeconds(3);
    private static final Duration LARGE_VIEW = Duration.ofSeconds(1);
    /** Instances of one app that the mesh knows: one entry of the distributed data, below a remote frame. */
    private static final int MAX_ENDPOINTS = 10_000;
    /** Tasks asked about in one message. */
    private static final int ASKED = 5_000;

    /** So many endpoints are told together, those of {@link #LARGE_ENDPOINTS}. */
    private static final int MANY_ENDPOINTS = 2_000;

    private static final Duration LARGE_ENDPOINTS = Duration.ofMillis(250);

    private final AppSettings settings;
    private final AppLinks links;
    private final ActorRef<AppCommand> self;
    private final InstanceIndex index;
    private final Supplier<Map<String, HealthReport.Seen>> judged;

    private long viewed = -1;
    private Instant viewedAt = Instant.EPOCH;
    private boolean viewDue;
    private Optional<Demand> demanded = Optional.empty();
    private Optional<AppEndpoints> published = Optional.empty();
    private Set<String> doomedWhenPublished = Set.of();
    private Instant publishedAt = Instant.EPOCH;
    private boolean endpointsConfirmed;
    private long servingTold = -1;
    private long listeningTold = -1;
    private boolean endpointsDue;
    private boolean portsFreed;
    private Instant claimedFor = Instant.EPOCH;
    private Instant stagingAskedAt = Instant.EPOCH;
    private Instant allAskedAt = Instant.EPOCH;
    private final Map<String, Instant> killableAt = new HashMap<>();
    private final Map<String, Instant> killedAt = new HashMap<>();
    private final Map<String, Instant> releasedAt = new HashMap<>();

    AppOutbox(
            String appId,
            AppSettings settings,
            AppLinks links,
            ActorRef<AppCommand> self,
            Supplier<Map<String, HealthReport.Seen>> judged) {
        this.index = new InstanceIndex(appId);
        this.settings = settings;
        this.links = links;
        this.self = self;
        this.judged = judged;
    }

    /** Sends what changed; with {@code tick} also what is unconfirmed. {@code heard}: grows when {@code listening} has changed. */
    void sync(AppState state, Listening listening, long heard, long revision, Instant now, boolean tick) {
        if (revision == 0) {
            return;
        }
        index.observe(state);
        view(state, revision, now);
        ports(state, revision, tick);
        demand(state, revision, tick);
        endpoints(state, listening, heard, now);
        kills(state, now);
        homes(state, now);
        deployment(state, listening, now, tick);
        if (tick) {
            reconcile(state, now);
        }
    }

    /** Every change; of a large app what has changed in a while, as all of it goes to every master. */
    private void view(AppState state, long revision, Instant now) {
        viewDue = revision != viewed;
        if (!viewDue) {
            return;
        }
        if (AppSnapshot.isLarge(state) && now.isBefore(viewedAt.plus(LARGE_VIEW))) {
            return;
        }
        AppSnapshot snapshot = AppSnapshot.of(state, revision).seeing(judged.get());
        snapshot.parts().forEach(links::toViews);
        viewed = revision;
        viewedAt = now;
        viewDue = false;
    }

    /** Something is under way, so ticks come often. */
    boolean busy(AppState state) {
        return viewDue
                || endpointsDue
                || state.lock().isPresent()
                || !endpointsConfirmed
                || state.portsMissing()
                || !state.toRelease().isEmpty()
                || (!state.exists() && !portsFreed)
                || !state.atRest();
    }

    /** Nothing will ever be said again, until somebody creates the app. */
    boolean finished(AppState state) {
        return !state.exists() && endpointsConfirmed && portsFreed;
    }

    void portsFreed() {
        portsFreed = true;
    }

    /** Returns how long the first of the instances that left the endpoints must still be waited for. */
    Optional<Duration> endpointsWritten(AppState state, long revision, Instant now) {
        if (published.filter(p -> p.revision() == revision).isEmpty()) {
            return Optional.empty();
        }
        endpointsConfirmed = true;
        Instant when = now.plus(settings.drainDelay());
        doomedWhenPublished.stream()
                .filter(state.instances()::containsKey)
                .forEach(id -> killableAt.putIfAbsent(id, when));
        return doomedWhenPublished.isEmpty() ? Optional.empty() : Optional.of(settings.drainDelay());
    }

    void notHeld(AppState state, String deploymentId) {
        links.toDeployment(deploymentId, new DeploymentMessage.NotHeld(state.appId()));
    }

    /** A task the app has given up still runs. */
    void stray(TaskId task, AgentId agent) {
        links.toScheduler(new SchedulerMessage.KillTask(task, Optional.of(agent), Optional.empty()));
    }

    void acknowledge(TaskId task, Optional<String> uuid) {
        uuid.ifPresent(id -> links.toScheduler(new SchedulerMessage.AcknowledgeTask(task, id)));
    }

    private void ports(AppState state, long revision, boolean tick) {
        if (!state.exists()) {
            if (!portsFreed) {
                links.toPorts(new PortsMessage.Free(state.appId(), revision, self));
            }
            return;
        }
        portsFreed = false;
        var current = state.current().orElseThrow();
        boolean fresh = !current.version().equals(claimedFor);
        if (fresh || (tick && state.portsMissing())) {
            claimedFor = current.version();
            List<Integer> wanted = current.definition().ports().stream()
                    .map(AppDefinition.PortDefinition::port)
                    .toList();
            links.toPorts(new PortsMessage.Claim(state.appId(), revision, current.version(), wanted, self));
        }
    }

    private void demand(AppState state, long revision, boolean tick) {
        Demand demand = state.exists() && !state.removing()
                ? Demand.of(state, revision, index)
                : Demand.none(state.appId(), revision);
        boolean waits = !demand.waiting().isEmpty();
        boolean waited = demanded.map(d -> !d.waiting().isEmpty()).orElse(false);
        boolean changed = demanded.map(d -> !sameBut(d, demand)).orElse(waits);
        if ((changed && (waits || waited)) || (tick && waits)) {
            links.toScheduler(new SchedulerMessage.Demanded(demand));
            demanded = Optional.of(demand);
        }
    }

    private static boolean sameBut(Demand a, Demand b) {
        return a.waiting().equals(b.waiting())
                && a.notBefore().equals(b.notBefore())
                && a.placed().equals(b.placed())
                && a.each().equals(b.each())
                && a.ports().equals(b.ports())
                && a.constraints().equals(b.constraints())
                && a.terms().equals(b.terms());
    }

    /**
     * What listens is no journaled fact, so the entity's sequence number may stand still while this list changes, and routers take only
     * what is newer: hence the clock, which also passes over failovers (as far as the masters' clocks agree).
     */
    private void endpoints(AppState state, Listening listening, long heard, Instant now) {
        boolean overdue = !endpointsConfirmed && now.isAfter(publishedAt.plus(ENDPOINTS_REPEAT));
        endpointsDue = index.serving() != servingTold || heard != listeningTold || published.isEmpty();
        boolean many = published.filter(p -> p.ready().size() > MANY_ENDPOINTS).isPresent();
        boolean later = many && now.isBefore(publishedAt.plus(LARGE_ENDPOINTS));
        if (!overdue && (!endpointsDue || later)) {
            return;
        }
        endpointsDue = false;
        servingTold = index.serving();
        listeningTold = heard;
        List<AppEndpoints.Instance> ready = new ArrayList<>();
        Set<String> doomed = new HashSet<>();
        for (Instance instance : state.instances().values()) {
            if (instance.ready() && !listening.awaited().contains(instance.taskId())) {
                if (ready.size() == MAX_ENDPOINTS) {
                    continue;
                }
                instance.place()
                        .ifPresent(p -> ready.add(new AppEndpoints.Instance(instance.taskId(), p.host(), p.ports())));
            } else if (instance.doomed()) {
                doomed.add(instance.taskId());
            }
        }
        boolean changed =
                published.map(p -> !p.ready().equals(ready)).orElse(true) || !doomedWhenPublished.containsAll(doomed);
        if (changed || overdue) {
            long revision = Math.max(
                    now.toEpochMilli(), published.map(AppEndpoints::revision).orElse(0L) + 1);
            AppEndpoints endpoints = new AppEndpoints(state.appId(), revision, ready);
            published = Optional.of(endpoints);
            doomedWhenPublished = doomed;
            publishedAt = now;
            endpointsConfirmed = false;
            links.toEndpoints(endpoints, self);
        }
    }

    private void kills(AppState state, Instant now) {
        killableAt.keySet().retainAll(state.instances().keySet());
        killedAt.keySet().retainAll(state.instances().keySet());
        Optional<Duration> grace = state.current().flatMap(c -> c.definition().killGrace());
        for (String id : index.doomed()) {
            Instance instance = state.instance(id).orElseThrow();
            boolean called = instance.phase() == Phase.RUNNING;
            boolean drained = !called || !now.isBefore(killableAt.getOrDefault(id, Instant.MAX));
            boolean due = !now.isBefore(killedAt.getOrDefault(id, Instant.EPOCH).plus(settings.killRepeat()));
            if (drained && due) {
                killedAt.put(id, now);
                Optional<AgentId> agent = instance.place().map(p -> AgentId.of(p.agentId()));
                instance.tasks()
                        .forEach(task ->
                                links.toScheduler(new SchedulerMessage.KillTask(TaskId.of(task), agent, grace)));
            }
        }
    }

    private void homes(AppState state, Instant now) {
        releasedAt.keySet().removeIf(id -> state.homes().stream()
                .noneMatch(home -> home.id().equals(id)));
        for (Home home : state.toRelease()) {
            Instant again = releasedAt.getOrDefault(home.id(), Instant.EPOCH).plus(settings.killRepeat());
            if (!now.isBefore(again)) {
                releasedAt.put(home.id(), now);
                links.release(home, self);
            }
        }
    }

    private void deployment(AppState state, Listening listening, Instant now, boolean tick) {
        if (state.lock().isEmpty()) {
            return;
        }
        AppState.Lock lock = state.lock().get();
        String id = lock.plan().id();
        if (state.order().isPresent()) {
            if (InstancePlanner.plan(state, now, listening).done()) {
                links.toDeployment(
                        id,
                        new DeploymentMessage.ActionDone(
                                state.appId(), state.order().get().step()));
            }
            if (!tick) {
                return;
            }
        }
        links.toDeployment(id, new DeploymentMessage.Run(lock.plan()));
    }

    private void reconcile(AppState state, Instant now) {
        boolean all = now.isAfter(allAskedAt.plus(settings.reconcileAll()));
        boolean staging = now.isAfter(stagingAskedAt.plus(settings.reconcileStaging()));
        if (!all && !staging) {
            return;
        }
        Instant old = now.minus(settings.reconcileStaging());
        List<TaskId> tasks = state.instances().values().stream()
                .filter(i -> i.launched()
                        && (all
                                || (i.phase() == Phase.STAGING
                                        && i.place().orElseThrow().at().isBefore(old))))
                .flatMap(i -> i.tasks().stream())
                .map(TaskId::of)
                .toList();
        stagingAskedAt = now;
        allAskedAt = all ? now : allAskedAt;
        for (int from = 0; from < tasks.size(); from += ASKED) {
            links.toScheduler(
                    new SchedulerMessage.ReconcileTasks(tasks.subList(from, Math.min(tasks.size(), from + ASKED))));
        }
    }
}
