package io.finback.tasks;

import java.util.Optional;
import java.util.Set;

/**
 * What Linux gives a container. Source: Mesos {@code LinuxInfo}.
 *
 * @param boundingCapabilities names without {@code CAP_}; empty: the agent decides
 * @param effectiveCapabilities names without {@code CAP_}; empty: the agent decides
 * @param sharePidNamespace sees the processes of what is around it
 * @param privateIpc {@code ipc_mode}: true PRIVATE, false SHARE_PARENT; empty: the agent decides
 * @param shmSizeMegabytes of a private {@code /dev/shm}
 * @param shareCgroups of a nested container: it is accounted with its executor, and has no limits of its own
 */
public record LinuxOptions(
        Optional<Set<String>> boundingCapabilities,
        Optional<Set<String>> effectiveCapabilities,
        boolean sharePidNamespace,
        Optional<Boolean> privateIpc,
        Optional<Integer> shmSizeMegabytes,
        boolean shareCgroups) {
    public LinuxOptions {
        boundingCapabilities = boundingCapabilities.map(Set::copyOf);
        effectiveCapabilities = effectiveCapabilities.map(Set::copyOf);
    }
}
