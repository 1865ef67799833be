package io.finback.resources;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A persistent volume of an agent, by what makes it that one.
 *
 * @param role what its disk is reserved for
 * @param id unique per agent and role
 * @param source the disk it is on; empty: the agent's own
 */
public record PersistentVolume(String role, String id, Optional<Disk.Source> source) {
    /** Of one kind of resources; empty when it is no volume. */
    public static Optional<PersistentVolume> of(Kind kind) {
        return kind.disk().flatMap(disk -> disk.persistence()
                .map(persistence ->
                        new PersistentVolume(kind.reservedTo().orElse("*"), persistence.id(), disk.source())));
    }

    /** Those among an amount of resources, in the order of kinds. */
    public static List<PersistentVolume> in(Resources resources) {
        List<PersistentVolume> volumes = new ArrayList<>();
        resources.special().forEach(entry -> of(entry.kind()).ifPresent(volumes::add));
        return volumes;
    }

    /** Its file name may not lead anywhere. Source: Mesos {@code validateID}. */
    public static boolean isValidId(String id) {
        return !id.isEmpty()
                && id.length() <= 255
                && !id.equals(".")
                && !id.equals("..")
                && id.chars().noneMatch(c -> c == '/' || c == '\\' || c < 0x20 || c == 0x7f);
    }
}
