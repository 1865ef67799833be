package io.finback.controlplane.agent;

import io.finback.resources.PersistentVolume;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Volumes an agent has to empty: told again and again until it says that it has. */
final class DestroyedVolumes {
    private final Duration repeat;
    private final Set<PersistentVolume> open = new LinkedHashSet<>();
    private Instant toldAt = Instant.MIN;

    DestroyedVolumes(Duration repeat) {
        this.repeat = repeat;
    }

    /** All there are. */
    void set(List<PersistentVolume> volumes) {
        if (!volumes.equals(List.copyOf(open))) {
            open.clear();
            open.addAll(volumes);
            toldAt = Instant.MIN;
        }
    }

    /** The agent has registered: it may never have been told. */
    void restart() {
        toldAt = Instant.MIN;
    }

    void heard(List<PersistentVolume> volumes) {
        volumes.forEach(open::remove);
    }

    boolean allHeard() {
        return open.isEmpty();
    }

    /** What is to be told now. */
    List<PersistentVolume> due(Instant now) {
        if (open.isEmpty()
                || (!toldAt.equals(Instant.MIN) && toldAt.plus(repeat).isAfter(now))) {
            return List.of();
        }
        toldAt = now;
        return List.copyOf(open);
    }
}
