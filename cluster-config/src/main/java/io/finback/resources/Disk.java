package io.finback.resources;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which disk, and which volume on it. Source: Mesos {@code Resource.DiskInfo}.
 *
 * @param persistence present: a persistent volume
 * @param volume where a task sees it
 * @param source the disk it is on; empty: the agent's own
 */
public record Disk(Optional<Persistence> persistence, Optional<Mount> volume, Optional<Source> source) {

    /**
     * A volume that outlives tasks.
     *
     * @param id unique per agent and reserved role
     */
    public record Persistence(String id, Optional<String> principal) {}

    /**
     * Where a volume appears.
     *
     * @param readOnly false: it may be written
     */
    public record Mount(String containerPath, Optional<String> hostPath, boolean readOnly) {}

    /** Source: Mesos {@code Resource.DiskInfo.Source.Type}. */
    public enum SourceType {
        PATH,
        MOUNT,
        BLOCK,
        RAW
    }

    /**
     * A disk beside the agent's own.
     *
     * @param root its directory, for {@code PATH} and {@code MOUNT}
     */
    public record Source(
            SourceType type,
            Optional<String> root,
            Optional<String> vendor,
            Optional<String> id,
            Optional<String> profile,
            SortedMap<String, String> metadata) {
        public Source {
            metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
        }

        public static Source of(SourceType type, String root) {
            return new Source(
                    type, Optional.of(root), Optional.empty(), Optional.empty(), Optional.empty(), new TreeMap<>());
        }

        /** Only a {@code PATH} disk may be given in parts. */
        public boolean isWhole() {
            return type != SourceType.PATH;
        }
    }
}
