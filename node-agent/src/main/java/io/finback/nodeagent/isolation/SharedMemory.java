package io.finback.nodeagent.isolation;

import io.finback.tasks.LinuxOptions;
import java.util.Optional;

/** What {@code ipc_mode} and {@code shm_size} ask for a command without an image. Source: apache/mesos {@code isolators/namespaces/ipc.cpp}. */
final class SharedMemory {
    /** As for containers of images. Mesos gives such a command as much as the machine has. */
    private static final int DEFAULT_MEGABYTES = 64;

    private static final int MOST_MEGABYTES = 1024 * 1024;

    private SharedMemory() {}

    /** The size of a {@code /dev/shm} of its own; empty: who asks for nothing sees the machine's, as in Mesos. */
    static Optional<Integer> own(LinuxOptions linux) {
        boolean isPrivate = linux.privateIpc().orElse(false);
        return linux.shmSizeMegabytes().or(() -> isPrivate ? Optional.of(DEFAULT_MEGABYTES) : Optional.empty());
    }

    /** Why it cannot be had. */
    static Optional<String> objection(Isolation isolation, LinuxOptions linux) {
        boolean isShared = linux.privateIpc().map(own -> !own).orElse(false);
        if (linux.shmSizeMegabytes().isPresent()) {
            int size = linux.shmSizeMegabytes().get();
            if (isShared) {
                return Optional.of("container.linux_info.shm_size: " + size + " (expected: none with ipc_mode"
                        + " SHARE_PARENT, whose /dev/shm is shared)");
            }
            if (size < 1 || size > MOST_MEGABYTES) {
                return Optional.of(
                        "container.linux_info.shm_size: " + size + " (expected: 1 to " + MOST_MEGABYTES + ")");
            }
        }
        if (own(linux).isEmpty()) {
            return Optional.empty();
        }
        String asked = linux.shmSizeMegabytes().map(size -> "shm_size: " + size).orElse("ipc_mode: PRIVATE");
        for (Isolator needed : new Isolator[] {Isolator.NAMESPACES_IPC, Isolator.FILESYSTEM_LINUX}) {
            if (!isolation.isOn(needed)) {
                return Optional.of("container.linux_info." + asked + " (expected: none, since the isolator " + needed
                        + " is off on this agent)");
            }
        }
        return Optional.empty();
    }
}
