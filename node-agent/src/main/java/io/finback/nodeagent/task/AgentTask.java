package io.finback.nodeagent.task;

import io.finback.nodeagent.task.Step.Action;
import io.finback.resources.TaskKey;
import io.finback.tasks.CheckStatus;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.StatusDetails;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One task on this agent: what is known of it, and what follows from what happens to it. The record is also the checkpoint, so a
 * new agent on the same data continues where the last one was, whatever that one was doing. Pure and immutable.
 *
 * <p>Phases: <i>staged</i> (no process yet), <i>running</i> (a process, perhaps ordered to end), <i>ended</i> (the state is
 * terminal and never changes again), <i>done</i> (ended and every update acknowledged).
 *
 * @param container names this run; the sandbox's directory
 * @param received when the launch came
 * @param process what it runs in; empty until it runs; kept after the end
 * @param kill the order to end it, if any
 * @param state the latest state
 * @param unacknowledged updates no scheduler has taken yet, oldest first
 * @param ended when it ended
 * @param verdict why the agent itself ends it, if that came before any order
 * @param vitals what checks have said of it
 */
public record AgentTask(
        TaskInfo info,
        String container,
        Instant received,
        Optional<ContainerRef> process,
        Optional<KillOrder> kill,
        TaskState state,
        List<TaskStatus> unacknowledged,
        Optional<Instant> ended,
        Optional<Verdict> verdict,
        Vitals vitals) {
    private static final String HEALTH = "TASK_HEALTH_CHECK_STATUS_UPDATED";
    private static final String CHECK = "TASK_CHECK_STATUS_UPDATED";
    static final String LAUNCH_FAILED = "CONTAINER_LAUNCH_FAILED";

    /** The vitals may be missing in what an earlier version has written. */
    public AgentTask(
            TaskInfo info,
            String container,
            Instant received,
            Optional<ContainerRef> process,
            Optional<KillOrder> kill,
            TaskState state,
            List<TaskStatus> unacknowledged,
            Optional<Instant> ended,
            Optional<Verdict> verdict,
            @Nullable Vitals vitals) {
        this.info = info;
        this.container = container;
        this.received = received;
        this.process = process;
        this.kill = kill;
        this.state = state;
        this.unacknowledged = List.copyOf(unacknowledged);
        this.ended = ended;
        this.verdict = verdict;
        this.vitals = vitals == null ? Vitals.NONE : vitals;
    }

    /** A launch has arrived and is about to be written down. */
    public static AgentTask received(TaskInfo info, String container, Instant now) {
        return new AgentTask(
                info,
                container,
                now,
                Optional.empty(),
                Optional.empty(),
                TaskState.STAGING,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Vitals.NONE);
    }

    public TaskKey key() {
        return TaskKey.of(info.framework(), info.id());
    }

    public boolean isEnded() {
        return state.isTerminal();
    }

    public boolean isStaged() {
        return !isEnded() && (isOfCustomExecutor() ? state == TaskState.STAGING : process.isEmpty());
    }

    public boolean isRunning() {
        return !isEnded() && (isOfCustomExecutor() ? state != TaskState.STAGING : process.isPresent());
    }

    /** Whether this is no task of a scheduler but the run of an executor. */
    public boolean isExecutorRun() {
        return ExecutorRuns.isRun(info.id());
    }

    /** Whether it has no process here, as its framework's own executor runs it. */
    public boolean isOfCustomExecutor() {
        return isOf(ExecutorInfo.Type.CUSTOM);
    }

    /** Whether it runs in a container of its own within the default executor's. */
    public boolean isNested() {
        return isOf(ExecutorInfo.Type.DEFAULT);
    }

    private boolean isOf(ExecutorInfo.Type type) {
        return !isExecutorRun()
                && info.options()
                        .executor()
                        .filter(executor -> executor.type() == type)
                        .isPresent();
    }

    /** Nothing is left to be done or said: the task may be forgotten. */
    public boolean isDone() {
        return isEnded() && unacknowledged.isEmpty();
    }

    /** The intent is on disk: start it. */
    public Step stored() {
        return isStaged() ? Step.of(this, start()) : Step.of(this);
    }

    Action start() {
        return isOfCustomExecutor() || isNested() ? Action.JOIN : Action.PREPARE;
    }

    /** Its executor is there to run it in. */
    public Step joined() {
        return isStaged() ? Step.of(this, Action.PREPARE) : Step.of(this);
    }

    /** Its executor says something of it. After its end nothing said of it counts. */
    public Step heard(TaskStatus status) {
        if (isEnded() || unacknowledged.stream().anyMatch(known -> known.uuid().equals(status.uuid()))) {
            return Step.of(this);
        }
        List<TaskStatus> all = new ArrayList<>(unacknowledged);
        all.add(status);
        Optional<Instant> end = status.state().isTerminal() ? Optional.of(status.at()) : Optional.empty();
        return Step.of(in(status.state()).withUpdates(all).withEnd(end));
    }

    /** Its executor has ended before it; {@code why} holds unless it has been ordered to end. */
    public Step executorEnded(Verdict why, Stamp stamp) {
        if (isEnded()) {
            return Step.of(this);
        }
        if (process.isPresent()) {
            return condemned(why, Duration.ZERO, stamp);
        }
        return Step.of(
                kill.isPresent()
                        ? end(TaskState.KILLED, Optional.empty(), why.message(), stamp)
                        : end(why.state(), why.reason(), why.message(), stamp));
    }

    /** It was ordered to end before its executor had heard of it. */
    public Step killedBeforeDelivery(Stamp stamp) {
        return isStaged() && kill.isPresent()
                ? Step.of(end(
                        TaskState.KILLED,
                        Optional.of("TASK_KILLED_DURING_LAUNCH"),
                        "killed before its executor had it",
                        stamp))
                : Step.of(this);
    }

    /** A process waits to become the task. Whoever was ordered to end in between never runs. */
    public Step prepared(ContainerRef made, Stamp stamp) {
        if (!isStaged()) {
            return Step.of(this, Action.DISCARD);
        }
        if (kill.isPresent()) {
            return Step.of(end(TaskState.KILLED, Optional.empty(), "killed before it ran", stamp), Action.DISCARD);
        }
        TaskState next = made.startsLater() ? TaskState.STARTING : TaskState.RUNNING;
        AgentTask running = in(next).withProcess(made)
                .withVitals(new Vitals(
                        Optional.of(stamp.at()),
                        Optional.empty(),
                        info.options().check().map(check -> CheckStatus.none(check.probe()))));
        return Step.of(running.say(stamp), Action.RELEASE);
    }

    /** What was released runs now; the ref says in which process and with which addresses. */
    public Step began(ContainerRef running, Stamp stamp) {
        if (state == TaskState.KILLING && process.flatMap(ContainerRef::leader).isEmpty()) {
            return Step.of(withProcess(running));
        }
        if (state != TaskState.STARTING) {
            return Step.of(this);
        }
        AgentTask next = in(TaskState.RUNNING)
                .withProcess(running)
                .withVitals(new Vitals(Optional.of(stamp.at()), vitals.healthy(), vitals.check()));
        return Step.of(next.say(stamp));
    }

    /** The task cannot be started; {@code why} is for people. */
    public Step notStarted(String why, Stamp stamp) {
        if (!isStaged()) {
            return Step.of(this);
        }
        return Step.of(
                kill.isPresent()
                        ? end(TaskState.KILLED, Optional.empty(), "killed before it ran", stamp)
                        : end(TaskState.FAILED, Optional.of(LAUNCH_FAILED), why, stamp));
    }

    /** The launch asks for something this agent refuses; {@code why} names the field, the value and what was expected. */
    public Step invalid(String why, Stamp stamp) {
        return Step.of(end(TaskState.ERROR, Optional.of("TASK_INVALID"), why, stamp));
    }

    /**
     * An order to end. A later order counts only if its grace is shorter. Of what has a process here the first one is said
     * ({@code KILLING}, as by Mesos' executors); masters keep it from schedulers that do not know the word.
     */
    public Step kill(Duration grace, Stamp stamp) {
        return Orders.kill(this, grace, stamp);
    }

    /**
     * The agent ends it by itself; nothing happens to one that has been ordered to end before, or that does not run.
     *
     * @param grace what SIGTERM is given before SIGKILL
     */
    public Step condemned(Verdict why, Duration grace, Stamp stamp) {
        return Orders.condemn(this, why, grace, stamp);
    }

    /** The grace of an order has passed. */
    public Step graceOver() {
        return Orders.graceOver(this);
    }

    /**
     * A check has something new to say. Of a task that is being ended nothing is said any more, as by Mesos' executors.
     *
     * @param healthy what the health check says
     * @param seen what the general check saw
     */
    public Step checked(Optional<Boolean> healthy, Optional<CheckStatus> seen, String message, Stamp stamp) {
        if (!isRunning() || kill.isPresent()) {
            return Step.of(this);
        }
        Vitals now = new Vitals(vitals.started(), healthy.or(vitals::healthy), seen.or(vitals::check));
        String reason = healthy.isPresent() ? HEALTH : CHECK;
        return Step.of(withVitals(now)
                .say(TaskStatus.Source.EXECUTOR, Optional.of(reason), Optional.of(message), Optional.empty(), stamp));
    }

    /** How long it has been running; never negative, whatever the clock did. */
    public Duration age(Instant now) {
        Duration age = Duration.between(vitals.started().orElse(received), now);
        return age.isNegative() ? Duration.ZERO : age;
    }

    /**
     * The process has ended.
     *
     * @param begun whether the task's command ever ran in it
     */
    public Step ended(Exit exit, boolean begun, Stamp stamp) {
        if (!isRunning() || process.isEmpty()) {
            return Step.of(this);
        }
        AgentTask over = Endings.of(this, exit, begun, stamp);
        return Step.of(isExecutorRun() ? over.with(RunDetails.waitStatus(this, exit)) : over, Action.FORGET_PROCESS);
    }

    /** The machine has been restarted since the process was made: whatever has its pid now is somebody else. */
    public Step machineRestarted(Stamp stamp) {
        return Restarts.ofMachine(this, stamp);
    }

    /** A new agent has read this from disk (and, of a running one, may find its process alive or ended). */
    public Step resumed(Stamp stamp) {
        return Restarts.ofAgent(this, stamp);
    }

    /** A scheduler has taken an update; only the oldest one counts, any other is an echo. */
    public Step acknowledged(String uuid) {
        if (unacknowledged.isEmpty() || !unacknowledged.get(0).uuid().equals(Optional.of(uuid))) {
            return Step.of(this);
        }
        return Step.of(withUpdates(unacknowledged.subList(1, unacknowledged.size())));
    }

    /** With this said along with the latest update. */
    AgentTask with(StatusDetails more) {
        List<TaskStatus> all = new ArrayList<>(unacknowledged);
        int last = all.size() - 1;
        all.set(last, all.get(last).withDetails(more));
        return withUpdates(all);
    }

    AgentTask end(TaskState terminal, Optional<String> reason, String message, Stamp stamp) {
        return end(terminal, reason, message, Optional.empty(), stamp);
    }

    AgentTask end(TaskState terminal, Optional<String> reason, String message, Optional<Boolean> healthy, Stamp stamp) {
        AgentTask next = in(terminal).withEnd(Optional.of(stamp.at()));
        TaskStatus.Source source = process.isPresent() ? TaskStatus.Source.EXECUTOR : TaskStatus.Source.AGENT;
        return next.say(source, reason, Optional.of(message), healthy, stamp);
    }

    /** Its state, with nothing to explain. */
    AgentTask say(Stamp stamp) {
        return say(TaskStatus.Source.EXECUTOR, Optional.empty(), Optional.empty(), Optional.empty(), stamp);
    }

    private AgentTask say(
            TaskStatus.Source source,
            Optional<String> reason,
            Optional<String> message,
            Optional<Boolean> healthy,
            Stamp stamp) {
        List<TaskStatus> all = new ArrayList<>(unacknowledged);
        all.add(RunDetails.status(this, source, reason, message, healthy, stamp));
        return withUpdates(all);
    }

    private AgentTask withProcess(ContainerRef now) {
        return new AgentTask(
                info, container, received, Optional.of(now), kill, state, unacknowledged, ended, verdict, vitals);
    }

    AgentTask withOrder(KillOrder order) {
        return new AgentTask(
                info, container, received, process, Optional.of(order), state, unacknowledged, ended, verdict, vitals);
    }

    AgentTask in(TaskState now) {
        return new AgentTask(info, container, received, process, kill, now, unacknowledged, ended, verdict, vitals);
    }

    private AgentTask withUpdates(List<TaskStatus> all) {
        return new AgentTask(info, container, received, process, kill, state, all, ended, verdict, vitals);
    }

    private AgentTask withEnd(Optional<Instant> end) {
        return new AgentTask(info, container, received, process, kill, state, unacknowledged, end, verdict, vitals);
    }

    AgentTask withVerdict(Verdict why) {
        return new AgentTask(
                info, container, received, process, kill, state, unacknowledged, ended, Optional.of(why), vitals);
    }

    private AgentTask withVitals(Vitals now) {
        return new AgentTask(info, container, received, process, kill, state, unacknowledged, ended, verdict, now);
    }
}
