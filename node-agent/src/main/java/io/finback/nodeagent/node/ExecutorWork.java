package io.finback.nodeagent.node;

import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.Stamp;
import io.finback.nodeagent.task.Verdict;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.Bytes;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskGroup;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executors and what runs in them. A run of an executor is an entry of the ledger like a task; here is what ties its tasks to it: they
 * start when it is there, groups all at once; they end with it, and with each other; and what is said between a custom executor and
 * this agent. One owner, one thread, that of {@link TaskWork}, which calls {@link #follow} after every change.
 */
final class ExecutorWork {
    private static final Logger log = LoggerFactory.getLogger(ExecutorWork.class);
    private static final String TERMINATED = "EXECUTOR_TERMINATED";

    /** What only the owner can do. */
    interface Surroundings {
        /** Comes back with {@link #late}, unless disarmed. */
        void armExecutor(TaskKey run, Duration after);

        void disarmExecutor(TaskKey run);

        void executorSays(FrameworkId framework, String executor, Bytes data);
    }

    private final TaskLedger ledger;
    private final ExecutorTerms terms;
    private final Surroundings surroundings;
    private final ExecutorLinks links = new ExecutorLinks();
    private final Set<TaskKey> handedOver = new HashSet<>();
    private final Set<TaskKey> awaited = new HashSet<>();
    private final Set<TaskKey> adopted = new HashSet<>();
    private final Set<TaskKey> changed = new LinkedHashSet<>();

    ExecutorWork(TaskLedger ledger, ExecutorTerms terms, Surroundings surroundings) {
        this.ledger = ledger;
        this.terms = terms;
        this.surroundings = surroundings;
    }

    /** Something happened to a task or a run; what follows for others is done by {@link #follow}. */
    void changed(TaskKey id) {
        changed.add(id);
    }

    /** Found running by a new agent: it has subscribed before, if any of its tasks has been spoken of. */
    void adopted(AgentTask run) {
        if (run.isExecutorRun() && run.isRunning()) {
            adopted.add(run.key());
            changed.add(run.key());
        }
    }

    void follow() {
        while (!changed.isEmpty()) {
            TaskKey next = changed.iterator().next();
            changed.remove(next);
            ledger.known(next).ifPresent(this::follow);
        }
        links.acknowledge(ledger::isStored);
    }

    private void follow(AgentTask task) {
        if (task.isExecutorRun()) {
            if (task.isEnded()) {
                runEnded(task);
            } else if (task.isRunning()) {
                runLives(task);
            }
        } else if (!task.isNested() && !task.isOfCustomExecutor()) {
            return;
        } else if (task.isEnded()) {
            taskEnded(task);
        } else {
            taskLives(task);
        }
    }

    // -- runs --

    private void runLives(AgentTask run) {
        boolean custom = isCustom(run);
        if (custom && !links.has(run.key()) && awaited.add(run.key())) {
            boolean known = adopted.contains(run.key())
                    && tasksOf(run).stream().anyMatch(task -> task.state() != TaskState.STAGING);
            surroundings.armExecutor(run.key(), known ? terms.reregistration() : terms.registration());
        }
        handOver(run);
    }

    private void runEnded(AgentTask run) {
        TaskKey key = run.key();
        links.close(key);
        awaited.remove(key);
        adopted.remove(key);
        surroundings.disarmExecutor(key);
        List<AgentTask> left =
                tasksOf(run).stream().filter(task -> !task.isEnded()).toList();
        log.info("executor.ended run={} executor={} state={} tasks={}", key, executorId(run), run.state(), left.size());
        left.forEach(task -> ledger.applyAnyway(task.executorEnded(why(run), stamp())));
    }

    /** What its tasks die of: what kept it from running, else that it is gone. */
    private static Verdict why(AgentTask run) {
        Optional<TaskStatus> last = run.unacknowledged().stream().reduce((first, second) -> second);
        String message = last.flatMap(TaskStatus::message).orElse("");
        Optional<String> reason = last.flatMap(TaskStatus::reason);
        boolean neverThere = reason.filter(text -> text.equals("CONTAINER_LAUNCH_FAILED")
                        || text.equals("TASK_INVALID")
                        || text.startsWith("CONTAINER_LIMITATION")
                        || text.endsWith("REGISTRATION_TIMEOUT"))
                .isPresent();
        TaskState state =
                run.state() == TaskState.ERROR || run.state() == TaskState.LOST ? run.state() : TaskState.FAILED;
        return new Verdict(
                state,
                neverThere || state == TaskState.LOST ? reason : Optional.of(TERMINATED),
                "executor " + executorId(run) + ": " + (message.isEmpty() ? "ended" : message),
                Optional.empty());
    }

    /** It has not subscribed in time. */
    void late(TaskKey key) {
        awaited.remove(key);
        ledger.find(key)
                .filter(run -> run.isRunning() && !links.has(key))
                .ifPresent(run -> {
                    boolean again = adopted.contains(key);
                    Duration given = again ? terms.reregistration() : terms.registration();
                    log.warn("executor.late run={} executor={} after={}", key, executorId(run), given);
                    ledger.applyAnyway(run.condemned(
                            Verdict.failed(
                                    again ? "EXECUTOR_REREGISTRATION_TIMEOUT" : "EXECUTOR_REGISTRATION_TIMEOUT",
                                    "it did not subscribe within " + given.toMillis() + " ms"),
                            Duration.ZERO,
                            stamp()));
                });
    }

    /** Whether the polite signal to end was given in another way. */
    boolean terminate(AgentTask run) {
        if (!run.isExecutorRun()) {
            return false;
        }
        if (isCustom(run)) {
            return links.send(run.key(), new ExecutorEvent.Shutdown());
        }
        List<AgentTask> left =
                tasksOf(run).stream().filter(task -> !task.isEnded()).toList();
        left.forEach(
                task -> ledger.applyAnyway(task.kill(task.info().killGrace().orElse(terms.shutdownGrace()), stamp())));
        return !left.isEmpty();
    }

    // -- their tasks --

    private void taskLives(AgentTask task) {
        Optional<AgentTask> run = task.info().options().executorRun().flatMap(id -> ledger.known(key(task, id)));
        if (run.isEmpty()) {
            // Its launch is on the way.
            if (task.kill().isPresent()) {
                ledger.apply(task.killedBeforeDelivery(stamp()));
            }
            return;
        }
        if (run.get().isEnded()) {
            ledger.apply(task.executorEnded(why(run.get()), stamp()));
        } else if (task.kill().isPresent()) {
            kill(task, run.get());
        } else {
            handOver(run.get());
        }
    }

    private void kill(AgentTask task, AgentTask run) {
        if (task.isStaged() && !handedOver.contains(task.key())) {
            ledger.apply(task.killedBeforeDelivery(stamp()));
        } else if (task.isOfCustomExecutor()) {
            links.kill(run.key(), task);
        }
    }

    /** Shared fate, and an executor of ours ends with its last task. */
    private void taskEnded(AgentTask task) {
        handedOver.remove(task.key());
        Optional<AgentTask> run = task.info().options().executorRun().flatMap(id -> ledger.find(key(task, id)));
        if (!task.isNested() || run.isEmpty()) {
            return;
        }
        List<AgentTask> living =
                tasksOf(run.get()).stream().filter(other -> !other.isEnded()).toList();
        Optional<String> group = task.info().options().group().map(TaskGroup::id);
        if (task.state() != TaskState.FINISHED) {
            living.stream()
                    .filter(other ->
                            other.info().options().group().map(TaskGroup::id).equals(group))
                    .filter(other -> other.kill().isEmpty())
                    .forEach(other -> {
                        log.info("task.group_ends task={} because={}", other.key(), task.key());
                        ledger.applyAnyway(other.kill(other.info().killGrace().orElse(terms.shutdownGrace()), stamp()));
                    });
        }
        if (living.isEmpty() && !run.get().isEnded()) {
            ledger.applyAnyway(run.get().kill(Duration.ZERO, stamp()));
        }
    }

    /** Gives the executor what waits for it. */
    private void handOver(AgentTask run) {
        boolean linked = links.has(run.key());
        boolean ready = run.isRunning() && run.kill().isEmpty() && (!isCustom(run) || linked);
        if (!ready) {
            return;
        }
        Set<String> groups = new HashSet<>();
        for (AgentTask task : tasksOf(run)) {
            boolean waits = task.isStaged() && task.kill().isEmpty() && !handedOver.contains(task.key());
            Optional<TaskGroup> group = task.info().options().group();
            if (!waits || (group.isPresent() && !groups.add(group.get().id()))) {
                continue;
            }
            List<AgentTask> together = group.map(which -> members(run, which)).orElse(List.of(task));
            if (group.isPresent() && together.size() < group.get().size()) {
                continue;
            }
            together.forEach(one -> handedOver.add(one.key()));
            if (!linked) {
                together.forEach(one -> ledger.apply(one.joined()));
            } else if (group.isPresent()) {
                links.send(
                        run.key(),
                        new ExecutorEvent.LaunchGroup(
                                together.stream().map(AgentTask::info).toList()));
            } else {
                links.send(run.key(), new ExecutorEvent.Launch(task.info()));
            }
        }
    }

    private List<AgentTask> members(AgentTask run, TaskGroup group) {
        return tasksOf(run).stream()
                .filter(task ->
                        task.info().options().group().filter(group::equals).isPresent() && task.isStaged())
                .toList();
    }

    private List<AgentTask> tasksOf(AgentTask run) {
        Optional<TaskId> id = Optional.of(run.info().id());
        return ledger.all().stream()
                .filter(task -> task.info().framework().equals(run.info().framework())
                        && task.info().options().executorRun().equals(id))
                .toList();
    }

    // -- what is said --

    ExecutorCall.Answer call(ExecutorCall call) {
        Optional<AgentTask> found = find(call.framework(), call.executor());
        if (found.isEmpty()) {
            boolean framework = ledger.all().stream()
                    .anyMatch(task -> task.info().framework().equals(call.framework()));
            return framework ? ExecutorCall.Answer.NO_EXECUTOR : ExecutorCall.Answer.NO_FRAMEWORK;
        }
        AgentTask run = found.get();
        if (call instanceof ExecutorCall.Subscribe subscribe) {
            subscribe(run, subscribe);
            return ExecutorCall.Answer.DONE;
        }
        if (!links.has(run.key())) {
            return ExecutorCall.Answer.NOT_SUBSCRIBED;
        }
        if (call instanceof ExecutorCall.Update update) {
            heard(run, update.status());
        } else if (call instanceof ExecutorCall.Message message) {
            surroundings.executorSays(message.framework(), message.executor(), message.data());
        }
        return ExecutorCall.Answer.DONE;
    }

    /** Words of the framework; false: nobody hears them. */
    boolean tell(FrameworkId framework, String executor, Bytes data) {
        return find(framework, executor)
                .filter(run -> links.send(run.key(), new ExecutorEvent.Message(data)))
                .isPresent();
    }

    /** The stream has ended on its own. What was on it and was not heard, is sent again to the next one. */
    void left(ExecutorStream stream) {
        links.left(stream).forEach(run -> log.info("executor.stream_ended run={}", run));
    }

    void closeAll() {
        links.closeAll();
    }

    private void subscribe(AgentTask run, ExecutorCall.Subscribe call) {
        TaskKey key = run.key();
        boolean again = links.close(key);
        links.open(key, call.stream());
        log.info("executor.subscribed run={} executor={} again={}", key, executorId(run), again);
        awaited.remove(key);
        surroundings.disarmExecutor(key);
        call.stream().send(new ExecutorEvent.Subscribed(run));
        call.unacknowledgedUpdates().forEach(status -> heard(run, status));
        for (AgentTask task : tasksOf(run)) {
            if (call.unacknowledgedTasks().contains(task.info().id())) {
                handedOver.add(task.key());
            } else {
                handedOver.remove(task.key());
            }
            changed(task.key());
        }
        if (run.kill().isPresent()) {
            call.stream().send(new ExecutorEvent.Shutdown());
        }
        changed(key);
    }

    private void heard(AgentTask run, TaskStatus said) {
        TaskKey id = TaskKey.of(run.info().framework(), said.task());
        Optional<AgentTask> task = ledger.find(id).filter(one -> one.info()
                .options()
                .executorRun()
                .equals(Optional.of(run.info().id())));
        task.ifPresentOrElse(
                one -> {
                    handedOver.add(id);
                    ledger.apply(one.heard(said.withDetails(said.details().withContainer(run.container(), List.of()))));
                },
                () -> log.warn("executor.update_of_unknown_task run={} task={}", run.key(), said.task()));
        links.owe(run.key(), id, said.uuid().orElse(""));
    }

    /** The run that is meant by an executor's id: the newest that shall not end. */
    private Optional<AgentTask> find(FrameworkId framework, String executor) {
        return ledger.all().stream()
                .filter(task -> task.isExecutorRun()
                        && !task.isEnded()
                        && task.info().framework().equals(framework)
                        && executorId(task).equals(executor)
                        && isCustom(task))
                .max(Comparator.<AgentTask, Boolean>comparing(
                                task -> task.kill().isEmpty())
                        .thenComparing(AgentTask::received));
    }

    private static boolean isCustom(AgentTask run) {
        return run.info()
                .options()
                .executor()
                .filter(executor -> executor.type() == ExecutorInfo.Type.CUSTOM)
                .isPresent();
    }

    private static String executorId(AgentTask task) {
        return task.info().options().executor().map(ExecutorInfo::id).orElse("");
    }

    private static TaskKey key(AgentTask task, TaskId run) {
        return TaskKey.of(task.info().framework(), run);
    }

    private static Stamp stamp() {
        return new Stamp(Instant.now(), UUID.randomUUID().toString());
    }
}
