package io.finback.nodeagent.executor;

import io.finback.nodeagent.cgroup.ContainerGroup;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a command is to be: beside the first process of a task, or deeper in that task.
 *
 * @param leader the first process of the task, whose user, rights, control groups, environment and sandbox it gets
 * @param within a process whose namespaces it gets: the leader itself, or one of a command that is nested in the task
 * @param group a control group beneath those, for it alone, by which all it starts can be ended
 * @param pidFile where a runtime writes how its process is called in the namespace the runtime is in
 * @param apart what of its own it has beneath that
 */
public record Spot(long leader, long within, Optional<ContainerGroup> group, Optional<Path> pidFile, Apart apart) {
    /** Namespaces of its own. */
    public enum Apart {
        NONE,
        /** Of processes. */
        PIDS,
        /** Of processes, and of mounts, so that {@code /proc} shows those. */
        PIDS_AND_MOUNTS
    }

    /** With nothing of its own. */
    public static Spot beside(long leader) {
        return new Spot(leader, leader, Optional.empty(), Optional.empty(), Apart.NONE);
    }
}
