package io.finback.nodeagent.testing;

import io.finback.nodeagent.cgroup.CgroupMounts;
import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.checkpoint.NestedStore;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.executor.HolderProgram;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.Launcher;
import io.finback.nodeagent.executor.LogLimits;
import io.finback.nodeagent.executor.NestedLauncher;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.executor.ProcessContainerizer;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.fetch.FetchSettings;
import io.finback.nodeagent.fetch.FetchStep;
import io.finback.nodeagent.fetch.Fetcher;
import io.finback.nodeagent.image.ImageSettings;
import io.finback.nodeagent.isolation.Capability;
import io.finback.nodeagent.isolation.Detection;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.isolation.IsolationSettings;
import io.finback.nodeagent.nested.NestedContainers;
import io.finback.nodeagent.node.ExecutorDoor;
import io.finback.nodeagent.node.ExecutorTerms;
import io.finback.nodeagent.node.LaunchTraces;
import io.finback.nodeagent.node.TaskBoard;
import io.finback.nodeagent.node.TaskTools;
import io.finback.nodeagent.node.TasksSettings;
import io.finback.nodeagent.oci.OciContainerizer;
import io.finback.nodeagent.oci.OciSettings;
import io.finback.nodeagent.secret.SecretFiles;
import io.finback.nodeagent.secret.TaskSecrets;
import io.finback.nodeagent.volume.Volumes;
import io.finback.resources.Resources;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Everything a {@link TasksActor} works with, on a directory. */
public final class TaskWorld {
    public static final int MAX_ENDED = 3;

    private static final FetchSettings FETCH = new FetchSettings(
            1 << 20, 1 << 20, 1 << 20, 1000, Duration.ofSeconds(5), Duration.ofMinutes(1), 3, 4, List.of(), Map.of());

    private final Path data;
    private final TaskTools tools;
    private final NestedContainers nested;

    public TaskWorld(Path data) throws IOException {
        this(data, false);
    }

    /** @param images whether tasks may have images: those in {@code local} below {@code data} */
    public TaskWorld(Path data, boolean images) throws IOException {
        this(data, images, programsIn(data));
    }

    /** Where our own program does not run. */
    public static TaskWorld byShell(Path data) throws Exception {
        return new TaskWorld(data, false, Tools.find(System.getenv("PATH")));
    }

    /** On an agent that has these. */
    public static TaskWorld with(Resources agent, Path data) throws IOException {
        return new TaskWorld(data, false, programsIn(data), agent, ProcFs.bootId());
    }

    /** On a machine whose kernel calls this boot so. */
    public static TaskWorld booted(String bootId, Path data) throws IOException {
        return new TaskWorld(data, false, programsIn(data), Resources.EMPTY, bootId);
    }

    private TaskWorld(Path data, boolean images, Tools programs) throws IOException {
        this(data, images, programs, Resources.EMPTY, ProcFs.bootId());
    }

    private TaskWorld(Path data, boolean images, Tools programs, Resources agent, String bootId) throws IOException {
        this.data = data;
        Sandboxes sandboxes = new Sandboxes(data, Tasks.AGENT);
        TaskBoard board = new TaskBoard();
        Isolation isolation = isolation(programs, data);
        Processes processes = new Processes(programs);
        Launcher launcher = new Launcher(
                programs,
                new LogLimits(LogLimits.LEAST_BYTES, 3),
                bootId,
                "whale-1",
                Map.of("PATH", System.getenv("PATH")));
        ProcessContainerizer commands =
                new ProcessContainerizer(launcher, processes, isolation, sandboxes.ofAllIds(), bootId);
        Optional<OciContainerizer> oci =
                images ? Optional.of(oci(data, programs, isolation, processes, true)) : Optional.empty();
        Containerizers containers =
                new Containerizers(oci.isPresent() ? List.of(commands, oci.get()) : List.of(commands));
        Inside inside = oci.isPresent() ? new Inside(programs, oci.get().door()) : new Inside(programs);
        this.nested = new NestedContainers(
                NestedStore.open(data),
                new NestedLauncher(inside, launcher, processes, isolation, programs),
                bootId,
                3);
        this.tools = new TaskTools(
                Tasks.AGENT,
                CheckpointStore.open(data),
                sandboxes,
                new Volumes(data, agent, Runnable::run),
                new TaskSecrets(Optional.of(new SecretFiles(data.resolve("store"))), data.resolve("secrets")),
                List.of(new FetchStep(Fetcher.create(FETCH, data.resolve("fetch-cache")), task -> board.find(task.key())
                        .filter(now -> now.kill().isEmpty())
                        .isEmpty())),
                containers,
                inside,
                board,
                work -> new Thread(work, "test-blocking").start(),
                work -> new Thread(work, "test-patient").start(),
                bootId,
                new TasksSettings(
                        Duration.ofSeconds(5),
                        Duration.ofMillis(10),
                        Duration.ofMillis(50),
                        100,
                        Duration.ofDays(7),
                        0.1,
                        MAX_ENDED,
                        64,
                        4),
                new ExecutorTerms(
                        Duration.ofMinutes(1),
                        Duration.ofSeconds(15),
                        Duration.ofSeconds(5),
                        Duration.ofMinutes(15),
                        "127.0.0.1:5051",
                        ExecutorDoor.OPEN),
                new LaunchTraces(false, Tasks.AGENT, span -> {}));
    }

    /** Runs images of {@code local} below {@code data}. */
    public static OciContainerizer oci(
            Path data, Tools programs, Isolation isolation, Processes processes, boolean overlay) throws IOException {
        return oci(data, programs, isolation, processes, overlay, "auto");
    }

    /** As above, by a runtime that {@code finback.agent.images.runtime} would name so. */
    public static OciContainerizer oci(
            Path data, Tools programs, Isolation isolation, Processes processes, boolean overlay, String runtime)
            throws IOException {
        return OciContainerizer.on(
                new OciSettings(
                        runtime,
                        overlay,
                        new ImageSettings(
                                List.of(data.resolve("local")),
                                Optional.empty(),
                                Set.of(),
                                Optional.empty(),
                                Duration.ofSeconds(20),
                                Duration.ofSeconds(60),
                                Optional.empty(),
                                1 << 30,
                                10_000)),
                data,
                programs,
                isolation,
                processes,
                new LogLimits(1 << 20, 3),
                System.getenv("PATH"),
                "whale-1",
                ProcFs.bootId());
    }

    private static Tools programsIn(Path data) throws IOException {
        try {
            return programs(data.resolve("bin"));
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    /** What tasks are started with, as an agent with no settings has it; kept in {@code directory}. */
    public static Tools programs(Path directory) throws Exception {
        return Tools.find(System.getenv("PATH")).with(HolderProgram.install(directory));
    }

    /** As an agent with no settings has it: whatever works here. */
    public static Isolation isolation(Tools programs, Path data) throws IOException {
        return isolation(programs, data, settings());
    }

    public static Isolation isolation(Tools programs, Path data, IsolationSettings settings) throws IOException {
        boolean root = Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        String agent = "test-" + data.getFileName();
        if (root) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> removeGroups(agent)));
        }
        return Detection.run(settings, programs.linux(), CgroupMounts.ofThisMachine(), root, agent);
    }

    /** The groups above an agent's containers outlive it, since it may come back; a test's does not. */
    private static void removeGroups(String agent) {
        Path mounts = Path.of("/sys/fs/cgroup");
        try (Stream<Path> hierarchies = Files.isDirectory(mounts) ? Files.list(mounts) : Stream.empty()) {
            Stream.concat(Stream.of(mounts), hierarchies)
                    .map(hierarchy ->
                            hierarchy.resolve("finback-test").resolve(agent).toFile())
                    .filter(File::isDirectory)
                    .filter(group -> !group.delete())
                    .forEach(group -> System.err.println("left behind: " + group));
        } catch (IOException e) {
            System.err.println("groups of " + agent + " left behind: " + e);
        }
    }

    public static IsolationSettings settings() {
        return new IsolationSettings(
                Optional.empty(),
                "finback-test",
                false,
                false,
                4096,
                false,
                true,
                Optional.empty(),
                Capability.parseList("CHOWN,DAC_OVERRIDE,FOWNER,KILL,SETGID,SETUID"),
                200);
    }

    public TaskTools tools() {
        return tools;
    }

    /** At most three of them; those an earlier agent left are not looked for. */
    public NestedContainers nested() {
        return nested;
    }

    public TaskBoard board() {
        return tools.board();
    }

    /** Where the latest run of a task lives. */
    public Path sandbox(String task) throws IOException {
        return data.resolve("slaves/agent-1/frameworks/framework-1/executors/" + task + "/runs/latest")
                .toRealPath();
    }

    /** From now on the file of task {@code t} cannot be written (root may write everywhere, so permissions would not do). */
    public void breakDisk() throws IOException {
        Files.createDirectories(inTheWay().resolve("x"));
    }

    public void mendDisk() throws IOException {
        Files.delete(inTheWay().resolve("x"));
        Files.delete(inTheWay());
    }

    /** The checkpoint of task {@code t}. */
    public static Path fileOfT(Path data) {
        return data.resolve("meta/tasks/t-3c1edf2aa60b1da3.json");
    }

    private Path inTheWay() {
        return data.resolve(fileOfT(data) + ".tmp");
    }
}
