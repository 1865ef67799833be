package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskKey;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent.KillTask;
import io.finback.wire.MasterToAgent.UpdateId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole life of tasks, with real processes and real files, and an agent that may vanish at any moment. */
class TasksActorTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path data;

    private final List<ActorTestKit> kits = new ArrayList<>();
    private TaskWorld world;
    private TestProbe<ConversationActor.Command> conversation;
    private ActorRef<TasksActor.Command> tasks;

    @BeforeEach
    void open() throws Exception {
        start();
    }

    @AfterEach
    void close() {
        TestProbe<Done> stopped = kits.get(kits.size() - 1).createTestProbe();
        tasks.tell(new TasksActor.StopAll(stopped.getRef()));
        stopped.receiveMessage(LIMIT);
        kits.forEach(ActorTestKit::shutdownTestKit);
    }

    @Test
    void runsATaskAndReportsItsEnd() {
        launch(Tasks.shell("t", "exit 3"));

        assertThat(confirmed()).containsExactly(Tasks.key("t"));
        TaskStatus running = update();
        assertThat(running.state()).isEqualTo(TaskState.RUNNING);
        assertThat(running.pid()).isPresent();
        TaskStatus failed = update();
        assertThat(failed.state()).isEqualTo(TaskState.FAILED);
        assertThat(failed.message()).contains("Command exited with status 3");
    }

    @Test
    void aRepeatedLaunchStartsNothingAlsoAfterTheEndWasAcknowledged() {
        TaskInfo task = Tasks.shell(
                "t", "echo once >>\"$OUT\"", Map.of("OUT", data.resolve("out").toString()));
        launch(task);
        launch(task);
        TaskStatus running = update();
        TaskStatus finished = update();
        assertThat(finished.state()).isEqualTo(TaskState.FINISHED);
        acknowledge(running);
        acknowledge(finished);
        Await.until("the task is done", () -> world.board().live().isEmpty());

        launch(task);
        vanish();
        launch(task);

        assertThat(confirmed()).containsExactly(Tasks.key("t"));
        conversation.expectNoMessage(Duration.ofMillis(300));
        assertThat(data.resolve("out")).hasContent("once");
    }

    @Test
    void tasksOfTwoFrameworksWithTheSameIdAreTwoTasks() throws Exception {
        TaskInfo mine = Tasks.shell("t", "exec sleep 600");
        TaskInfo theirs = Tasks.of(FrameworkId.of("framework-2"), Tasks.shell("t", "exec sleep 601"));
        launch(mine);
        TaskStatus first = update();
        launch(theirs);
        TaskStatus second = update();
        assertThat(first.framework()).isEqualTo(Tasks.FRAMEWORK);
        assertThat(second.framework()).isEqualTo(theirs.framework());
        assertThat(second.pid()).isNotEqualTo(first.pid());
        acknowledge(first);
        acknowledge(second);
        Await.until("both are acknowledged", () -> world.board().live().stream()
                .allMatch(task -> task.unacknowledged().isEmpty()));

        vanish();
        kill("t", Optional.empty());

        TaskStatus killing = update();
        assertThat(killing.state()).isEqualTo(TaskState.KILLING);
        acknowledge(killing);
        TaskStatus killed = update();
        assertThat(killed.framework()).isEqualTo(Tasks.FRAMEWORK);
        assertThat(killed.state()).isEqualTo(TaskState.KILLED);
        acknowledge(killed);
        Await.until("one is done", () -> world.board().ended().size() == 1);
        assertThat(world.board().live()).singleElement().satisfies(task -> {
            assertThat(task.info().framework()).isEqualTo(theirs.framework());
            assertThat(task.isRunning()).isTrue();
        });
        assertThat(ProcFs.stat(second.pid().orElseThrow())).isPresent();

        launch(mine);
        assertThat(confirmed()).containsExactly(Tasks.key("t"));
        conversation.expectNoMessage(Duration.ofMillis(300));
    }

    @Test
    void killsWithSigtermFirst() {
        launch(Tasks.shell("t", "exec sleep 600"));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);

        kill("t", Optional.empty());

        TaskStatus killed = updateAfterKilling();
        assertThat(killed.state()).isEqualTo(TaskState.KILLED);
        assertThat(killed.message()).contains("Command terminated with signal Terminated");
    }

    @Test
    void killsWithSigkillWhatIgnoresSigterm() throws Exception {
        launch(Tasks.shell("t", "trap '' TERM; echo up >up; while :; do sleep 600; done"));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        Path up = world.sandbox("t").resolve("up");
        Await.until("it ignores SIGTERM", () -> Files.exists(up));

        kill("t", Optional.of(Duration.ofMillis(200)));

        assertThat(updateAfterKilling().message()).contains("Command terminated with signal Killed");
    }

    @Test
    void aKillThatComesWithTheLaunchEndsItAsKilled() {
        launch(Tasks.shell("t", "exec sleep 600"));
        kill("t", Optional.empty());

        TaskStatus last = update();
        if (last.state() == TaskState.RUNNING) {
            last = updateAfterKilling();
        }
        assertThat(last.state()).isEqualTo(TaskState.KILLED);
    }

    @Test
    void theNextAgentAdoptsWhatRuns() {
        launch(Tasks.shell("t", "exec sleep 600"));
        long pid = update().pid().orElseThrow();

        vanish();

        // Not acknowledged, so it is said again.
        TaskStatus again = update();
        assertThat(again.state()).isEqualTo(TaskState.RUNNING);
        assertThat(again.pid()).contains(pid);
        assertThat(world.board().live()).singleElement().satisfies(task -> {
            assertThat(task.process().orElseThrow().leader().orElseThrow()).isEqualTo(pid);
            assertThat(task.state()).isEqualTo(TaskState.RUNNING);
        });
        kill("t", Optional.empty());
        assertThat(updateAfterKilling().message()).contains("Command terminated with signal Terminated");
    }

    @Test
    void theNextAgentTellsHowTasksEndedMeanwhile() throws Exception {
        launch(Tasks.shell("exits", "while [ ! -e go ]; do sleep 0.02; done; exit 137"));
        launch(Tasks.shell("dies", "while [ ! -e go ]; do sleep 0.02; done; kill -9 $$"));
        long first = update().pid().orElseThrow();
        long second = update().pid().orElseThrow();

        crash();
        Files.createFile(world.sandbox("exits").resolve("go"));
        Files.createFile(world.sandbox("dies").resolve("go"));
        Await.until("both have ended", () -> ended(first) && ended(second));
        start();

        List<String> ends = new ArrayList<>();
        while (ends.size() < 2) {
            TaskStatus status = update();
            if (status.state().isTerminal()) {
                ends.add(status.task() + " " + status.message().orElseThrow());
            }
        }
        assertThat(ends)
                .containsExactlyInAnyOrder(
                        "exits Command exited with status 137", "dies Command terminated with signal Killed");
    }

    @Test
    void aKillIsCarriedOutByTheNextAgent() throws Exception {
        launch(Tasks.shell("t", "trap '' TERM; echo up >up; while :; do sleep 600; done"));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        Path up = world.sandbox("t").resolve("up");
        Await.until("it ignores SIGTERM", () -> Files.exists(up));
        kill("t", Optional.of(Duration.ofSeconds(1)));
        assertThat(killConfirmed()).containsExactly(Tasks.key("t"));

        vanish();

        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        assertThat(updateAfterKilling().message()).contains("Command terminated with signal Killed");
    }

    @Test
    void aLaunchTheDiskRefusesFailsAndLeavesNothing() throws Exception {
        describe();
        world.breakDisk();
        launch(Tasks.shell(
                "t", "touch \"$OUT\"", Map.of("OUT", data.resolve("out").toString())));

        TaskStatus failed = update();
        assertThat(failed.state()).isEqualTo(TaskState.FAILED);
        assertThat(failed.message().orElseThrow()).startsWith("the launch cannot be written to disk");
        assertThat(data.resolve("out")).doesNotExist();
        world.mendDisk();
        acknowledge(failed);
        Await.until("it is done", () -> world.board().live().isEmpty());
    }

    @Test
    void anEndTheDiskRefusesIsSaidOnceItIsOnDisk() throws Exception {
        launch(Tasks.shell("t", "while [ ! -e go ]; do sleep 0.02; done; exit 5"));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        world.breakDisk();
        Files.createFile(world.sandbox("t").resolve("go"));
        Await.until("the disk has refused it", () -> world.board().checkpointFailures() > 0);
        conversation.expectNoMessage(Duration.ofMillis(100));

        world.mendDisk();

        assertThat(update().message()).contains("Command exited with status 5");
    }

    @Test
    void aKillTheDiskRefusesStillEndsTheTaskAndIsConfirmedOnlyOnceItIsOnDisk() throws Exception {
        launch(Tasks.shell("t", "exec sleep 600"));
        long pid = update().pid().orElseThrow();
        world.breakDisk();

        kill("t", Optional.empty());

        Await.until("it has ended", () -> ended(pid));
        assertThat(conversation
                        .expectMessageClass(ConversationActor.Confirm.class, LIMIT)
                        .killed())
                .isEmpty();
        conversation.expectNoMessage(Duration.ofMillis(100));

        world.mendDisk();

        assertThat(updateAfterKilling().message()).contains("Command terminated with signal Terminated");
        kill("t", Optional.empty());
        assertThat(killConfirmed()).containsExactly(Tasks.key("t"));
    }

    @Test
    void whatRunsWithoutAReadableCheckpointIsEnded() throws Exception {
        launch(Tasks.shell("t", "trap '' TERM; sleep 600 & sleep 600"));
        long pid = update().pid().orElseThrow();
        launch(Tasks.shell("other", "exec sleep 2147483647"));
        long other = update().pid().orElseThrow();
        long holder = ProcFs.stat(pid).orElseThrow().parent();
        crash();
        Files.writeString(TaskWorld.fileOfT(data), "{ torn");

        start();

        Await.until("its process and its holder are gone", () -> ended(pid) && ended(holder));
        describe();
        assertThat(world.board().live()).singleElement().satisfies(task -> assertThat(
                        task.process().orElseThrow().leader().orElseThrow())
                .isEqualTo(other));
        assertThat(ended(other)).isFalse();
    }

    @Test
    void aUserThatIsNoneIsRefusedByName() {
        launch(Tasks.task("t", new CommandInfo(true, "id", List.of(), Map.of(), Optional.of("nobody-else"))));

        TaskStatus refused = update();
        assertThat(refused.state()).isIn(TaskState.ERROR, TaskState.FAILED);
        assertThat(refused.message().orElseThrow()).contains("command.user: nobody-else", "expected");
    }

    @Test
    void updatesStayUntilAcknowledgedInOrder() throws Exception {
        launch(Tasks.shell("t", "exit 0"));
        TaskStatus running = update();
        TaskStatus finished = update();

        acknowledge(finished);
        acknowledge(running);
        describe();
        assertThat(world.board().live())
                .singleElement()
                .extracting(AgentTask::state)
                .isEqualTo(TaskState.FINISHED);

        acknowledge(finished);
        Await.until("it is done", () -> world.board().live().isEmpty());
        assertThat(world.board().ended()).hasSize(1);
        assertThat(world.sandbox("t")).isDirectory();
    }

    @Test
    void oldSandboxesGoBeyondTheBound() throws Exception {
        for (int i = 0; i < TaskWorld.MAX_ENDED + 2; i++) {
            launch(Tasks.shell("t" + i, "exit 0"));
            acknowledge(update());
            acknowledge(update());
        }
        Await.until("all are done", () -> world.board().live().isEmpty());

        vanish();

        Await.until("the oldest two are gone", () -> world.board().ended().size() == TaskWorld.MAX_ENDED);
        Path executors = data.resolve("slaves/agent-1/frameworks/framework-1/executors");
        Await.until(
                "their sandboxes too",
                () -> !Files.exists(executors.resolve("t0")) && !Files.exists(executors.resolve("t1")));
        assertThat(executors.resolve("t2/runs/latest")).exists();
    }

    private void start() throws IOException {
        ActorTestKit kit = ActorTestKit.create();
        kits.add(kit);
        conversation = kit.createTestProbe();
        world = new TaskWorld(data);
        tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()), "tasks");
    }

    /** The agent is gone without a word; what it had in its hands (pipes) closes as with its process. */
    private void crash() {
        kits.get(kits.size() - 1).stop(tasks, LIMIT);
        world.tools().containers().discardAll();
    }

    private void vanish() {
        crash();
        try {
            start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void launch(TaskInfo task) {
        tasks.tell(new TasksActor.Launch(List.of(task)));
    }

    private void kill(String task, Optional<Duration> grace) {
        tasks.tell(new TasksActor.Kill(List.of(new KillTask(Tasks.key(task), grace))));
    }

    private void acknowledge(TaskStatus update) {
        tasks.tell(new TasksActor.Acknowledge(List.of(new UpdateId(
                TaskKey.of(update.framework(), update.task()), update.uuid().orElseThrow()))));
    }

    private void describe() {
        tasks.tell(new TasksActor.Describe(conversation.getRef()));
        conversation.fishForMessage(
                LIMIT,
                message -> message instanceof ConversationActor.Known
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
    }

    private TaskStatus update() {
        return Await.found(
                "an update",
                () -> conversation.receiveMessage(LIMIT) instanceof ConversationActor.NewUpdate said
                        ? Optional.of(said.update())
                        : Optional.empty());
    }

    /** The end of something that was ordered to end. */
    private TaskStatus updateAfterKilling() {
        assertThat(update().state()).isEqualTo(TaskState.KILLING);
        return update();
    }

    private List<TaskKey> confirmed() {
        return conversation
                .expectMessageClass(ConversationActor.Confirm.class, LIMIT)
                .launched();
    }

    private List<TaskKey> killConfirmed() {
        return Await.found(
                "a confirmed kill",
                () -> conversation.receiveMessage(LIMIT) instanceof ConversationActor.Confirm confirm
                                && !confirm.killed().isEmpty()
                        ? Optional.of(confirm.killed())
                        : Optional.empty());
    }

    private static boolean ended(long pid) {
        return ProcFs.stat(pid).map(ProcFs.Stat::isEnded).orElse(true);
    }
}
