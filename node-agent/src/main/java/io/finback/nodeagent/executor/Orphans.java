package io.finback.nodeagent.executor;

import io.finback.nodeagent.task.ProcessRef;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes in an agent's sandboxes that no checkpoint speaks of, because it was torn or deleted. The masters will have the task
 * started elsewhere, so it must not go on here. They are found by their holders: a session leader that sleeps for ever, with
 * {@code MESOS_SANDBOX} in its environment (or {@code MESOS_DIRECTORY}, should the task have replaced that one).
 */
public final class Orphans {
    private static final Logger log = LoggerFactory.getLogger(Orphans.class);

    private Orphans() {}

    /**
     * SIGKILL to every orphan and its holder. One walk over {@code /proc}; must not run while a task is being prepared that is not
     * {@code known}.
     *
     * @param sandboxes the directory above all sandboxes, as it was when the tasks were started
     * @param known containers whose processes are none of ours to judge; one inside another by the path of its sandbox
     */
    public static void end(Path sandboxes, Set<String> known, Processes processes, String bootId) {
        List<ProcFs.Stat> all = ProcFs.all();
        for (ProcFs.Stat holder : all) {
            Optional<Path> sandbox = heldIn(holder, sandboxes);
            if (sandbox.isEmpty()
                    || known.contains(sandbox.get().getFileName().toString())
                    || known.contains(sandbox.get().toString())) {
                continue;
            }
            log.warn(
                    "task.orphan_killed sandbox={} holder={} reason=no_readable_checkpoint",
                    sandbox.get(),
                    holder.pid());
            for (ProcFs.Stat child : all) {
                if (child.parent() == holder.pid()) {
                    processes.forceKill(ref(bootId, child, holder));
                }
            }
            processes.forget(ref(bootId, holder, holder));
        }
    }

    private static Optional<Path> heldIn(ProcFs.Stat stat, Path sandboxes) {
        if (stat.isEnded() || stat.session() != stat.pid()) {
            return Optional.empty();
        }
        List<String> arguments = ProcFs.arguments(stat.pid());
        if (arguments.size() < 2 || !arguments.get(1).equals(Launcher.FOR_EVER)) {
            return Optional.empty();
        }
        return ProcFs.environment(stat.pid()).stream()
                .filter(entry -> entry.startsWith("MESOS_SANDBOX=/") || entry.startsWith("MESOS_DIRECTORY=/"))
                .map(entry -> Path.of(entry.substring(entry.indexOf('=') + 1)))
                .filter(path -> path.startsWith(sandboxes) && !path.equals(sandboxes))
                .map(NestedLauncher::outermost)
                .findFirst();
    }

    private static ProcessRef ref(String bootId, ProcFs.Stat process, ProcFs.Stat holder) {
        return new ProcessRef(bootId, process.pid(), process.startTicks(), holder.pid(), holder.startTicks());
    }
}
