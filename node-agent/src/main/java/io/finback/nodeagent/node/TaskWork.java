package io.finback.nodeagent.node;

import io.finback.nodeagent.executor.EndWatch;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.SandboxAge;
import io.finback.nodeagent.task.Stamp;
import io.finback.nodeagent.task.Step;
import io.finback.nodeagent.task.Step.Action;
import io.finback.nodeagent.task.Verdict;
import io.finback.resources.PersistentVolume;
import io.finback.resources.TaskKey;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentToMaster.KnownTask;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@link TasksActor} does with each thing that happens: asks the rule ({@link AgentTask}), has the ledger write the answer
 * down, and lets the hands do what follows. Knows no mailbox and no timer; one owner, one thread, and every call may wait for the
 * disk.
 */
final class TaskWork {
    private static final Logger log = LoggerFactory.getLogger(TaskWork.class);

    /** What only the owner can do. */
    interface Surroundings extends ExecutorWork.Surroundings {
        /** Makes the process elsewhere, and comes back with {@link #prepared} or {@link #notPrepared}. */
        void prepare(AgentTask task, Supplier<ContainerRef> making, Executor where);

        /** Comes back with {@link #graceOver}, unless it is armed anew or disarmed before. */
        void armGrace(TaskKey task, Duration grace);

        void disarmGrace(TaskKey task);

        /**
         * Runs its checks, which come back with {@link #checked}, and once it has run for too long {@link #completionDue}.
         *
         * @param adopted whether an earlier agent has done so before
         */
        void attend(AgentTask task, boolean adopted);

        /** It is being ended, or has ended: no more of that. */
        void leave(TaskKey task);

        void say(TaskStatus update);
    }

    private final TaskTools tools;
    private final EndWatch watch;
    private final Surroundings surroundings;
    private final TaskHands hands;
    private final TaskLedger ledger;
    private final ExecutorWork executors;

    TaskWork(TaskTools tools, EndWatch watch, Surroundings surroundings) {
        this.tools = tools;
        this.watch = watch;
        this.surroundings = surroundings;
        this.hands = new TaskHands(tools);
        this.ledger = new TaskLedger(tools.store(), tools.board(), new Effects());
        this.executors = new ExecutorWork(ledger, tools.executors(), surroundings);
    }

    /** Takes over what the last agent left on disk and in the process table. */
    void recover() throws IOException {
        long begin = System.nanoTime();
        tools.containers().discardAll();
        tools.volumes().tidy();
        List<AgentTask> tasks = ledger.recover();
        hands.endOrphans(tasks);
        for (AgentTask task : tasks) {
            boolean sameBoot = task.process()
                    .map(ContainerRef::bootId)
                    .filter(tools.bootId()::equals)
                    .isPresent();
            log.info("task.recovered task={} state={} pid={}", task.key(), task.state(), pid(task));
            boolean hasNoProcess = task.process().isEmpty();
            ledger.apply(
                    sameBoot || (hasNoProcess && task.isStaged())
                            ? task.resumed(stamp())
                            : task.isOfCustomExecutor() ? task.resumed(stamp()) : task.machineRestarted(stamp()));
            executors.adopted(task);
        }
        tools.board()
                .counts()
                .recovered(
                        Duration.ofNanos(System.nanoTime() - begin),
                        tools.store().unreadable());
    }

    /** Starts those that are not known yet; {@code news} hears of each. */
    void launch(List<TaskInfo> infos, Consumer<TaskKey> news) {
        Map<TaskKey, AgentTask> fresh = new LinkedHashMap<>();
        for (TaskInfo info : infos) {
            TaskKey key = TaskKey.of(info.framework(), info.id());
            if (!ledger.knows(key) && !fresh.containsKey(key)) {
                news.accept(key);
                tools.board().countLaunch();
                fresh.put(key, AgentTask.received(info, container(info), Instant.now()));
            }
        }
        Map<TaskKey, String> refused = ledger.add(List.copyOf(fresh.values()));
        fresh.forEach((key, task) -> {
            if (refused.containsKey(key)) {
                ledger.refuse(task.notStarted(refused.get(key), stamp()));
            } else {
                ledger.apply(hands.objection(task.info())
                        .map(why -> task.invalid(why, stamp()))
                        .orElseGet(task::stored));
            }
        });
    }

    private static String container(TaskInfo info) {
        return ExecutorRuns.isRun(info.id())
                ? ExecutorRuns.container(info.id())
                : UUID.randomUUID().toString();
    }

    ExecutorWork executors() {
        return executors;
    }

    /** An order to end; true when the disk remembers it, or there is no such task. */
    boolean kill(TaskKey id, Optional<Duration> grace, Optional<Duration> maxGrace) {
        ledger.find(id).ifPresent(task -> kill(task, grace, maxGrace));
        return ledger.isStored(id);
    }

    void killAll() {
        ledger.all().stream()
                .filter(task -> !task.isEnded())
                .forEach(task -> kill(task, Optional.empty(), Optional.empty()));
    }

    private void kill(AgentTask task, Optional<Duration> grace, Optional<Duration> maxGrace) {
        Duration standard = task.isExecutorRun()
                ? tools.executors().shutdownGrace()
                : tools.settings().killGrace();
        Duration wanted = grace.or(task.info()::killGrace).orElse(standard);
        Duration given = maxGrace.filter(most -> most.compareTo(wanted) < 0).orElse(wanted);
        log.info("task.kill task={} pid={} grace={}", task.key(), pid(task), given);
        ledger.applyAnyway(task.kill(given, stamp()));
        if (task.isStaged()) {
            hands.stopPreparing(task);
        }
    }

    void acknowledged(TaskKey id, String uuid) {
        ledger.find(id).ifPresent(task -> ledger.acknowledge(task.acknowledged(uuid)));
    }

    /** As if a scheduler had taken everything that is left to be said of ended tasks. */
    void forgetUpdates() {
        ledger.all().stream().filter(AgentTask::isEnded).forEach(task -> task.unacknowledged()
                .forEach(update -> acknowledged(task.key(), update.uuid().orElse(""))));
    }

    void prepared(TaskKey id, ContainerRef process) {
        Optional<AgentTask> task = ledger.find(id);
        Step step = task.map(found -> found.prepared(process, stamp())).orElse(null);
        if (step == null || step.actions().contains(Action.DISCARD)) {
            tools.containers().discard(process);
        }
        if (step != null && step.actions().contains(Action.RELEASE)) {
            if (!ledger.applyNow(step)) {
                tools.containers().discard(process);
                ledger.refuse(task.orElseThrow()
                        .notStarted("its process cannot be written to disk, so it was not started", stamp()));
            }
        } else if (step != null) {
            ledger.apply(step);
        }
    }

    void notPrepared(TaskKey id, String why) {
        ledger.find(id).ifPresent(task -> ledger.apply(task.notStarted(why, stamp())));
    }

    /** What was released as {@code process} runs now. */
    void began(TaskKey id, ContainerRef process, ContainerRef running) {
        ledger.find(id)
                .filter(task ->
                        task.process().filter(ref -> ref.isSameAs(process)).isPresent())
                .ifPresent(task -> ledger.apply(task.began(running, stamp())));
    }

    void ended(TaskKey id, ContainerRef process, Exit exit) {
        ledger.find(id)
                .filter(task ->
                        task.process().filter(ref -> ref.isSameAs(process)).isPresent())
                .ifPresent(task -> {
                    Step step = task.ended(exit, tools.store().hasBegun(task), stamp());
                    log.info(
                            "task.ended task={} pid={} state={} how={}",
                            id,
                            pid(task),
                            step.next().state(),
                            exit.describe());
                    tools.board().countEnd();
                    surroundings.disarmGrace(id);
                    surroundings.leave(id);
                    ledger.apply(step);
                });
    }

    /** A check has something new to say. */
    void checked(ChecksActor.News news) {
        Optional<AgentTask> found =
                ledger.find(news.task()).filter(task -> task.container().equals(news.container()));
        if (found.isEmpty()) {
            return;
        }
        ledger.apply(found.get().checked(news.healthy(), news.seen(), news.why(), stamp()));
        if (news.kill()) {
            AgentTask task = found.get();
            log.info("task.unhealthy task={} pid={} saw={} next=kill", task.key(), pid(task), news.why());
            end(
                    task.key(),
                    new Verdict(
                            TaskState.KILLED,
                            Optional.empty(),
                            "its health check failed too often (last: " + news.why() + ")",
                            Optional.of(false)),
                    task.info().killGrace().orElse(tools.settings().killGrace()));
        }
    }

    /** It has run as long as it may. */
    void completionDue(TaskKey id, String container) {
        ledger.find(id).filter(task -> task.container().equals(container)).ifPresent(task -> {
            String most = task.info()
                    .options()
                    .maxCompletion()
                    .map(Duration::toString)
                    .orElse("it may");
            log.info("task.ran_too_long task={} pid={} most={}", id, pid(task), most);
            // As Mesos' executors: without a grace.
            end(id, Verdict.failed("MAX_COMPLETION_TIME_REACHED", "it ran longer than " + most), Duration.ZERO);
        });
    }

    /** Others need what it was lent. As Mesos, without a grace. */
    void preempt(TaskKey id, String why) {
        end(id, new Verdict(TaskState.GONE, Optional.of("CONTAINER_PREEMPTED"), why, Optional.empty()), Duration.ZERO);
    }

    /** It has filled more of the disk than it asked for. As Mesos, without a grace: what it fills, others lack. */
    void overDisk(TaskKey id, String container, String why) {
        ledger.find(id).filter(task -> task.container().equals(container)).ifPresent(task -> {
            log.info("task.over_disk task={} pid={} why={}", id, pid(task), why);
            end(id, Verdict.failed("CONTAINER_LIMITATION_DISK", why), Duration.ZERO);
        });
    }

    private void end(TaskKey id, Verdict why, Duration grace) {
        ledger.find(id).ifPresent(task -> ledger.applyAnyway(task.condemned(why, grace, stamp())));
    }

    void graceOver(TaskKey id) {
        ledger.find(id).ifPresent(task -> ledger.apply(task.graceOver()));
    }

    /**
     * These volumes are no more. One that a living task uses has been made anew in the meantime: what is in it is that task's.
     *
     * @return those that are empty now, or in use
     */
    List<PersistentVolume> destroy(List<PersistentVolume> volumes) {
        List<PersistentVolume> used = ledger.all().stream()
                .filter(task -> !task.isEnded())
                .flatMap(task -> PersistentVolume.in(task.info().resources()).stream())
                .toList();
        List<PersistentVolume> done = new ArrayList<>();
        for (PersistentVolume volume : volumes) {
            try {
                if (used.contains(volume)) {
                    log.warn("volume.not_destroyed volume={} reason=a_task_uses_it", volume);
                } else {
                    tools.volumes().destroy(volume);
                }
                done.add(volume);
            } catch (IOException e) {
                log.warn("volume.not_destroyed volume={} reason={} next=asked_again", volume, e.toString());
            }
        }
        return done;
    }

    /** Tries again what the disk refused. */
    void retry() {
        ledger.retry();
    }

    /** Lets go of ended tasks beyond the bounds, with their sandboxes: the fuller the disk, the younger ones. */
    void collect(Instant now) {
        SandboxRemoval removal = new SandboxRemoval(tools.sandboxes(), tools.store());
        Duration age = SandboxAge.most(
                tools.settings().sandboxDelay(), tools.settings().diskHeadroom(), hands.usedShareOfDisk());
        ledger.collect(tools.settings().maxEnded(), now.minus(age), task -> tools.blocking()
                .execute(() -> removal.remove(task)));
    }

    List<KnownTask> known() {
        return ledger.all().stream()
                .map(task -> new KnownTask(task.info(), task.state()))
                .toList();
    }

    List<TaskStatus> updates() {
        return ledger.updates();
    }

    /** Stops in peace. */
    void close() {
        executors.closeAll();
        ledger.close();
    }

    boolean isSettled() {
        return ledger.isSettled();
    }

    boolean allEnded() {
        return ledger.all().stream().allMatch(AgentTask::isEnded);
    }

    private static Stamp stamp() {
        return new Stamp(Instant.now(), UUID.randomUUID().toString());
    }

    private static String pid(AgentTask task) {
        return task.process()
                .flatMap(ContainerRef::leader)
                .map(pid -> Long.toString(pid))
                .orElse("none");
    }

    private final class Effects implements TaskLedger.Effects {
        @Override
        public void act(AgentTask task, Action action) {
            if (action == Action.PREPARE) {
                surroundings.prepare(task, () -> hands.prepare(task), hands.whereToPrepare(task));
            } else if (action == Action.JOIN) {
                executors.changed(task.key());
            } else if (action == Action.TERMINATE && executors.terminate(task)) {
                watch.hurry(task.key());
            } else {
                hands.act(task, action, watch);
                attend(task, action);
            }
        }

        private void attend(AgentTask task, Action action) {
            switch (action) {
                case RELEASE -> surroundings.attend(task, false);
                case WATCH -> {
                    if (task.kill().isEmpty()) {
                        surroundings.attend(task, true);
                    }
                }
                case TERMINATE, FORCE_KILL, FORGET_PROCESS -> surroundings.leave(task.key());
                case PREPARE, JOIN, DISCARD -> {
                    // It does not run.
                }
            }
        }

        @Override
        public void armGrace(AgentTask task, Duration grace) {
            surroundings.armGrace(task.key(), grace);
        }

        @Override
        public void say(TaskStatus update) {
            tools.board().counts().said(update);
            surroundings.say(update);
            executors.changed(TaskKey.of(update.framework(), update.task()));
        }
    }
}
