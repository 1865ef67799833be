package io.finback.nodeagent.boot;

import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.executor.Launcher;
import io.finback.nodeagent.executor.LogLimits;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.executor.ProcessContainerizer;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** Ends the tasks an agent has left running, for somebody about to delete its data. No agent may be running on the directory. */
public final class LeftTasks {
    /** Nothing is started here. */
    private static final LogLimits NO_TASKS = new LogLimits(LogLimits.LEAST_BYTES, 1);

    private static final Duration DYING = Duration.ofSeconds(10);
    private static final long LOOK_NANOS = 10_000_000;

    private LeftTasks() {}

    /** SIGKILL to every task of this data directory that still runs; returns when they are gone. No directory: no tasks. */
    public static void kill(Path dataDir) {
        if (!Files.isDirectory(dataDir.resolve("meta"))) {
            return;
        }
        try {
            String bootId = ProcFs.bootId();
            Containerizers containers = containers(dataDir, bootId);
            List<ContainerRef> left = CheckpointStore.open(dataDir).recover().live().stream()
                    .filter(AgentTask::isRunning)
                    .flatMap(task -> task.process().stream())
                    .filter(process -> process.bootId().equals(bootId))
                    .toList();
            left.forEach(containers::forceKill);
            long deadline = System.nanoTime() + DYING.toNanos();
            while (left.stream().anyMatch(process -> containers.exit(process).isEmpty())) {
                if (System.nanoTime() - deadline > 0) {
                    throw new StartFailure(
                            "data directory " + dataDir + ": tasks do not end after SIGKILL (expected: within "
                                    + DYING.toSeconds() + " s); see the processes whose MESOS_SANDBOX is below it");
                }
                LockSupport.parkNanos(LOOK_NANOS);
            }
            left.forEach(containers::forget);
            containers.endOrphans(Set.of());
        } catch (IOException | Tools.Missing e) {
            throw new StartFailure("data directory " + dataDir + ": cannot end its tasks (" + e.getMessage() + ")", e);
        }
    }

    private static Containerizers containers(Path dataDir, String bootId) throws Tools.Missing {
        Tools tools = Tools.find(System.getenv().getOrDefault("PATH", ""));
        return new Containerizers(List.of(new ProcessContainerizer(
                new Launcher(tools, NO_TASKS, bootId, "", Map.of()),
                new Processes(tools),
                Isolation.none(tools.linux()),
                dataDir.toAbsolutePath().normalize().resolve("slaves"),
                bootId)));
    }
}
