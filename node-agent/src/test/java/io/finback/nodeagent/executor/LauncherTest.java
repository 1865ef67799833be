package io.finback.nodeagent.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.isolation.Wrap;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real processes, really signalled. */
class LauncherTest {
    private static final LogLimits LIMITS = new LogLimits(10 << 20, 10);
    private static final Wrap BARE = Wrap.NONE;

    @TempDir
    Path sandbox;

    @TempDir
    Path programs;

    private Tools tools;
    private Launcher launcher;
    private Processes processes;
    private Path begun;
    private ProcessRef last = new ProcessRef("", 0, 0, 0, 0);

    @BeforeEach
    void find() throws Exception {
        tools = tools(programs);
        launcher = new Launcher(
                tools, LIMITS, ProcFs.bootId(), "whale-1", Map.of("PATH", System.getenv("PATH"), "SECRET", "s"));
        processes = new Processes(tools);
        begun = sandbox.resolve("begun");
    }

    /** How tasks are started in this test. */
    Tools tools(Path directory) throws Exception {
        return TaskWorld.programs(directory);
    }

    @AfterEach
    void end() {
        processes.forceKill(last);
        processes.forget(last);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "exit 0 | Command exited with status 0",
                "exit 3 | Command exited with status 3",
                "exit 137 | Command exited with status 137",
                "kill -9 $$ | Command terminated with signal Killed",
                "kill -15 $$ | Command terminated with signal Terminated",
                "sleep 0.05; exit 143 | Command exited with status 143",
                "/no/such/program | Command exited with status 127"
            })
    void tellsEveryEndExactly(String command, String end) throws Exception {
        assertThat(run(Tasks.shell("t", command)).describe()).isEqualTo(end);
        assertThat(begun).exists();
    }

    @Test
    void theEndCanStillBeReadByWhoeverComesLater() throws Exception {
        var unused = run(Tasks.shell("t", "exit 7"));

        assertThat(new Processes(tools).exit(last)).contains(new Exit.Exited(7));

        processes.forget(last);
        Await.until("the holder is gone", () -> ProcFs.stat(last.holderPid())
                .filter(stat -> !stat.isEnded())
                .isEmpty());
    }

    @Test
    void nothingRunsBeforeItIsReleasedAndNothingEverAfterADiscard() throws Exception {
        last = launcher.prepare(spec(Tasks.shell("t", "touch ran")), BARE);
        assertThat(ProcFs.stat(last.pid())).isPresent();
        assertThat(begun).doesNotExist();

        launcher.discard(last);

        Await.until("the process is gone", () -> processes.exit(last).isPresent());
        assertThat(begun).doesNotExist();
        assertThat(sandbox.resolve("ran")).doesNotExist();
        assertThat(launcher.release(last)).isFalse();
    }

    @Test
    void leadsItsOwnSessionAndGroupInItsSandbox() throws Exception {
        start(Tasks.shell("t", "pwd; echo oops >&2; exec sleep 600"));

        Await.until("it sleeps", () -> ProcFs.program(last.pid()).equals(Optional.of("sleep")));
        ProcFs.Stat stat = ProcFs.stat(last.pid()).orElseThrow();
        assertThat(stat.session()).isEqualTo(last.pid());
        assertThat(stat.group()).isEqualTo(last.pid());
        assertThat(stat.parent()).isEqualTo(last.holderPid());
        Await.until(
                "it has spoken",
                () -> output("stdout").equals(sandbox.toRealPath() + "\n")
                        && output("stderr").equals("oops\n"));
        // Signals 32 and 33 are glibc's own; posix_spawn leaves them ignored.
        assertThat(Files.readString(Path.of("/proc/" + last.pid() + "/status")))
                .containsPattern("SigIgn:\\t.{9}0000000");
        try (Stream<Path> open = Files.list(Path.of("/proc/" + last.pid() + "/fd"))) {
            assertThat(open.map(fd -> fd.getFileName().toString())).containsExactlyInAnyOrder("0", "1", "2");
        }
    }

    @Test
    void givesMesosEnvironmentAndNothingOfTheAgentsSecrets() throws Exception {
        Map<String, String> own = new HashMap<>();
        own.put("PORT0", "31000");
        own.put("PORT_HTTP-API", "31001");
        own.put("HOST", "mine wins");
        own.put("UID", "4711");
        own.put("QUOTES", "a 'b' \"c\" $HOME `id`\nline two");
        var unused = run(Tasks.arguments("task.1", own, "env", "-0"));

        List<String> seen = List.of(output("stdout").split("\0", -1));
        assertThat(seen)
                .contains(
                        "MESOS_TASK_ID=task.1",
                        "MESOS_EXECUTOR_ID=task.1",
                        "MESOS_FRAMEWORK_ID=framework-1",
                        "MESOS_AGENT_ID=agent-1",
                        "MESOS_SLAVE_ID=agent-1",
                        "MESOS_SANDBOX=" + sandbox,
                        "PATH=" + System.getenv("PATH"),
                        "HOST=mine wins",
                        "PORT0=31000",
                        "PORT_HTTP-API=31001",
                        "UID=4711",
                        "QUOTES=a 'b' \"c\" $HOME `id`\nline two")
                .noneMatch(entry -> entry.startsWith("SECRET="));
    }

    @Test
    void argumentsArriveAsTheyAre() throws Exception {
        var unused = run(Tasks.arguments("t", Map.of(), "printf", "%s|", "a b", "$HOME", "'; rm -rf /; '", "", "x=y"));

        assertThat(output("stdout")).isEqualTo("a b|$HOME|'; rm -rf /; '||x=y|");
    }

    @Test
    void killsTheWholeGroupAndWhatIgnoresIt() throws Exception {
        start(
                Tasks.shell(
                        "t",
                        "(sh -c 'echo $$ >grandchild; exec sleep 600' &); while [ ! -s grandchild ]; do sleep 0.01; done;"
                                + " trap '' TERM; sh -c 'echo $$ >child; while :; do sleep 600; done' & while :; do wait; done"));
        long child = pid("child");
        long grandchild = pid("grandchild");

        processes.terminate(last);
        Await.until("the grandchild hears SIGTERM", () -> isGone(grandchild));
        assertThat(isGone(child)).isFalse();
        assertThat(processes.exit(last)).isEmpty();

        processes.forceKill(last);
        Await.until("all are dead", () -> isGone(child) && processes.exit(last).isPresent());
        assertThat(processes.exit(last)).contains(new Exit.Signaled(9, false));
    }

    @Test
    void whatAnEndedTaskLeavesBehindIsKilled() throws Exception {
        var unused = run(Tasks.shell(
                "t", "sh -c 'echo $$ >child; exec sleep 600' & while [ ! -s child ]; do sleep 0.01; done; exit 4"));
        long child = pid("child");
        assertThat(isGone(child)).isFalse();

        processes.killStragglers(List.of(last));

        Await.until("the child is dead", () -> isGone(child));
        assertThat(processes.exit(last)).contains(new Exit.Exited(4));
    }

    @Test
    void aHolderKilledByStrangersCostsTheStatusAndIsSaid() throws Exception {
        start(Tasks.shell("t", "exec sleep 600"));
        Await.until("it sleeps", () -> ProcFs.program(last.pid()).equals(Optional.of("sleep")));
        ProcessHandle.of(last.holderPid()).orElseThrow().destroyForcibly();
        Await.until("the holder is gone", () -> isGone(last.holderPid()));
        assertThat(processes.exit(last)).isEmpty();

        processes.forceKill(last);

        Exit exit = Await.found("the end", () -> processes.exit(last));
        // Whoever looks before init has waited still sees the truth.
        assertThat(exit).isIn(new Exit.Signaled(9, false), exit instanceof Exit.Unknown ? exit : null);
    }

    @Test
    void aCommandThatIsTooLongIsRefusedWhole() {
        TaskInfo task = Tasks.shell("t", "x".repeat(3_000_000));

        assertThatThrownBy(() -> launcher.prepare(spec(task), BARE))
                .isInstanceOf(LaunchFailure.class)
                .hasMessageContaining("Argument list too long");
    }

    private ContainerSpec spec(TaskInfo task) {
        return new ContainerSpec("c", task, sandbox, begun);
    }

    private void start(TaskInfo task) throws LaunchFailure {
        last = launcher.prepare(spec(task), BARE);
        assertThat(launcher.release(last)).isTrue();
    }

    private Exit run(TaskInfo task) throws LaunchFailure {
        start(task);
        Exit exit = Await.found("the end", () -> processes.exit(last));
        processes.awaitLoggers(List.of(last));
        return exit;
    }

    private String output(String file) throws IOException {
        return Files.readString(sandbox.resolve(file));
    }

    private long pid(String file) {
        return Await.found("pid in " + file, () -> {
            Path path = sandbox.resolve(file);
            String text = Files.exists(path) ? Files.readString(path) : "";
            return text.endsWith("\n") ? Optional.of(Long.parseLong(text.strip())) : Optional.empty();
        });
    }

    private static boolean isGone(long pid) {
        return ProcFs.stat(pid).filter(stat -> !stat.isEnded()).isEmpty();
    }
}
