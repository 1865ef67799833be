package io.finback.nodeagent.executor;

import static io.finback.nodeagent.isolation.Isolator.CGROUPS_CPU;
import static io.finback.nodeagent.isolation.Isolator.CGROUPS_KILL;
import static io.finback.nodeagent.isolation.Isolator.CGROUPS_MEM;
import static io.finback.nodeagent.isolation.Isolator.CGROUPS_PIDS;
import static io.finback.nodeagent.isolation.Isolator.FILESYSTEM_LINUX;
import static io.finback.nodeagent.isolation.Isolator.LINUX_CAPABILITIES;
import static io.finback.nodeagent.isolation.Isolator.LINUX_NNP;
import static io.finback.nodeagent.isolation.Isolator.NAMESPACES_IPC;
import static io.finback.nodeagent.isolation.Isolator.NAMESPACES_PID;
import static io.finback.nodeagent.isolation.Isolator.POSIX_RLIMITS;
import static io.finback.nodeagent.isolation.Isolator.SWITCH_USER;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.isolation.IsolationSettings;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.Needs;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.Resources;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.Rlimit;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real control groups, namespaces, users and kills. */
class ContainmentTest {
    @TempDir
    Path data;

    private ProcessContainerizer containers;
    private final List<ContainerRef> made = new ArrayList<>();

    @TempDir
    Path programs;

    @BeforeEach
    void open() throws Exception {
        containers = containerizer(TaskWorld.settings());
    }

    /** How tasks are started in this test. */
    Tools tools(Path directory) throws Exception {
        return TaskWorld.programs(directory);
    }

    @AfterEach
    void close() {
        for (ContainerRef container : made) {
            containers.forceKill(container);
            Await.until("it has ended", () -> containers.exit(container).isPresent());
            containers.forget(container);
        }
        Await.until("every group is removed", () -> groupsOf(data).isEmpty());
    }

    @Test
    @Needs({NAMESPACES_PID, FILESYSTEM_LINUX})
    void seesItsOwnProcessesAloneAndLeavesNoZombies() throws Exception {
        Exit exit = run(
                "(setsid sh -c 'exit 0' &) ; sleep 0.2; ls -d /proc/[0-9]* | wc -l; grep -l '^State:.Z' /proc/[0-9]*/status; exit 5");

        assertThat(exit).isEqualTo(new Exit.Exited(5));
        // Init, the shell, and the two programs of the pipe; no zombie is listed.
        assertThat(stdout().lines()).singleElement().satisfies(count -> assertThat(Integer.parseInt(count))
                .isBetween(2, 4));
    }

    @Test
    @Needs(NAMESPACES_PID)
    void hearsSigtermLikeAnyProcess() throws Exception {
        ContainerRef container = start(Tasks.shell("t", "exec sleep 600"));
        Await.until("it sleeps", () -> ProcFs.program(leader(container)).equals(Optional.of("sleep")));

        containers.terminate(container);

        assertThat(end(container)).isEqualTo(new Exit.Signaled(15, false));
    }

    @Test
    @Needs({NAMESPACES_PID, CGROUPS_KILL})
    void everythingADaemonLeavesIsKilledWithTheTask() throws Exception {
        ContainerRef container = start(Tasks.shell(
                "t",
                "(setsid setsid sh -c 'trap \"\" TERM; echo up >daemon; while :; do sleep 600; done' &) &"
                        + " while [ ! -s daemon ]; do sleep 0.01; done; exit 3"));

        assertThat(Await.found("the end", () -> containers.exit(container))).isEqualTo(new Exit.Exited(3));
        assertThat(members(container)).isNotEmpty();

        containers.sweep(List.of(container));

        Await.until("nothing of it lives", () -> members(container).isEmpty());
        assertThat(containers.exit(container)).contains(new Exit.Exited(3));
    }

    @Test
    @Needs({CGROUPS_KILL, CGROUPS_PIDS})
    void aForkBombIsLimitedAndKilledWhole() throws Exception {
        containers = containerizer(withPids(64));
        ContainerRef container = start(
                Tasks.shell(
                        "t",
                        "trap '' TERM; bomb() { while :; do (setsid sh -c 'trap \"\" TERM; while :; do sleep 60; done' &) ; done; }; bomb"));
        Await.until("it has grown", () -> members(container).size() > 40);
        assertThat(members(container).size()).isLessThanOrEqualTo(64);

        containers.forceKill(container);

        assertThat(end(container)).isEqualTo(new Exit.Signaled(9, false));
        Await.until("nothing of it lives", () -> members(container).isEmpty());
    }

    @Test
    @Needs(CGROUPS_MEM)
    void whatUsesTooMuchMemoryIsEndedAndSaid() throws Exception {
        Exit exit =
                end(start(withMemory(Tasks.shell("t", "x=$(head -c 200000000 /dev/zero | tail); echo survived"), 40)));

        assertThat(exit).isInstanceOfSatisfying(Exit.Limited.class, limited -> {
            assertThat(limited.reason()).isEqualTo("CONTAINER_LIMITATION_MEMORY");
            assertThat(limited.message()).startsWith("Memory limit exceeded: Requested: 40MB Maximum Used: 40MB");
            assertThat(limited.limitation()).contains(Resources.of(0, 40, 0));
        });
    }

    @Test
    @Needs(CGROUPS_MEM)
    void aChildThatRunsOutOfMemoryTakesTheWholeTaskWithIt() throws Exception {
        Exit exit = end(start(withMemory(Tasks.shell("t", "tail /dev/zero; exec sleep 600"), 40)));

        assertThat(exit).isInstanceOfSatisfying(Exit.Limited.class, limited -> assertThat(limited.how())
                .isEqualTo(new Exit.Signaled(9, false)));
    }

    @Test
    @Needs(CGROUPS_MEM)
    void aTaskMayHaveMoreThanItHoldsWhereItsLimitSaysSo() throws Exception {
        TaskInfo task = withMemory(Tasks.shell("t", "head -c 60000000 /dev/zero | tail | wc -c"), 40);
        Exit exit = end(start(task.withOptions(task.options().withLimits(Map.of("mem", 512.0)))));

        assertThat(exit).isEqualTo(new Exit.Exited(0));
        assertThat(stdout().strip()).isEqualTo("60000000");
    }

    @Test
    @Needs({CGROUPS_CPU, CGROUPS_MEM, CGROUPS_PIDS})
    void isWeighedLimitedAndMeasured() throws Exception {
        TaskInfo task = Tasks.shell("t", "while :; do :; done");
        ContainerRef container = start(task.withOptions(task.options().withLimits(Map.of("cpus", 0.2))));

        Usage usage = Await.found("it was throttled", () -> Optional.ofNullable(
                        containers.usage(List.of(container)).get(container))
                .filter(seen -> seen.cpu()
                        .flatMap(Usage.Cpu::throttling)
                        .filter(throttling -> throttling.throttled() > 2)
                        .isPresent()));

        assertThat(usage.cpu().orElseThrow().user()).isPositive();
        assertThat(usage.memory().orElseThrow().limit()).contains(32L << 20);
        assertThat(usage.memory().orElseThrow().softLimit()).contains(32L << 20);
        assertThat(usage.processes()).contains(1L);
        assertThat(group(container, "cpu", "cpu.shares", "cpu.weight")).isIn("102", "4");
    }

    @Test
    @Needs({LINUX_CAPABILITIES, LINUX_NNP})
    void rootHasFewCapabilitiesAndNoWayToMore() throws Exception {
        var unused = run("grep -E 'Cap(Eff|Bnd)|NoNewPrivs' /proc/self/status; mount -t tmpfs x /mnt; echo $?");

        // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, KILL 5, SETGID 6, SETUID 7.
        assertThat(stdout()).contains("CapEff:\t00000000000000eb", "CapBnd:\t00000000000000eb", "NoNewPrivs:\t1");
        assertThat(stdout().strip()).doesNotEndWith("\n0");
    }

    @Test
    @Needs({LINUX_CAPABILITIES, SWITCH_USER})
    void anotherUserOwnsItsSandboxAndHasWhatItIsGiven() throws Exception {
        TaskInfo task = Tasks.task(
                "t",
                new CommandInfo(
                        true,
                        "id -un; id -gn; grep CapEff /proc/self/status; echo here >file; echo again >/dev/stderr; echo $HOME $USER",
                        List.of(),
                        Map.of(),
                        Optional.of("nobody")));
        LinuxOptions linux = new LinuxOptions(
                Optional.empty(), Optional.of(Set.of("KILL")), false, Optional.empty(), Optional.empty(), true);
        Exit exit =
                end(start(task.withOptions(RunOptions.NONE.withContainer(container(Optional.of(linux), List.of())))));

        assertThat(exit).isEqualTo(new Exit.Exited(0));
        assertThat(stdout()).startsWith("nobody\nnogroup\nCapEff:\t0000000000000020\n");
        assertThat(stdout()).endsWith("\n" + data.resolve("c1") + " nobody\n");
        assertThat(data.resolve("c1/file")).hasContent("here");
        assertThat(Files.getOwner(data.resolve("c1/file")).getName()).isEqualTo("nobody");
        assertThat(data.resolve("c1/stderr")).hasContent("again");
    }

    @Test
    void whatIsNotAllowedIsRefusedByName() throws Exception {
        LinuxOptions linux = new LinuxOptions(
                Optional.of(Set.of("SYS_ADMIN")), Optional.empty(), false, Optional.empty(), Optional.empty(), true);
        TaskInfo task = Tasks.shell("t", "true");
        assertThat(containers
                        .objection(task.withOptions(
                                RunOptions.NONE.withContainer(container(Optional.of(linux), List.of()))))
                        .orElseThrow())
                .startsWith("container.linux_info.capabilities")
                .contains("expected");
        assertThat(containers
                        .objection(task.withOptions(RunOptions.NONE.withContainer(container(
                                Optional.empty(), List.of(new Rlimit("FILES", Optional.empty(), Optional.empty()))))))
                        .orElseThrow())
                .startsWith("container.rlimit_info.type: FILES");
        IsolationSettings open = TaskWorld.settings();
        containers = containerizer(new IsolationSettings(
                open.named(),
                open.cgroupRoot(),
                false,
                false,
                4096,
                false,
                false,
                Optional.empty(),
                open.capabilities(),
                200));
        TaskInfo root = Tasks.task("t", new CommandInfo(true, "id", List.of(), Map.of(), Optional.of("root")));
        assertThat(containers.objection(root).orElseThrow())
                .startsWith("command.user: root")
                .contains("finback.agent.allow-root-tasks");
    }

    @Test
    @Needs(POSIX_RLIMITS)
    void hasTheLimitsItAsksFor() throws Exception {
        TaskInfo task = Tasks.shell("t", "ulimit -n; ulimit -Hc");
        Exit exit = end(start(task.withOptions(RunOptions.NONE.withContainer(container(
                Optional.empty(),
                List.of(
                        new Rlimit("NOFILE", Optional.of(77L), Optional.of(78L)),
                        new Rlimit("CORE", Optional.of(0L), Optional.of(0L))))))));

        assertThat(exit).isEqualTo(new Exit.Exited(0));
        assertThat(stdout()).isEqualTo("77\n0\n");
    }

    @Test
    @Needs({NAMESPACES_IPC, FILESYSTEM_LINUX})
    void itsNamespacesAreNotTheMachines() throws Exception {
        var unused = run("readlink /proc/self/ns/ipc /proc/self/ns/mnt");

        assertThat(stdout().lines().toList())
                .hasSize(2)
                .doesNotContain(
                        Files.readSymbolicLink(Path.of("/proc/self/ns/ipc")).toString(),
                        Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")).toString());
    }

    @Test
    void whatWasPreparedAndNeverWrittenDownIsGoneWithTheNextAgent() throws Exception {
        ProcessRef lost = (ProcessRef) containers.prepare(spec("c1", Tasks.shell("t", "touch ran; sleep 600")));
        ContainerRef kept = start("c2", Tasks.shell("t2", "exec sleep 600"));

        ProcessContainerizer next = containerizer(TaskWorld.settings());
        next.endOrphans(Set.of("c2"));

        Await.until("it is gone", () -> isGone(lost.pid()) && isGone(lost.holderPid()));
        assertThat(data.resolve("c1/ran")).doesNotExist();
        assertThat(next.exit(kept)).isEmpty();
        Await.until("only the other's group is left", () -> groupsOf(data).stream()
                .allMatch(group -> group.endsWith("c2")));
    }

    @Test
    void aDiscardedOneLeavesNothing() throws Exception {
        ProcessRef prepared = (ProcessRef) containers.prepare(spec("c1", Tasks.shell("t", "touch ran")));

        containers.discard(prepared);

        Await.until("it is gone", () -> isGone(prepared.pid()) && isGone(prepared.holderPid()));
        assertThat(containers.release(prepared)).isFalse();
        assertThat(data.resolve("c1/ran")).doesNotExist();
    }

    private ProcessContainerizer containerizer(IsolationSettings settings) throws Exception {
        Tools tools = tools(programs);
        return new ProcessContainerizer(
                new Launcher(
                        tools,
                        new LogLimits(1 << 20, 3),
                        ProcFs.bootId(),
                        "whale-1",
                        Map.of("PATH", System.getenv("PATH"), "HOME", "/root")),
                new Processes(tools),
                TaskWorld.isolation(tools, data, settings),
                data,
                ProcFs.bootId());
    }

    private static IsolationSettings withPids(long pids) {
        IsolationSettings open = TaskWorld.settings();
        return new IsolationSettings(
                open.named(),
                open.cgroupRoot(),
                false,
                false,
                pids,
                false,
                true,
                Optional.empty(),
                open.capabilities(),
                200);
    }

    private static ContainerInfo container(Optional<LinuxOptions> linux, List<Rlimit> rlimits) {
        return new ContainerInfo(
                ContainerInfo.Type.MESOS,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                linux,
                rlimits,
                Optional.empty());
    }

    private static TaskInfo withMemory(TaskInfo task, double mebibytes) {
        return new TaskInfo(
                task.id(),
                task.name(),
                task.framework(),
                task.agent(),
                Resources.of(0.1, mebibytes, 0),
                task.command(),
                task.killGrace(),
                task.labels());
    }

    private Exit run(String command) throws Exception {
        return end(start(Tasks.shell("t", command)));
    }

    private ContainerRef start(TaskInfo task) throws Exception {
        return start("c1", task);
    }

    private ContainerRef start(String container, TaskInfo task) throws Exception {
        assertThat(containers.objection(task)).isEmpty();
        ContainerRef prepared = containers.prepare(spec(container, task));
        made.add(prepared);
        assertThat(containers.release(prepared)).isTrue();
        return prepared;
    }

    private ContainerSpec spec(String container, TaskInfo task) throws IOException, LaunchFailure {
        return new ContainerSpec(
                container, task, Files.createDirectories(data.resolve(container)), data.resolve(container + ".begun"));
    }

    private Exit end(ContainerRef container) {
        Exit exit = Await.found("the end", () -> containers.exit(container));
        containers.sweep(List.of(container));
        return exit;
    }

    private String stdout() throws IOException {
        return Files.readString(data.resolve("c1/stdout"));
    }

    private static long leader(ContainerRef container) {
        return container.leader().orElseThrow();
    }

    private static List<String> members(ContainerRef container) throws IOException {
        Map<String, String> groups =
                ((ProcessRef) container).containment().orElseThrow().groups();
        String directory = groups.getOrDefault("unified", groups.get("pids"));
        Path procs = Path.of(directory, "cgroup.procs");
        return Files.exists(procs) ? Files.readAllLines(procs) : List.of();
    }

    private static String group(ContainerRef container, String legacy, String file, String unifiedFile)
            throws IOException {
        Map<String, String> groups =
                ((ProcessRef) container).containment().orElseThrow().groups();
        return groups.containsKey(legacy)
                ? Files.readString(Path.of(groups.get(legacy), file)).strip()
                : Files.readString(Path.of(groups.get("unified"), unifiedFile)).strip();
    }

    private static boolean isGone(long pid) {
        return ProcFs.stat(pid).filter(stat -> !stat.isEnded()).isEmpty();
    }

    /** The groups of containers of this test's agent that are there, in every hierarchy. */
    private static List<String> groupsOf(Path data) throws IOException {
        Path hierarchies = Path.of("/sys/fs/cgroup");
        if (!Files.isDirectory(hierarchies)) {
            return List.of();
        }
        List<String> found = new ArrayList<>();
        try (var mounts = Files.newDirectoryStream(hierarchies, Files::isDirectory)) {
            for (Path mount : mounts) {
                Path agent = mount.resolve("finback-test").resolve("test-" + data.getFileName());
                if (Files.isDirectory(agent)) {
                    try (var groups = Files.newDirectoryStream(agent, Files::isDirectory)) {
                        groups.forEach(group -> found.add(group.toString()));
                    }
                }
            }
        }
        return found;
    }
}
