package io.finback.nodeagent.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.isolation.Isolator;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ImageAgent;
import io.finback.nodeagent.testing.Images;
import io.finback.nodeagent.testing.Needs;
import io.finback.nodeagent.testing.NeedsRuntime;
import io.finback.nodeagent.testing.ServedAgent;
import io.finback.nodeagent.testing.TaskWorld;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What commands beside a task leave behind: nothing, whatever sessions they made, while the task goes on. */
class NestedWholeTest {
    /** Nobody else's: it is looked for among all processes. */
    private final String seconds = Long.toString(900_000_000_000L + System.nanoTime() % 1_000_000_000L);

    /** Two forks and two sessions away from its parent. */
    private final String daemon = "(setsid sh -c '(setsid sleep " + seconds + " &)' &)";

    @TempDir
    Path data;

    /** How a task is started, and with what files. */
    enum Kind {
        PROGRAM,
        SHELL,
        IMAGE
    }

    private ServedAgent agent(Kind kind) throws Exception {
        if (kind == Kind.IMAGE) {
            Images.busybox(Images.busybox().orElseThrow())
                    .save(data.resolve("local/" + ImageAgent.IMAGE + ".tar"), ImageAgent.IMAGE);
        }
        return new ServedAgent(kind == Kind.SHELL ? TaskWorld.byShell(data) : new TaskWorld(data, kind == Kind.IMAGE));
    }

    private static String launch(ServedAgent agent, Kind kind) throws Exception {
        return kind == Kind.IMAGE
                ? agent.launch(ImageAgent.task("web", "exec sleep 600"))
                : agent.launch("web", "exec sleep 600");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    @NeedsRuntime
    @Needs({Isolator.CGROUPS_KILL, Isolator.NAMESPACES_PID})
    void aKillEndsWhatLeftItsSession(Kind kind) throws Exception {
        try (ServedAgent agent = agent(kind)) {
            String job = id("job", launch(agent, kind));
            order(agent, job, daemon + "; exec sleep 600", "");
            Await.until("the daemon runs", () -> daemons().size() == 1);
            assertThat(ask(agent, "KILL_CONTAINER", job)).isEqualTo(200);
            Await.until("the daemon is ended, too", () -> daemons().isEmpty());
            assertThat(agent.call(call("WAIT_CONTAINER", job)).body()).contains("\"exit_status\":9");
            assertThat(ProcessHandle.of(agent.leader("web")))
                    .as("the task goes on")
                    .isPresent();
            Await.until("its control group is gone", () -> groups("nested-").isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    @NeedsRuntime
    @Needs({Isolator.CGROUPS_KILL, Isolator.NAMESPACES_PID})
    void itsEndEndsWhatLeftItsSession(Kind kind) throws Exception {
        try (ServedAgent agent = agent(kind)) {
            String outer = id("outer", launch(agent, kind));
            order(agent, outer, "exec sleep 600", "");
            String job = "{\"value\":\"job\",\"parent\":" + outer + "}";
            order(agent, job, daemon + "; while [ ! -e go ]; do sleep 0.05; done; exit 3", "");
            Await.until("the daemon runs", () -> daemons().size() == 1);
            Files.createFile(agent.sandbox("web").resolve("containers/outer/containers/job/go"));
            assertThat(agent.call(call("WAIT_CONTAINER", job)).body()).contains("\"exit_status\":" + (3 << 8));
            Await.until("the daemon is ended, too", () -> daemons().isEmpty());
            assertThat(ask(agent, "KILL_CONTAINER", outer))
                    .as("what it was in went on")
                    .isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    @NeedsRuntime
    @Needs(Isolator.CGROUPS_KILL)
    void aSessionsEndEndsWhatLeftIt(Kind kind) throws Exception {
        try (ServedAgent agent = agent(kind)) {
            String id = id("s", launch(agent, kind));
            HttpResponse<InputStream> session = agent.stream(call(
                    "LAUNCH_NESTED_CONTAINER_SESSION",
                    id,
                    ",\"command\":{\"value\":\"" + daemon + "; while [ ! -e go ]; do sleep 0.05; done\"}"));
            Await.until("the daemon runs", () -> daemons().size() == 1);
            if (kind == Kind.IMAGE) {
                // A runtime waits for all that hold the outputs.
                assertThat(ask(agent, "KILL_CONTAINER", id)).isEqualTo(200);
            } else {
                Files.createFile(agent.sandbox("web").resolve("go"));
            }
            Await.until("the daemon is ended, too", () -> daemons().isEmpty());
            session.body().close();
            Await.until("its control group is gone", () -> groups("session-").isEmpty());
        }
    }

    @Test
    @Needs({Isolator.NAMESPACES_PID, Isolator.FILESYSTEM_LINUX})
    void itSeesItsOwnProcessesUnlessItSharesThem() throws Exception {
        try (ServedAgent agent = agent(Kind.PROGRAM)) {
            String task = launch(agent, Kind.PROGRAM);
            String look = "cat /proc/[0-9]*/comm > seen.new; mv seen.new seen; exec sleep 600";
            order(agent, id("own", task), look, "");
            order(
                    agent,
                    id("shared", task),
                    look,
                    ",\"container\":{\"type\":\"MESOS\",\"linux_info\":{\"share_pid_namespace\":true}}");
            assertThat(seen(agent, "own")).containsExactlyInAnyOrder("finback-init", "sh");
            assertThat(seen(agent, "shared")).contains("sleep");

            String job = "{\"value\":\"job\",\"parent\":" + id("own", task) + "}";
            order(agent, job, look, "");
            assertThat(seen(agent, "own/containers/job")).containsExactlyInAnyOrder("finback-init", "sh");
            assertThat(ask(agent, "KILL_CONTAINER", job, ",\"signal\":15")).isEqualTo(200);
            assertThat(agent.call(call("WAIT_CONTAINER", job)).body()).contains("\"exit_status\":15");

            HttpResponse<InputStream> session = agent.stream(call(
                    "LAUNCH_NESTED_CONTAINER_SESSION",
                    "{\"value\":\"s\",\"parent\":" + id("own", task) + "}",
                    ",\"command\":{\"value\":\"cat /proc/[0-9]*/comm > seen\"}"));
            assertThat(session.body().readAllBytes()).isNotEmpty();
            assertThat(Files.readAllLines(agent.sandbox("web").resolve("containers/own/seen")))
                    .as("a session sees what it is in")
                    .contains("finback-init", "sleep");
        }
    }

    @Test
    @Needs(Isolator.NAMESPACES_PID)
    void itEndsWithItsHolderWithoutAnyAgent() throws Exception {
        try (ServedAgent agent = agent(Kind.PROGRAM)) {
            order(agent, id("job", launch(agent, Kind.PROGRAM)), daemon + "; exec sleep 600", "");
            Await.until("the daemon runs", () -> daemons().size() == 1);
            ProcFs.Stat at = daemons().get(0);
            while (ProcFs.stat(at.parent()).isPresent()
                    && !ProcFs.arguments(at.parent()).contains("2147483647")) {
                at = ProcFs.stat(at.parent()).orElseThrow();
            }
            assertThat(ProcessHandle.of(at.parent()).orElseThrow().destroyForcibly())
                    .isTrue();
            Await.until("the daemon is ended, too", () -> daemons().isEmpty());
        }
    }

    private static List<String> seen(ServedAgent agent, String name) throws Exception {
        Path file = agent.sandbox("web").resolve("containers/" + name + "/seen");
        Await.until("it has looked", () -> Files.exists(file));
        return Files.readAllLines(file);
    }

    private List<ProcFs.Stat> daemons() {
        return ProcFs.all().stream()
                .filter(stat -> !stat.isEnded() && ProcFs.arguments(stat.pid()).contains(seconds))
                .toList();
    }

    /** Groups come and go while one looks, those of other tests and programs, too. */
    private List<Path> groups(String prefix) throws IOException {
        List<Path> found = new ArrayList<>();
        Files.walkFileTree(Path.of("/sys/fs/cgroup"), Set.of(), 6, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path group, BasicFileAttributes about) {
                if (group.getFileName().toString().startsWith(prefix)
                        && group.toString().contains("test-" + data.getFileName())) {
                    found.add(group);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path gone, IOException why) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path group, @Nullable IOException why) {
                return FileVisitResult.CONTINUE;
            }
        });
        return found;
    }

    private static void order(ServedAgent agent, String id, String command, String more) throws Exception {
        HttpResponse<String> launched =
                agent.call(call("LAUNCH_CONTAINER", id, ",\"command\":{\"value\":\"" + command + "\"}" + more));
        assertThat(launched.statusCode()).as(launched.body()).isEqualTo(200);
    }

    private static int ask(ServedAgent agent, String type, String id, String... more) throws Exception {
        return agent.call(call(type, id, more)).statusCode();
    }

    private static String call(String type, String id, String... more) {
        return "{\"type\":\"" + type + "\",\"" + type.toLowerCase(Locale.ROOT) + "\":{\"container_id\":" + id
                + String.join("", more) + "}}";
    }

    private static String id(String value, String parent) {
        return "{\"value\":\"" + value + "\",\"parent\":{\"value\":\"" + parent + "\"}}";
    }
}
