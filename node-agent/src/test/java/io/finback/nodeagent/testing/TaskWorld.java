package io.finback.nodeagent.testing;

import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.Launcher;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.executor.ProcessContainerizer;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.node.TaskBoard;
import io.finback.nodeagent.node.TaskTools;
import io.finback.nodeagent.node.TasksSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Everything a {@link TasksActor} works with, on a directory. */
public final class TaskWorld {
    public static final int MAX_ENDED = 3;

    private final Path data;
    private final TaskTools tools;

    public TaskWorld(Path data) throws IOException {
        this.data = data;
        Tools programs;
        try {
            programs = Tools.find(System.getenv("PATH"));
        } catch (Tools.Missing e) {
            throw new IOException(e);
        }
        Sandboxes sandboxes = new Sandboxes(data, Tasks.AGENT);
        this.tools = new TaskTools(
                Tasks.AGENT,
                CheckpointStore.open(data),
                sandboxes,
                List.of(),
                new Containerizers(List.of(new ProcessContainerizer(
                        new Launcher(programs, ProcFs.bootId(), "whale-1", Map.of("PATH", System.getenv("PATH"))),
                        new Processes(programs),
                        sandboxes.ofAllIds(),
                        ProcFs.bootId()))),
                new Inside(programs),
                new TaskBoard(),
                work -> new Thread(work, "test-blocking").start(),
                ProcFs.bootId(),
                new TasksSettings(
                        Duration.ofSeconds(5),
                        Duration.ofMillis(10),
                        Duration.ofMillis(50),
                        Duration.ofDays(7),
                        MAX_ENDED,
                        64,
                        4));
    }

    public TaskTools tools() {
        return tools;
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
