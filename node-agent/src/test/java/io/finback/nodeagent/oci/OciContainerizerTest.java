package io.finback.nodeagent.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.Orphans;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.Images;
import io.finback.nodeagent.testing.NeedsRuntime;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.Image;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.NetworkInfo;
import io.finback.tasks.Rlimit;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images run by the machine's own runtime. */
@NeedsRuntime("runc")
class OciContainerizerTest {
    private static final String NAME = "test/busybox:1";

    @TempDir
    private Path data;

    private Tools programs;
    private OciContainerizer containers;
    private final List<ContainerRef> made = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        programs = Tools.find(System.getenv("PATH"));
        image().save(data.resolve("local/" + NAME + ".tar"), NAME);
        containers = agent(true);
    }

    @AfterEach
    void close() throws Exception {
        for (ContainerRef container : made) {
            containers.forceKill(container);
            Await.until("it has ended", () -> containers.exit(container).isPresent());
            containers.forget(container);
        }
        Await.until("every bundle is deleted", () -> isEmpty(data.resolve("containers")));
        Await.until("every group is removed", () -> groups().isEmpty());
        containers.close();
    }

    private static Images image() throws IOException {
        return Images.busybox(Images.busybox().orElseThrow());
    }

    String runtime() {
        return "runc";
    }

    private OciContainerizer agent(boolean overlay) throws Exception {
        Isolation isolation = TaskWorld.isolation(programs, data);
        return TaskWorld.oci(data, programs, isolation, new Processes(programs), overlay, runtime());
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findFirst().isEmpty();
        }
    }

    /** What is left in any hierarchy, also in those only the runtime uses. */
    private List<Path> groups() throws IOException {
        List<Path> left = new ArrayList<>();
        try (Stream<Path> hierarchies = Files.list(Path.of("/sys/fs/cgroup"))) {
            for (Path hierarchy : hierarchies.toList()) {
                Path ours = hierarchy.resolve("finback-test/test-" + data.getFileName());
                if (Files.isDirectory(ours)) {
                    try (Stream<Path> groups = Files.list(ours)) {
                        groups.filter(Files::isDirectory).forEach(left::add);
                    }
                }
            }
        }
        return left;
    }

    private static TaskInfo shell(String command) {
        return task(CommandInfo.shell(command, Map.of("MINE", "a b=c")), container());
    }

    private static ContainerInfo container(Volume... volumes) {
        return new ContainerInfo(
                ContainerInfo.Type.MESOS,
                List.of(volumes),
                Optional.empty(),
                Optional.empty(),
                Optional.of(new Image(NAME, Optional.empty(), true)),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty());
    }

    private static TaskInfo task(CommandInfo command, ContainerInfo container) {
        return Tasks.task("t", command).withOptions(RunOptions.NONE.withContainer(container));
    }

    private ContainerSpec spec(TaskInfo task) throws IOException {
        String container = UUID.randomUUID().toString();
        Path sandbox = Files.createDirectories(data.resolve("slaves/a/frameworks/f/executors/t/runs/" + container));
        return new ContainerSpec(container, task, sandbox, data.resolve("begun-" + container));
    }

    private ContainerRef start(ContainerSpec spec) throws LaunchFailure {
        assertThat(containers.objection(spec.task())).isEmpty();
        ContainerRef ref = containers.prepare(spec);
        made.add(ref);
        assertThat(spec.begun()).doesNotExist();
        assertThat(containers.release(ref)).isTrue();
        assertThat(spec.begun()).exists();
        Await.until(
                "it runs",
                () -> containers.begun(ref).isPresent() || containers.exit(ref).isPresent());
        return ref;
    }

    private Exit end(ContainerRef ref) {
        Exit exit = Await.found("its end", () -> containers.exit(ref));
        containers.sweep(List.of(ref));
        return exit;
    }

    private static String out(ContainerSpec spec) throws IOException {
        return Files.readString(spec.sandbox().resolve("stdout"));
    }

    private String run(TaskInfo task) throws Exception {
        ContainerSpec spec = spec(task);
        assertThat(end(start(spec)))
                .as(() -> {
                    try {
                        return out(spec) + Files.readString(spec.sandbox().resolve("stderr"));
                    } catch (IOException e) {
                        return e.toString();
                    }
                })
                .isEqualTo(new Exit.Exited(0));
        return out(spec);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void runsInTheFilesOfItsImage(boolean overlay) throws Exception {
        containers.close();
        containers = agent(overlay);
        assertThat(containers.standing().available()).isTrue();
        ContainerSpec spec = spec(
                shell("echo $FROM_IMAGE $MINE $HOST; pwd; ls /; echo err >&2; echo x >/made;" + " touch here; exit 7"));
        assertThat(end(start(spec))).isEqualTo(new Exit.Exited(7));
        assertThat(out(spec))
                .startsWith("yes a b=c whale-1\n/mnt/mesos/sandbox\n")
                .contains("bin\n", "tmp\n", "mnt\n")
                .doesNotContain("usr", "root");
        assertThat(spec.sandbox().resolve("stderr")).hasContent("err");
        assertThat(spec.sandbox().resolve("here")).exists();
        assertThat(run(shell("ls /"))).as("what another has written").doesNotContain("made");
    }

    @Test
    void tellsEndsBySignalsExactly() throws Exception {
        ContainerRef term = start(spec(shell("exec sleep 600")));
        containers.terminate(term);
        assertThat(end(term)).isEqualTo(new Exit.Signaled(15, false));
        ContainerRef deaf =
                start(spec(shell("trap '' TERM; (sleep 600 &); echo ready; while true; do sleep 600; done")));
        containers.terminate(deaf);
        containers.forceKill(deaf);
        assertThat(end(deaf)).isEqualTo(new Exit.Signaled(9, false));
        assertThat(end(start(spec(shell("exit 137"))))).isEqualTo(new Exit.Exited(137));
    }

    @Test
    void seesItsOwnProcessesAloneAndIsNotTheFirst() throws Exception {
        String out = run(shell("(sleep 0.05 &); sleep 0.3; echo $$; ps; true"));
        assertThat(out).startsWith("2\n").contains("sleep 2147483647");
        assertThat(out.lines()).as("itself, ps, and who sleeps; no zombie").hasSize(1 + 1 + 3);
    }

    @Test
    void runsAsTheImagesUserOrItsOwn() throws Exception {
        assertThat(run(shell("id; touch mine"))).contains("uid=0(root)");
        CommandInfo whale =
                new CommandInfo(true, "id; echo $HOME; touch mine; ls -l", List.of(), Map.of(), Optional.of("whale"));
        assertThat(run(task(whale, container())))
                .contains("uid=1234(whale) gid=1235(whales) groups=77(pod)")
                .contains("/home/whale")
                .containsPattern("whale +whales.*mine");
        CommandInfo nobody = new CommandInfo(true, "id", List.of(), Map.of(), Optional.of("nobody-here"));
        assertThatThrownBy(() -> containers.prepare(spec(task(nobody, container()))))
                .isInstanceOf(LaunchFailure.class)
                .hasMessageContaining("user nobody-here (expected: one of the image's /etc/passwd");

        Images users = image();
        users.settings().put("User", "1234:krill-no-group");
        users.save(data.resolve("local/" + NAME + ".tar"), NAME);
        ContainerInfo anew = new ContainerInfo(
                ContainerInfo.Type.MESOS,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(new Image(NAME, Optional.empty(), false)),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty());
        assertThatThrownBy(() -> containers.prepare(spec(task(CommandInfo.shell("id", Map.of()), anew))))
                .hasMessageContaining("group krill-no-group");
    }

    @Test
    void givesItsArgumentsToTheImagesEntryPoint() throws Exception {
        Images entry = image();
        entry.settings().putArray("Entrypoint").add("/bin/echo").add("entry");
        entry.settings().putArray("Cmd").add("cmd");
        entry.settings().put("WorkingDir", "/home/whale");
        entry.save(data.resolve("local/" + NAME + ".tar"), NAME);
        assertThat(run(task(
                        new CommandInfo(false, "", List.of("one", "two words"), Map.of(), Optional.empty()),
                        container())))
                .isEqualTo("entry one two words\n");
        assertThat(run(task(new CommandInfo(false, "", List.of(), Map.of(), Optional.empty()), container())))
                .isEqualTo("entry cmd\n");
        assertThat(run(shell("pwd"))).isEqualTo("/home/whale\n");
    }

    @Test
    void saysWhyAProgramCannotBeStarted() throws Exception {
        CommandInfo missing = new CommandInfo(false, "", List.of("/bin/no-such"), Map.of(), Optional.empty());
        assertThatThrownBy(() -> containers.prepare(spec(task(missing, container()))))
                .isInstanceOf(LaunchFailure.class)
                .hasMessageContaining("/bin/no-such")
                .hasMessageContaining("o such file");
    }

    @Test
    void mountsVolumes() throws Exception {
        Path host = Files.createDirectories(data.resolve("host"));
        Files.writeString(host.resolve("f"), "from the host\n");
        new Images()
                .layer(new Images.Layer().file("data", "from an image\n"))
                .save(data.resolve("local/files:1.tar"), "files:1");
        String out = run(task(
                CommandInfo.shell(
                        "cat /ro/f; touch /ro/x 2>/dev/null && echo WRITTEN; cat /img/data; echo y >/rw/y; echo z >own/z",
                        Map.of()),
                container(
                        volume("/ro", true, Volume.Source.HOST_PATH, host.toString()),
                        volume("/rw", false, Volume.Source.HOST_PATH, host.toString()),
                        volume("/img", true, Volume.Source.IMAGE, "files:1"),
                        volume("own", false, Volume.Source.SANDBOX_SELF, "kept"))));
        assertThat(out).isEqualTo("from the host\nfrom an image\n");
        assertThat(host.resolve("y")).hasContent("y");
        assertThat(host.resolve("x")).doesNotExist();
    }

    private static Volume volume(String at, boolean readOnly, Volume.Source source, String name) {
        return new Volume(at, readOnly, source, name, Optional.empty(), Map.of());
    }

    @Test
    void hasTheRightsAndLimitsOfItsTask() throws Exception {
        ContainerInfo limited = new ContainerInfo(
                ContainerInfo.Type.MESOS,
                List.of(),
                Optional.of("moby"),
                Optional.empty(),
                Optional.of(new Image(NAME, Optional.empty(), true)),
                List.of(),
                Optional.of(new LinuxOptions(
                        Optional.of(Set.of("KILL")), Optional.empty(), false, Optional.empty(), Optional.of(8), false)),
                List.of(new Rlimit("NOFILE", Optional.of(99L), Optional.of(100L))),
                Optional.empty());
        String out = run(task(
                CommandInfo.shell(
                        "hostname; ulimit -n; grep CapEff /proc/self/status; df -m /dev/shm | grep shm;"
                                + " cat /proc/self/oom_score_adj /proc/self/cgroup",
                        Map.of()),
                limited));
        assertThat(out).contains("moby\n99\n", "0000000000000020", "200\n").containsPattern("shm +8 ");
        assertThat(out).contains("/finback-test/test-" + data.getFileName());
    }

    @Test
    void isEndedWhenItNeedsMoreMemoryThanItHas() throws Exception {
        ContainerSpec spec = spec(shell("dd if=/dev/zero bs=200000000 count=1 of=/dev/null; echo survived"));
        Exit exit = end(start(spec));
        assertThat(exit).isInstanceOfSatisfying(Exit.Limited.class, limited -> {
            assertThat(limited.reason()).isEqualTo("CONTAINER_LIMITATION_MEMORY");
        });
    }

    @Test
    void anotherAgentFindsItAndItsEnd() throws Exception {
        ContainerSpec spec = spec(shell("while [ ! -e go ]; do sleep 0.02; done; exit 5"));
        ContainerRef ref = start(spec);
        containers.close();
        containers = agent(true);
        containers.endOrphans(Set.of(spec.container()));
        assertThat(containers.exit(ref)).isEmpty();
        assertThat(containers.begun(ref)).contains(ref);
        Usage usage = containers.usage(List.of(ref)).get(ref);
        assertThat(usage.memory().orElseThrow().total()).isPositive();
        Files.createFile(spec.sandbox().resolve("go"));
        assertThat(end(ref)).isEqualTo(new Exit.Exited(5));
    }

    @Test
    void whatWasNeverReleasedNeverRuns() throws Exception {
        ContainerSpec spec = spec(shell("echo ran"));
        ContainerRef ref = containers.prepare(spec);
        made.add(ref);
        containers = agent(true);
        assertThat(end(ref)).isEqualTo(new Exit.NotStarted("it was never started"));
        assertThat(spec.sandbox().resolve("stdout")).hasContent("");
        assertThat(containers.release(ref)).isFalse();
    }

    @Test
    void whatNoCheckpointSpeaksOfIsEndedAndDeleted() throws Exception {
        ContainerSpec spec = spec(shell("exec sleep 600"));
        ContainerRef ref = start(spec);
        containers = agent(true);
        Orphans.end(data.resolve("slaves"), Set.of(), new Processes(programs), "boot");
        Await.until("it has ended", () -> !ProcessHandle.of(ref.leader().orElseThrow())
                .map(ProcessHandle::isAlive)
                .orElse(false));
        containers.endOrphans(Set.of());
        made.clear();
    }

    @Test
    void finishesAStartItsPredecessorDiedIn() throws Exception {
        ContainerSpec spec = spec(shell("echo ran; exit 4"));
        ContainerRef ref = containers.prepare(spec);
        made.add(ref);
        Files.createFile(data.resolve("containers/" + spec.container() + "/started"));
        containers = agent(true);
        assertThat(end(ref)).isEqualTo(new Exit.Exited(4));
        assertThat(out(spec)).isEqualTo("ran\n");
    }

    @Test
    void runsCommandsBesideATaskWithItsRightsAlone() throws Exception {
        ContainerSpec spec = spec(shell("while true; do sleep 1; done"));
        ContainerRef ref = start(spec);
        Inside inside = new Inside(programs, containers.door());
        Process beside = inside.startAttached(
                ref.leader().orElseThrow(),
                CommandInfo.shell(
                        "read word; echo $word $MINE $EXTRA; pwd; grep CapEff /proc/self/status; ls /; exit 3",
                        Map.of("EXTRA", "e")));
        beside.getOutputStream().write("said\n".getBytes(StandardCharsets.UTF_8));
        beside.getOutputStream().close();
        String said = new String(beside.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(beside.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(beside.exitValue()).isEqualTo(3);
        assertThat(said)
                .startsWith("said a b=c e\n/mnt/mesos/sandbox\n")
                // CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID
                .contains("00000000000000eb");

        Process endless =
                inside.start(ref.leader().orElseThrow(), CommandInfo.shell("touch began; exec sleep 987", Map.of()));
        Await.until("it runs", () -> Files.exists(spec.sandbox().resolve("began")));
        Inside.end(endless);
        Await.until("nothing of it is left", () -> ProcessHandle.allProcesses()
                .noneMatch(process -> process.info().commandLine().orElse("").contains("sleep 987")));
        assertThat(containers.exit(ref)).isEmpty();
    }

    @Test
    void refusesWhatItCannotDo() {
        assertThat(containers.objection(task(
                        CommandInfo.shell("x", Map.of()),
                        new ContainerInfo(
                                ContainerInfo.Type.MESOS,
                                List.of(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.of(new Image(NAME, Optional.empty(), true)),
                                List.of(new NetworkInfo(Optional.of("cni-net"), List.of(), List.of(), Map.of())),
                                Optional.empty(),
                                List.of(),
                                Optional.empty()))))
                .hasValueSatisfying(text -> assertThat(text).contains("cni-net", "CNI is not supported"));
        assertThat(containers.objection(task(
                        CommandInfo.shell("x", Map.of()),
                        container(volume("../out", false, Volume.Source.SANDBOX_SELF, "x")))))
                .hasValueSatisfying(text -> assertThat(text).contains("container.volumes.container_path: '../out'"));
        assertThat(containers.objection(task(
                        CommandInfo.shell("x", Map.of()),
                        container(volume("/v", false, Volume.Source.SANDBOX_SELF, "../../x")))))
                .hasValueSatisfying(text -> assertThat(text).contains("expected: a path in the sandbox"));
    }
}
