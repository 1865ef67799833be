package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * What a framework says to the others, and what it still waits to be answered. Nothing is sent before {@link #flush}, that is, before
 * what it is about is journaled; work for one agent leaves as one message per batch. Not durable: after a restart everything
 * unanswered is found again in the state.
 */
final class Outbound {
    /** Tasks per message: a launch is some hundred bytes, Artery's frame 256 KiB. */
    private static final int PART = 200;

    /** Tasks accepted together, waiting for their resources. */
    private record ClaimGroup(AgentId agent, Set<TaskId> tasks, Duration refuse) {}

    private static final class Work {
        private final List<TaskInfo> launches = new ArrayList<>();
        private final List<MasterToAgent.KillTask> kills = new ArrayList<>();
        private final List<MasterToAgent.UpdateId> acknowledgements = new ArrayList<>();
    }

    private final FrameworkId framework;
    private final Consumer<AllocatorMessage> allocator;
    private final BiConsumer<AgentId, SessionOrder> sessions;
    private final ActorRef<AllocationEvent> allocatorReplies;
    private final Map<AgentId, Work> work = new LinkedHashMap<>();
    private final List<Runnable> afterwards = new ArrayList<>();
    private final Map<List<OfferId>, ClaimGroup> claimGroups = new LinkedHashMap<>();
    private final Map<TaskId, List<OfferId>> claimed = new LinkedHashMap<>();
    private final Repeats<List<OfferId>> claims;
    private final Repeats<TaskId> launches;
    private final Repeats<TaskId> kills;
    private final Repeats<TaskId> releases;
    private final Repeats<TaskId> updates;
    private final Set<TaskId> releasing = new LinkedHashSet<>();
    private Optional<ActorRef<SchedulerEvent>> scheduler = Optional.empty();

    Outbound(
            FrameworkId framework,
            FrameworkSettings settings,
            Consumer<AllocatorMessage> allocator,
            BiConsumer<AgentId, SessionOrder> sessions,
            ActorRef<AllocationEvent> allocatorReplies) {
        this.framework = framework;
        this.allocator = allocator;
        this.sessions = sessions;
        this.allocatorReplies = allocatorReplies;
        Duration longest = settings.repeat().multipliedBy(4);
        this.claims = new Repeats<>(settings.repeat(), longest);
        this.launches = new Repeats<>(settings.repeat(), longest);
        this.kills = new Repeats<>(settings.repeat(), longest);
        this.releases = new Repeats<>(settings.repeat(), longest);
        this.updates = new Repeats<>(settings.updateRepeat(), settings.updateRepeatMax());
    }

    Optional<ActorRef<SchedulerEvent>> scheduler() {
        return scheduler;
    }

    void setScheduler(Optional<ActorRef<SchedulerEvent>> to) {
        scheduler = to;
    }

    void tellScheduler(SchedulerEvent event) {
        scheduler.ifPresent(ref -> tell(ref, event));
    }

    <T> void tell(ActorRef<T> to, T message) {
        afterwards.add(() -> to.tell(message));
    }

    void tellAllocator(AllocatorMessage message) {
        afterwards.add(() -> allocator.accept(message));
    }

    void tellSession(AgentId agent, SessionOrder order) {
        afterwards.add(() -> sessions.accept(agent, order));
    }

    void interest(boolean suppressed) {
        tellAllocator(new AllocatorMessage.Interest(framework, ClientSpec.of("*", suppressed), allocatorReplies));
    }

    void update(TaskStatus status, Instant now) {
        if (status.uuid().isPresent()) {
            updates.said(status.task(), now);
        }
        tellScheduler(new SchedulerEvent.Update(status));
    }

    /** @param waiting what the scheduler has not taken yet; none: it has taken all */
    void acknowledged(TaskId task, List<TaskStatus> waiting, Instant now) {
        if (waiting.isEmpty()) {
            updates.answered(task);
        } else {
            updates.said(task, now);
        }
    }

    /** Claims these tasks' resources until answered. An empty list of tasks gives the offers back. */
    void claim(List<OfferId> offers, AgentId agent, List<TaskInfo> tasks, Duration refuse, Instant now) {
        Set<TaskId> ids = new LinkedHashSet<>();
        tasks.forEach(task -> {
            ids.add(task.id());
            claimed.put(task.id(), offers);
        });
        claimGroups.put(offers, new ClaimGroup(agent, ids, refuse));
        claims.said(offers, now);
        sendClaim(offers, agent, tasks, refuse);
    }

    boolean isClaiming(TaskId task) {
        return claimed.containsKey(task);
    }

    /** True if the task's claim was pending, which it now is no more. */
    @CanIgnoreReturnValue
    boolean claimAnswered(TaskId task) {
        List<OfferId> offers = claimed.remove(task);
        ClaimGroup group = offers == null ? null : claimGroups.get(offers);
        if (offers != null && group != null) {
            group.tasks().remove(task);
            if (group.tasks().isEmpty()) {
                claimGroups.remove(offers);
                claims.answered(offers);
            }
        }
        return offers != null;
    }

    /** Launches the task until its agent has it. */
    void launch(TaskInfo task, Instant now) {
        launches.said(task.id(), now);
        workFor(task.agent()).launches.add(task);
    }

    boolean isLaunching(TaskId task) {
        return launches.contains(task);
    }

    void launchReceived(TaskId task) {
        launches.answered(task);
    }

    /** Kills the task until its agent has heard of it. */
    void kill(TaskRecord task, Instant now) {
        kills.said(task.info().id(), now);
        killOnce(task.info().agent(), task.info().id(), task.killGrace());
    }

    /** Kills a task the framework does not know; the agent will list it again if this is lost. */
    void killOnce(AgentId agent, TaskId task, Optional<Duration> grace) {
        workFor(agent).kills.add(new MasterToAgent.KillTask(TaskKey.of(framework, task), grace));
    }

    void killReceived(TaskId task) {
        kills.answered(task);
    }

    void acknowledgeToAgent(TaskStatus status) {
        status.uuid().ifPresent(uuid -> workFor(status.agent())
                .acknowledgements
                .add(new MasterToAgent.UpdateId(TaskKey.of(framework, status.task()), uuid)));
    }

    /** Gives the task's resources back until that is confirmed, and stops waiting for anything else about it. */
    void release(TaskId task, Instant now) {
        claimAnswered(task);
        launches.answered(task);
        kills.answered(task);
        releases.said(task, now);
        releasing.add(task);
    }

    void released(TaskId task) {
        releases.answered(task);
    }

    /** Says again what is due. */
    void repeat(FrameworkRound round, Instant now) {
        for (List<OfferId> offers : claims.due(now)) {
            ClaimGroup group = claimGroups.get(offers);
            if (group != null) {
                sendClaim(offers, group.agent(), infos(round, group.tasks()), group.refuse());
            }
        }
        for (TaskInfo task : infos(round, launches.due(now))) {
            workFor(task.agent()).launches.add(task);
        }
        for (TaskId task : kills.due(now)) {
            round.task(task)
                    .ifPresentOrElse(
                            record -> killOnce(record.info().agent(), task, record.killGrace()),
                            () -> kills.answered(task));
        }
        releasing.addAll(releases.due(now));
        if (scheduler.isPresent()) {
            for (TaskId task : updates.due(now)) {
                round.task(task)
                        .ifPresentOrElse(
                                record -> record.unacknowledged()
                                        .forEach(status -> tellScheduler(new SchedulerEvent.Update(status))),
                                () -> updates.answered(task));
            }
        }
    }

    /** Sends what has gathered. */
    void flush() {
        work.forEach((agent, gathered) -> {
            for (int from = 0; from == 0 || from < gathered.launches.size(); from += PART) {
                boolean last = from + PART >= gathered.launches.size();
                sessions.accept(
                        agent,
                        new SessionOrder.Work(
                                framework,
                                gathered.launches.subList(from, Math.min(from + PART, gathered.launches.size())),
                                last ? gathered.kills : List.of(),
                                last ? gathered.acknowledgements : List.of()));
            }
        });
        work.clear();
        if (!releasing.isEmpty()) {
            allocator.accept(new AllocatorMessage.Release(framework, new ArrayList<>(releasing), allocatorReplies));
            releasing.clear();
        }
        List<Runnable> now = List.copyOf(afterwards);
        afterwards.clear();
        now.forEach(Runnable::run);
    }

    private void sendClaim(List<OfferId> offers, AgentId agent, List<TaskInfo> tasks, Duration refuse) {
        List<AllocatorMessage.ClaimedTask> wishes = tasks.stream()
                .map(task -> new AllocatorMessage.ClaimedTask(task.id(), task.resources()))
                .toList();
        tellAllocator(new AllocatorMessage.Claim(
                framework,
                0,
                agent,
                offers,
                List.of(new AllocatorMessage.ClaimStep(wishes, Optional.empty())),
                refuse,
                new AllocatorMessage.Claimant(Set.of(), Optional.empty(), false),
                allocatorReplies));
    }

    private static List<TaskInfo> infos(FrameworkRound round, Iterable<TaskId> ids) {
        List<TaskInfo> infos = new ArrayList<>();
        ids.forEach(id -> round.task(id).ifPresent(record -> infos.add(record.info())));
        return infos;
    }

    private Work workFor(AgentId agent) {
        return work.computeIfAbsent(agent, id -> new Work());
    }
}
