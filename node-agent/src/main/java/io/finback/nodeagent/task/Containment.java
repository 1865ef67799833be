package io.finback.nodeagent.task;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a process was put into, so that a later agent can end, measure and enter it as the one that made it.
 *
 * @param groups the directories of its control groups, by hierarchy
 * @param init the first process of its PID namespace: with it everything in there ends
 * @param namespaces those it has of its own, as in {@code /proc/<pid>/ns}: {@code mnt}, {@code ipc}, {@code pid}
 * @param bundle the directory of a container of an image, which has its root file system and what its runtime knows; empty for
 *     processes that see the machine's files, and in what earlier versions have written
 */
public record Containment(
        Map<String, String> groups, Optional<Init> init, Set<String> namespaces, Optional<String> bundle) {
    /** A process by its pid, and its start in clock ticks since the boot. */
    public record Init(long pid, long startTicks) {}

    public Containment(Map<String, String> groups, Optional<Init> init, Set<String> namespaces) {
        this(groups, init, namespaces, Optional.empty());
    }

    public Containment {
        groups = Map.copyOf(groups);
        namespaces = Set.copyOf(namespaces);
    }
}
