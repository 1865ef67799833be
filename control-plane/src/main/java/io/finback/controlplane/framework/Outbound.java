package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent;
import io.finback.wire.Parts;
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
import java.util.function.Function;

/**
 * What a framework says to agents' sessions and to the allocator, and what it still waits to be answered. Nothing is sent before {@link
 * #flush}, that is, before what it is about is journaled; work for one agent leaves together. Not durable: after a restart everything
 * unanswered is found again in the state.
 */
final class Outbound {
    /** Things of one sort said again at once: a message of some hundred bytes each, and the mailboxes of others are not ours alone. */
    private static final int BURST = 2000;

    private static final class Work {
        private final List<TaskInfo> launches = new ArrayList<>();
        private final List<MasterToAgent.KillTask> kills = new ArrayList<>();
        private final List<MasterToAgent.UpdateId> acknowledgements = new ArrayList<>();
    }

    private final FrameworkId framework;
    private final Consumer<AllocatorMessage> allocator;
    private final BiConsumer<AgentId, SessionOrder> sessions;
    private final ActorRef<AllocationEvent> allocatorReplies;
    private final Function<TaskId, Optional<String>> traces;
    private final Map<AgentId, Work> work = new LinkedHashMap<>();
    private final List<Runnable> afterwards = new ArrayList<>();
    private final Repeats<TaskId> launches;
    private final Repeats<TaskId> kills;
    private final Repeats<TaskId> releases;
    private final Set<TaskId> releasing = new LinkedHashSet<>();
    private boolean backlog;

    Outbound(
            FrameworkId framework,
            FrameworkSettings settings,
            Consumer<AllocatorMessage> allocator,
            BiConsumer<AgentId, SessionOrder> sessions,
            ActorRef<AllocationEvent> allocatorReplies,
            Function<TaskId, Optional<String>> traces) {
        this.framework = framework;
        this.allocator = allocator;
        this.sessions = sessions;
        this.allocatorReplies = allocatorReplies;
        this.traces = traces;
        this.launches = new Repeats<>(settings.repeat(), settings.repeatMax());
        this.kills = new Repeats<>(settings.repeat(), settings.repeatMax());
        this.releases = new Repeats<>(settings.repeat(), settings.repeatMax());
    }

    ActorRef<AllocationEvent> allocatorReplies() {
        return allocatorReplies;
    }

    void afterwards(Runnable action) {
        afterwards.add(action);
    }

    void tellAllocator(AllocatorMessage message) {
        afterwards.add(() -> allocator.accept(message));
    }

    void tellSession(AgentId agent, SessionOrder order) {
        afterwards.add(() -> sessions.accept(agent, order));
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
    void kill(TaskInfo task, Optional<Duration> grace, Instant now) {
        kills.said(task.id(), now);
        killOnce(task.agent(), task.id(), grace);
    }

    /** To be killed with the next repetition. */
    void killLater(TaskId task, Instant now) {
        kills.sayNow(task, now);
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

    /** Gives the task's resources back until that is confirmed, and stops waiting for its agent. */
    void release(TaskId task, Instant now) {
        launches.answered(task);
        kills.answered(task);
        releases.said(task, now);
        releasing.add(task);
    }

    void released(TaskId task) {
        releases.answered(task);
    }

    /** Nothing waits for an answer. */
    boolean isQuiet() {
        return launches.size() + kills.size() + releases.size() == 0;
    }

    /** More is due than was said at once. */
    boolean hasBacklog() {
        return backlog;
    }

    /** Says again what is due. */
    void repeat(FrameworkRound round, Instant now) {
        List<TaskId> dueLaunches = launches.due(now, BURST);
        List<TaskId> dueKills = kills.due(now, BURST);
        List<TaskId> dueReleases = releases.due(now, BURST);
        backlog = Math.max(dueLaunches.size(), Math.max(dueKills.size(), dueReleases.size())) == BURST;
        for (TaskId task : dueLaunches) {
            round.task(task)
                    .ifPresentOrElse(
                            record -> workFor(record.info().agent()).launches.add(record.info()),
                            () -> launches.answered(task));
        }
        for (TaskId task : dueKills) {
            round.task(task)
                    .filter(record -> !record.isTerminal())
                    .ifPresentOrElse(
                            record -> killOnce(record.info().agent(), task, record.killGrace()),
                            () -> kills.answered(task));
        }
        releasing.addAll(dueReleases);
    }

    /** Sends what has gathered. */
    void flush() {
        work.forEach(this::send);
        work.clear();
        Parts.of(List.copyOf(releasing))
                .forEach(part -> allocator.accept(new AllocatorMessage.Release(framework, part, allocatorReplies)));
        releasing.clear();
        List<Runnable> now = List.copyOf(afterwards);
        afterwards.clear();
        now.forEach(Runnable::run);
    }

    private void send(AgentId agent, Work gathered) {
        Parts.of(gathered.launches)
                .forEach(part -> sessions.accept(
                        agent, new SessionOrder.Work(framework, part, List.of(), List.of(), traces(part))));
        Parts.of(gathered.kills)
                .forEach(part -> sessions.accept(agent, new SessionOrder.Work(framework, List.of(), part, List.of())));
        Parts.of(gathered.acknowledgements)
                .forEach(part -> sessions.accept(agent, new SessionOrder.Work(framework, List.of(), List.of(), part)));
    }

    private Map<String, String> traces(List<TaskInfo> tasks) {
        Map<String, String> followed = new LinkedHashMap<>();
        tasks.forEach(task -> traces.apply(task.id())
                .ifPresent(trace -> followed.put(task.id().value(), trace)));
        return followed;
    }

    private Work workFor(AgentId agent) {
        return work.computeIfAbsent(agent, id -> new Work());
    }
}
