package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.StatusDetails;
import io.finback.tasks.TaskGroup;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.tasks.Volume;
import io.finback.wire.MasterToAgent.KillTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Executors with real processes: groups that share their fate, and a custom executor's conversation, across agents. */
class ExecutorsTest {
    private static final String RUN = "5c1b1d6e-0001-4000-8000-000000000001";

    @TempDir
    Path data;

    private final ActorTestKit kit = ActorTestKit.create();
    private final TestProbe<ConversationActor.Command> conversation = kit.createTestProbe();
    private TaskWorld world;
    private ActorRef<TasksActor.Command> tasks;

    /** The executor's end of its stream. */
    private static final class Stream implements ExecutorStream {
        private final BlockingQueue<ExecutorEvent> events = new LinkedBlockingQueue<>();

        @Override
        public void send(ExecutorEvent event) {
            events.add(event);
        }

        @Override
        public void close() {}

        <E extends ExecutorEvent> E next(Class<E> type) throws InterruptedException {
            while (true) {
                ExecutorEvent event = events.poll(30, TimeUnit.SECONDS);
                assertThat(event).as("waiting for " + type).isNotNull();
                if (type.isInstance(event)) {
                    return type.cast(event);
                }
            }
        }
    }

    @BeforeEach
    void start() throws IOException {
        world = new TaskWorld(data);
        tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
    }

    @AfterEach
    void stop() {
        TestProbe<Done> stopped = kit.createTestProbe();
        tasks.tell(new TasksActor.StopAll(stopped.getRef()));
        stopped.receiveMessage(Duration.ofSeconds(30));
        kit.shutdownTestKit();
    }

    @Test
    void oneTaskThatFailsEndsItsGroupAndTheExecutorEndsWithTheLast() throws Exception {
        tasks.tell(new TasksActor.Launch(List.of(member("a", 2, "while [ ! -e go ]; do sleep 0.05; done; exit 3"))));
        // Neither the executor nor the other half is there.
        tasks.tell(new TasksActor.Launch(List.of(run(ExecutorInfo.Type.DEFAULT, "exec sleep 2147483646"))));
        Await.until("the executor runs", () -> state(RUN_ID.value()).equals(Optional.of(TaskState.RUNNING)));
        assertThat(state("a")).contains(TaskState.STAGING);
        tasks.tell(new TasksActor.Launch(List.of(member("b", 2, "exec sleep 600"))));
        Await.until(
                "both run",
                () -> state("a").equals(Optional.of(TaskState.RUNNING))
                        && state("b").equals(Optional.of(TaskState.RUNNING)));
        Path sandbox = world.tools().sandboxes().of(task("a"));
        assertThat(sandbox).isDirectory();
        assertThat(sandbox.toString()).endsWith("/executors/ex/runs/" + RUN + "/tasks/a");

        Files.createFile(sandbox.resolve("go"));
        Await.until("all have ended", () -> world.board().live().stream().allMatch(AgentTask::isEnded));
        assertThat(last("a").state()).isEqualTo(TaskState.FAILED);
        assertThat(last("b").state()).isEqualTo(TaskState.KILLED);
        assertThat(last("b").details().executor()).contains("ex");
        assertThat(last("b").details().containerId())
                .hasValueSatisfying(id -> assertThat(id).startsWith(RUN + "."));
        assertThat(last(RUN_ID.value()).details().labels()).containsEntry(ExecutorRuns.WAIT_STATUS, "0");
    }

    @Test
    void whoOrdersOneTaskOfAGroupToEndEndsAll() {
        tasks.tell(new TasksActor.Launch(List.of(
                run(ExecutorInfo.Type.DEFAULT, "exec sleep 2147483646"),
                member("a", 2, "exec sleep 600"),
                member("b", 2, "exec sleep 600"))));
        Await.until(
                "both run",
                () -> state("b").equals(Optional.of(TaskState.RUNNING))
                        && state("a").equals(Optional.of(TaskState.RUNNING)));
        tasks.tell(new TasksActor.Kill(List.of(new KillTask(Tasks.key("a"), Optional.empty()))));
        Await.until("all have ended", () -> world.board().live().stream().allMatch(AgentTask::isEnded));
        assertThat(last("a").state()).isEqualTo(TaskState.KILLED);
        assertThat(last("b").state()).isEqualTo(TaskState.KILLED);
    }

    @Test
    void theTasksOfAGroupShareAVolume() throws Exception {
        tasks.tell(new TasksActor.Launch(List.of(
                run(ExecutorInfo.Type.DEFAULT, "exec sleep 2147483646"),
                sharing(member("a", 2, "echo said > data/word; exec sleep 600"), "data", false),
                sharing(
                        member("b", 2, "while [ ! -s else/where/word ]; do sleep 0.05; done; cat else/where/word"),
                        "else/where",
                        false))));
        Await.until("the second has read what the first wrote", () -> ended("b"));
        assertThat(last("b").state()).isEqualTo(TaskState.FINISHED);
        assertThat(world.tools().sandboxes().of(task("a")).resolve("../../volumes/v/word"))
                .hasContent("said");
    }

    @Test
    void aVolumeOfTheExecutorIsReachedByItsTasks() throws Exception {
        Path machine = Files.createDirectory(data.resolve("machine"));
        Volume own =
                new Volume("store", false, Volume.Source.HOST_PATH, machine.toString(), Optional.empty(), Map.of());
        Volume theirs = new Volume("data", false, Volume.Source.SANDBOX_PARENT, "store", Optional.empty(), Map.of());
        ExecutorInfo executor = executor(ExecutorInfo.Type.DEFAULT, "", Optional.of(with(own)));
        TaskInfo run = with(own, Tasks.shell(RUN_ID.value(), "exec sleep 2147483646"));
        TaskInfo member = with(theirs, member("a", 1, "echo said > data/word"));
        tasks.tell(new TasksActor.Launch(List.of(
                run.withOptions(run.options().withExecutor(executor)),
                member.withOptions(member.options().withExecutor(executor)))));
        Await.until("it has ended", () -> ended("a"));
        assertThat(last("a").state()).isEqualTo(TaskState.FINISHED);
        assertThat(machine.resolve("word")).hasContent("said");
    }

    @Test
    void aVolumeThatCannotBeALinkIsRefused() {
        tasks.tell(new TasksActor.Launch(List.of(
                run(ExecutorInfo.Type.DEFAULT, "exec sleep 2147483646"),
                sharing(member("a", 1, "exec sleep 600"), "data", true))));
        Await.until("it has ended", () -> ended("a"));
        assertThat(last("a").state()).isEqualTo(TaskState.ERROR);
        assertThat(last("a").message().orElse(""))
                .contains("container.volumes: data, RO")
                .contains("expected");
    }

    private static TaskInfo sharing(TaskInfo task, String path, boolean readOnly) {
        Volume volume =
                new Volume(path, readOnly, Volume.Source.SANDBOX_PARENT, "volumes/v", Optional.empty(), Map.of());
        return with(volume, task);
    }

    private static TaskInfo with(Volume volume, TaskInfo task) {
        return task.withOptions(task.options().withContainer(with(volume)));
    }

    private static ContainerInfo with(Volume volume) {
        ContainerInfo plain = ContainerInfo.PLAIN;
        return new ContainerInfo(
                plain.type(),
                List.of(volume),
                plain.hostname(),
                plain.docker(),
                plain.image(),
                plain.networks(),
                plain.linux(),
                plain.rlimits(),
                plain.tty());
    }

    @Test
    void aGroupLivesOnUnderTheNextAgent() throws Exception {
        tasks.tell(new TasksActor.Launch(List.of(
                run(ExecutorInfo.Type.DEFAULT, "exec sleep 2147483646"),
                member("a", 2, "while [ ! -e go ]; do sleep 0.05; done"),
                member("b", 2, "exec sleep 600"))));
        Await.until(
                "both run",
                () -> state("b").equals(Optional.of(TaskState.RUNNING))
                        && state("a").equals(Optional.of(TaskState.RUNNING)));
        long pid = ((io.finback.nodeagent.task.ProcessRef) task("b").process().orElseThrow()).pid();
        Path sandbox = world.tools().sandboxes().of(task("a"));
        nextAgent();
        assertThat(ProcessHandle.of(pid))
                .hasValueSatisfying(process -> assertThat(process.isAlive()).isTrue());
        Files.createFile(sandbox.resolve("go"));
        Await.until("the first has done its work", () -> ended("a"));
        Await.until("the second is known, too", () -> state("b").isPresent());
        assertThat(last("a").state()).isEqualTo(TaskState.FINISHED);
        assertThat(state("b")).contains(TaskState.RUNNING);
    }

    @Test
    void aCustomExecutorIsGivenItsTasksAndFindsTheNextAgent() throws Exception {
        tasks.tell(new TasksActor.Launch(
                List.of(run(ExecutorInfo.Type.CUSTOM, "env >environment; exec sleep 600"), custom("t"), custom("u"))));
        Await.until("the executor runs", () -> state(RUN_ID.value()).equals(Optional.of(TaskState.RUNNING)));
        Stream stream = new Stream();
        assertThat(call(subscribe(stream, Set.of(), List.of()))).isEqualTo(ExecutorCall.Answer.DONE);
        assertThat(stream.next(ExecutorEvent.Subscribed.class).run().container())
                .isEqualTo(RUN);
        assertThat(stream.next(ExecutorEvent.Launch.class).task().id().value()).isEqualTo("t");
        assertThat(stream.next(ExecutorEvent.Launch.class).task().id().value()).isEqualTo("u");
        Path environment = world.tools().sandboxes().of(task(RUN_ID.value())).resolve("environment");
        Await.until("it has begun", () -> Files.exists(environment) && Files.size(environment) > 0);
        assertThat(Files.readString(environment))
                .contains("MESOS_EXECUTOR_ID=ex\n", "MESOS_AGENT_ENDPOINT=127.0.0.1:5051\n", "MESOS_CHECKPOINT=1\n")
                .doesNotContain("MESOS_TASK_ID");

        TaskStatus running = said("t", TaskState.RUNNING);
        assertThat(call(new ExecutorCall.Update(Tasks.FRAMEWORK, "ex", running)))
                .isEqualTo(ExecutorCall.Answer.DONE);
        assertThat(stream.next(ExecutorEvent.Acknowledged.class).uuid())
                .isEqualTo(running.uuid().orElseThrow());

        // Another agent on the same data. The executor has heard of u, and says what it could not say.
        nextAgent();
        assertThat(call(new ExecutorCall.Update(Tasks.FRAMEWORK, "ex", running)))
                .isEqualTo(ExecutorCall.Answer.NOT_SUBSCRIBED);
        TaskStatus finished = said("t", TaskState.FINISHED);
        Stream again = new Stream();
        assertThat(call(subscribe(again, Set.of(TaskId.of("u")), List.of(finished))))
                .isEqualTo(ExecutorCall.Answer.DONE);
        assertThat(again.next(ExecutorEvent.Acknowledged.class).uuid())
                .isEqualTo(finished.uuid().orElseThrow());
        Await.until("the end is heard", () -> task("t").isEnded());
        assertThat(task("t").unacknowledged())
                .extracting(TaskStatus::uuid)
                .containsExactly(running.uuid(), finished.uuid());
        assertThat(call(new ExecutorCall.Update(Tasks.FRAMEWORK, "ex", said("t", TaskState.FAILED))))
                .isEqualTo(ExecutorCall.Answer.DONE);
        assertThat(last("t").uuid()).as("an end is said once").isEqualTo(finished.uuid());
        assertThat(again.events).as("u is not launched twice").noneMatch(ExecutorEvent.Launch.class::isInstance);

        tasks.tell(new TasksActor.Kill(List.of(new KillTask(Tasks.key("u"), Optional.empty()))));
        assertThat(again.next(ExecutorEvent.Kill.class).task().value()).isEqualTo("u");
        tasks.tell(new TasksActor.Kill(List.of(new KillTask(
                io.finback.resources.TaskKey.of(Tasks.FRAMEWORK, RUN_ID), Optional.of(Duration.ofMillis(200))))));
        assertThat(again.next(ExecutorEvent.Shutdown.class)).isNotNull();
        Await.until(
                "the executor is ended and u with it",
                () -> task("u").isEnded() && task(RUN_ID.value()).isEnded());
        assertThat(last("u").state()).isEqualTo(TaskState.KILLED);
    }

    @Test
    void whatAnExecutorLeavesBehindHasFailed() throws Exception {
        tasks.tell(new TasksActor.Launch(
                List.of(run(ExecutorInfo.Type.CUSTOM, "while [ ! -e go ]; do sleep 0.05; done; exit 7"), custom("t"))));
        Await.until("the executor runs", () -> state(RUN_ID.value()).equals(Optional.of(TaskState.RUNNING)));
        assertThat(call(subscribe(new Stream(), Set.of(), List.of()))).isEqualTo(ExecutorCall.Answer.DONE);
        assertThat(call(new ExecutorCall.Update(Tasks.FRAMEWORK, "ex", said("t", TaskState.RUNNING))))
                .isEqualTo(ExecutorCall.Answer.DONE);
        Files.createFile(world.tools().sandboxes().of(task(RUN_ID.value())).resolve("go"));
        Await.until("the task has ended", () -> task("t").isEnded());
        assertThat(last("t").state()).isEqualTo(TaskState.FAILED);
        assertThat(last("t").reason()).contains("EXECUTOR_TERMINATED");
        assertThat(last("t").source()).isEqualTo(TaskStatus.Source.AGENT);
        assertThat(last(RUN_ID.value()).details().labels()).containsEntry(ExecutorRuns.WAIT_STATUS, "1792");
        assertThat(call(subscribe(new Stream(), Set.of(), List.of()))).isNotEqualTo(ExecutorCall.Answer.DONE);
    }

    private static final TaskId RUN_ID = ExecutorRuns.of(RUN);

    private void nextAgent() throws IOException {
        kit.stop(tasks, Duration.ofSeconds(30));
        start();
        Await.until("tasks are adopted", () -> !world.board().live().isEmpty());
    }

    private ExecutorCall.Answer call(ExecutorCall call) {
        TestProbe<ExecutorCall.Answer> answer = kit.createTestProbe();
        tasks.tell(new TasksActor.FromExecutor(call, answer.getRef()));
        return answer.receiveMessage(Duration.ofSeconds(30));
    }

    private static ExecutorCall subscribe(Stream stream, Set<TaskId> unacknowledged, List<TaskStatus> updates) {
        return new ExecutorCall.Subscribe(Tasks.FRAMEWORK, "ex", unacknowledged, updates, stream);
    }

    private static TaskStatus said(String task, TaskState state) {
        return new TaskStatus(
                        TaskId.of(task),
                        Tasks.FRAMEWORK,
                        Tasks.AGENT,
                        state,
                        TaskStatus.Source.EXECUTOR,
                        Optional.of(UUID.randomUUID().toString()),
                        Instant.now(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty())
                .withDetails(StatusDetails.NONE.withExecutor("ex"));
    }

    private AgentTask task(String id) {
        return world.board().live().stream()
                .filter(task -> task.info().id().value().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private boolean ended(String id) {
        return state(id).filter(TaskState::isTerminal).isPresent();
    }

    private Optional<TaskState> state(String id) {
        return world.board().live().stream()
                .filter(task -> task.info().id().value().equals(id))
                .map(AgentTask::state)
                .findFirst();
    }

    private TaskStatus last(String id) {
        List<TaskStatus> all = task(id).unacknowledged();
        return all.get(all.size() - 1);
    }

    private static ExecutorInfo executor(ExecutorInfo.Type type, String command) {
        return executor(type, command, Optional.empty());
    }

    private static ExecutorInfo executor(ExecutorInfo.Type type, String command, Optional<ContainerInfo> container) {
        return new ExecutorInfo(
                type,
                "ex",
                type == ExecutorInfo.Type.CUSTOM ? Optional.of(CommandInfo.shell(command, Map.of())) : Optional.empty(),
                container,
                Resources.of(0.1, 32, 0),
                "*",
                "ex",
                Optional.empty(),
                Optional.empty(),
                Optional.of(Duration.ofMillis(500)),
                Map.of(),
                Optional.empty());
    }

    private static TaskInfo run(ExecutorInfo.Type type, String command) {
        TaskInfo run = Tasks.shell(RUN_ID.value(), command);
        return run.withOptions(run.options().withExecutor(executor(type, command)));
    }

    private static TaskInfo member(String id, int size, String command) {
        TaskInfo task = Tasks.shell(id, command);
        return task.withOptions(task.options()
                .withExecutor(executor(ExecutorInfo.Type.DEFAULT, ""))
                .withExecutorRun(RUN_ID)
                .withGroup(new TaskGroup("g", size)));
    }

    private static TaskInfo custom(String id) {
        TaskInfo task = Tasks.shell(id, "");
        return task.withOptions(task.options()
                .withExecutor(executor(ExecutorInfo.Type.CUSTOM, "x"))
                .withExecutorRun(RUN_ID));
    }
}
