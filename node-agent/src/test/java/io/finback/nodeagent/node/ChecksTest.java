package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.sun.net.httpserver.HttpServer;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.CheckInfo;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.HealthCheck;
import io.finback.tasks.Probe;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent.KillTask;
import io.finback.wire.MasterToAgent.UpdateId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks of running tasks, with real processes, servers and files. */
class ChecksTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String HEALTH = "TASK_HEALTH_CHECK_STATUS_UPDATED";
    private static final String CHECK = "TASK_CHECK_STATUS_UPDATED";

    @TempDir
    Path data;

    private ActorTestKit kit = ActorTestKit.create();
    private TestProbe<ConversationActor.Command> conversation = kit.createTestProbe(ConversationActor.Command.class);
    private ActorRef<TasksActor.Command> tasks = kit.system().deadLetters().unsafeUpcast();
    private TaskWorld world;

    @BeforeEach
    void open() throws Exception {
        start();
    }

    @AfterEach
    void close() {
        TestProbe<Done> stopped = kit.createTestProbe();
        tasks.tell(new TasksActor.StopAll(stopped.getRef()));
        stopped.receiveMessage(LIMIT);
        kit.shutdownTestKit();
    }

    @Test
    void aCommandRunsWhereTheTaskIsAndEndsItWhenItFailsTooOften() throws Exception {
        Path out = data.resolve("out");
        launch(
                Tasks.shell("t", "touch well; exec sleep 600", Map.of("OUT", out.toString(), "MINE", "1")),
                RunOptions.NONE.withHealthCheck(
                        health(command("echo \"$MINE $PWD\" >> \"$OUT\"; test -e well", Map.of()), 2)));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);

        TaskStatus well = update();
        assertThat(well.state()).isEqualTo(TaskState.RUNNING);
        assertThat(well.reason()).contains(HEALTH);
        assertThat(well.healthy()).contains(true);
        assertThat(Files.readAllLines(out).get(0)).isEqualTo("1 " + world.sandbox("t"));

        Files.delete(world.sandbox("t").resolve("well"));

        TaskStatus unwell = update();
        assertThat(unwell.healthy()).contains(false);
        assertThat(unwell.message()).contains("exited with status 1");
        assertThat(update().healthy()).contains(false);
        assertThat(update().state()).isEqualTo(TaskState.KILLING);
        TaskStatus killed = update();
        assertThat(killed.state()).isEqualTo(TaskState.KILLED);
        assertThat(killed.healthy()).contains(false);
        assertThat(killed.message().orElseThrow()).contains("health check", "signal Terminated");
    }

    @Test
    void aCommandThatHangsIsEndedWithAllItStarted() throws Exception {
        // A pid means nothing here when the task has a PID namespace: what each look starts is known by its argument.
        Path started = data.resolve("started");
        String child = "601." + System.nanoTime() + "0";
        launch(
                Tasks.shell("t", "exec sleep 600"),
                RunOptions.NONE.withHealthCheck(new HealthCheck(
                        command("sleep " + child + "$$ & echo " + child + "$$ >> " + started + "; sleep 602", Map.of()),
                        Duration.ZERO,
                        Duration.ofMillis(100),
                        Duration.ofSeconds(2),
                        1000,
                        Duration.ZERO)));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        String first = Await.found(
                "the first look has started it",
                () -> Files.exists(started)
                        ? Files.readAllLines(started).stream().findFirst()
                        : Optional.empty());
        Await.until("it runs", () -> runs(first));

        TaskStatus unwell = update();
        assertThat(unwell.message()).contains("timed out after 2.0 s");
        assertThat(unwell.state()).isEqualTo(TaskState.RUNNING);
        Await.until("what the check started is gone", () -> !runs(first));
    }

    private static boolean runs(String argument) {
        return ProcessHandle.allProcesses().anyMatch(process -> process.info()
                .arguments()
                .filter(all -> List.of(all).contains(argument))
                .isPresent());
    }

    @Test
    void anHttpCheckTellsWhatItSawAndFollowsRedirects() throws Exception {
        AtomicInteger status = new AtomicInteger(200);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/moved", exchange -> {
            exchange.getResponseHeaders().add("Location", "/here");
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        server.createContext("/here", exchange -> {
            exchange.sendResponseHeaders(status.get(), -1);
            exchange.close();
        });
        server.start();
        try {
            int port = server.getAddress().getPort();
            launch(
                    Tasks.shell("t", "exec sleep 600"),
                    RunOptions.NONE.withCheck(new CheckInfo(
                            Probe.of(new Probe.Http("http", port, "/moved", false, List.of())),
                            Duration.ZERO,
                            Duration.ofMillis(100),
                            Duration.ofSeconds(5))));
            TaskStatus running = update();
            assertThat(running.details().check().orElseThrow().statusCode()).isEmpty();
            TaskStatus first = update();
            assertThat(first.reason()).contains(CHECK);
            assertThat(first.healthy()).isEmpty();
            assertThat(first.details().check().orElseThrow().statusCode()).contains(200);
            status.set(503);
            assertThat(update().details().check().orElseThrow().statusCode()).contains(503);
            server.stop(0);
            assertThat(update().details().check().orElseThrow().statusCode()).isEmpty();
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aTcpCheckOutlivesTheAgentAndRepeatsNothing() throws Exception {
        ServerSocket first = listen(0);
        int port = first.getLocalPort();
        launch(
                Tasks.shell("t", "exec sleep 600"),
                RunOptions.NONE.withHealthCheck(health(Probe.of(new Probe.Tcp(port, false)), 100)));
        TaskStatus running = update();
        TaskStatus well = update();
        assertThat(well.healthy()).contains(true);
        acknowledge(running);
        acknowledge(well);
        Await.until("both are acknowledged", () -> world.board().live().stream()
                .allMatch(task -> task.unacknowledged().isEmpty()));

        vanish();
        conversation.expectNoMessage(Duration.ofMillis(400));
        first.close();

        TaskStatus unwell = update();
        assertThat(unwell.healthy()).contains(false);
        acknowledge(unwell);
        ServerSocket second = listen(port);
        Await.until("it is healthy again", () -> update().healthy().equals(Optional.of(true)));
        second.close();
    }

    @Test
    void aTaskThatIsBeingEndedIsCheckedNoMore() throws Exception {
        launch(
                Tasks.shell("t", "trap '' TERM; while :; do sleep 0.05; done"),
                RunOptions.NONE.withHealthCheck(health(command("exit 0", Map.of()), 1)));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        assertThat(update().healthy()).contains(true);
        tasks.tell(new TasksActor.Kill(
                List.of(new KillTask(Tasks.key("t"), Optional.of(Duration.ofSeconds(1)), Optional.empty()))));
        assertThat(update().state()).isEqualTo(TaskState.KILLING);
        TaskStatus killed = update();
        assertThat(killed.state()).isEqualTo(TaskState.KILLED);
        assertThat(killed.healthy()).contains(true);
    }

    @Test
    void aTaskMayRunOnlySoLong() {
        launch(
                Tasks.shell("t", "trap '' TERM; while :; do sleep 0.05; done"),
                RunOptions.NONE.withMaxCompletion(Duration.ofMillis(400)));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        assertThat(update().state()).isEqualTo(TaskState.KILLING);
        TaskStatus failed = update();
        assertThat(failed.state()).isEqualTo(TaskState.FAILED);
        assertThat(failed.reason()).contains("MAX_COMPLETION_TIME_REACHED");
    }

    private static HealthCheck health(Probe probe, int failures) {
        return new HealthCheck(
                probe, Duration.ZERO, Duration.ofMillis(100), Duration.ofSeconds(10), failures, Duration.ofSeconds(10));
    }

    private static Probe command(String line, Map<String, String> environment) {
        return Probe.of(CommandInfo.shell(line, environment));
    }

    private static ServerSocket listen(int port) throws Exception {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 50);
        return socket;
    }

    private void launch(TaskInfo task, RunOptions options) {
        tasks.tell(new TasksActor.Launch(List.of(task.withOptions(options))));
    }

    private void acknowledge(TaskStatus status) {
        tasks.tell(new TasksActor.Acknowledge(List.of(
                new UpdateId(Tasks.key(status.task().value()), status.uuid().orElseThrow()))));
    }

    /** The next update of any task. */
    private TaskStatus update() {
        List<ConversationActor.Command> seen = conversation.fishForMessage(
                LIMIT,
                message -> message instanceof ConversationActor.NewUpdate
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
        return ((ConversationActor.NewUpdate) seen.get(seen.size() - 1)).update();
    }

    /** The agent is gone without a word, and another one starts on the same data. */
    private void vanish() throws Exception {
        kit.shutdownTestKit();
        kit = ActorTestKit.create();
        start();
    }

    private void start() throws Exception {
        world = new TaskWorld(data);
        conversation = kit.createTestProbe(ConversationActor.Command.class);
        tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
    }
}
