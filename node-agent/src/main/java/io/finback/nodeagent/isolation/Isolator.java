package io.finback.nodeagent.isolation;

import java.util.Arrays;
import java.util.Optional;

/** One kind of containment, by the name Mesos' {@code --isolation} has for it. */
public enum Isolator {
    CGROUPS_CPU("cgroups/cpu"),
    CGROUPS_MEM("cgroups/mem"),
    CGROUPS_PIDS("cgroups/pids"),
    /** Ours: a group through which everything in a container is ended at once. Mesos' launcher has it without a name. */
    CGROUPS_KILL("cgroups/kill"),
    FILESYSTEM_LINUX("filesystem/linux"),
    NAMESPACES_PID("namespaces/pid"),
    NAMESPACES_IPC("namespaces/ipc"),
    POSIX_RLIMITS("posix/rlimits"),
    LINUX_CAPABILITIES("linux/capabilities"),
    LINUX_NNP("linux/nnp"),
    /** Ours: tasks of other users than the agent's own. In Mesos: {@code --switch_user}. */
    SWITCH_USER("posix/user");

    private final String mesosName;

    Isolator(String mesosName) {
        this.mesosName = mesosName;
    }

    @Override
    public String toString() {
        return mesosName;
    }

    static Optional<Isolator> named(String name) {
        return Arrays.stream(values())
                .filter(isolator -> isolator.mesosName.equals(name))
                .findFirst();
    }
}
