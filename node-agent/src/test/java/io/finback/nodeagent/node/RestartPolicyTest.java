package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent.KillTask;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a new agent makes of real processes when more than the agent has changed: the clock, or the whole boot. */
class RestartPolicyTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Pattern INSTANT = Pattern.compile("\"(\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z)\"");

    @TempDir
    Path data;

    private ActorTestKit kit;
    private TestProbe<ConversationActor.Command> conversation;
    private ActorRef<TasksActor.Command> tasks;

    @AfterEach
    void close() {
        TestProbe<Done> stopped = kit.createTestProbe();
        tasks.tell(new TasksActor.StopAll(stopped.getRef()));
        stopped.receiveMessage(LIMIT);
        kit.shutdownTestKit();
    }

    /** The machine was restarted, and somebody else has the pid now: as far as the next agent can know. */
    @Test
    void afterARebootNothingIsAdoptedAndNothingIsSignalled() throws Exception {
        start(TaskWorld.booted("the-boot-before", data));
        launch("exec sleep 600");
        long pid = update().pid().orElseThrow();
        long holder = ProcFs.stat(pid).orElseThrow().parent();
        vanish();
        try {
            start(new TaskWorld(data));
            TaskStatus lost = update();
            while (!lost.state().isTerminal()) {
                lost = update();
            }
            assertThat(lost.state()).isEqualTo(TaskState.LOST);
            assertThat(lost.reason()).contains("AGENT_RESTARTED");
            kill(Duration.ZERO);
            conversation.fishForMessage(
                    LIMIT,
                    message -> message instanceof ConversationActor.Confirm
                            ? FishingOutcomes.complete()
                            : FishingOutcomes.continueAndIgnore());
            assertThat(ProcFs.stat(pid).filter(stat -> !stat.isEnded()))
                    .as("a stranger's process, by its pid")
                    .isPresent();
        } finally {
            for (long left : new long[] {pid, holder}) {
                ProcessHandle.of(left).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
    }

    /** Everything on disk is from a day that is to come, or long ago. */
    @ParameterizedTest
    @ValueSource(longs = {1, -400})
    void aClockThatWasMovedEndsNothingAndHoldsNothingUp(long days) throws Exception {
        start(new TaskWorld(data));
        launch("trap '' TERM; touch up; while [ ! -e go ]; do sleep 0.02; done; exit 5");
        long pid = update().pid().orElseThrow();
        Path sandbox = data.resolve("slaves/agent-1/frameworks/framework-1/executors/t/runs/latest")
                .toRealPath();
        Await.until("it ignores SIGTERM", () -> Files.exists(sandbox.resolve("up")));
        vanish();
        moveClock(days);

        start(new TaskWorld(data));
        assertThat(update().pid()).contains(pid);
        kill(Duration.ofMillis(200));
        assertThat(update().state()).isEqualTo(TaskState.KILLING);
        vanish();
        moveClock(days);

        start(new TaskWorld(data));
        TaskStatus end = update();
        while (!end.state().isTerminal()) {
            end = update();
        }
        assertThat(end.state())
                .as("the grace is never longer than it was given")
                .isEqualTo(TaskState.KILLED);
        assertThat(end.message()).contains("Command terminated with signal Killed");
    }

    private void moveClock(long days) throws Exception {
        Path file = TaskWorld.fileOfT(data);
        String before = Files.readString(file);
        String after = INSTANT.matcher(before)
                .replaceAll(found -> "\"" + Instant.parse(found.group(1)).plus(Duration.ofDays(days)) + "\"");
        assertThat(after).isNotEqualTo(before);
        Files.write(file, after.getBytes(StandardCharsets.UTF_8));
    }

    private void start(TaskWorld world) {
        kit = ActorTestKit.create();
        conversation = kit.createTestProbe();
        tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
    }

    /** The agent is gone without a word. */
    private void vanish() {
        kit.stop(tasks, LIMIT);
        kit.shutdownTestKit();
    }

    private void launch(String command) {
        tasks.tell(new TasksActor.Launch(List.of(Tasks.shell("t", command))));
    }

    private void kill(Duration grace) {
        tasks.tell(new TasksActor.Kill(List.of(new KillTask(Tasks.key("t"), Optional.of(grace)))));
    }

    private TaskStatus update() {
        return Await.found(
                "an update",
                () -> conversation.receiveMessage(LIMIT) instanceof ConversationActor.NewUpdate said
                        ? Optional.of(said.update())
                        : Optional.empty());
    }
}
