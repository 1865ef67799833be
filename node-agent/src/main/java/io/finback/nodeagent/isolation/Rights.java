package io.finback.nodeagent.isolation;

import java.util.Optional;
import java.util.Set;

/**
 * The capabilities of a task.
 *
 * @param bounding the most it can ever have
 * @param effective what it has whoever it runs as; empty: root has all of {@code bounding}, others have none
 */
public record Rights(Set<Capability> bounding, Optional<Set<Capability>> effective) {
    public Rights {
        bounding = Set.copyOf(bounding);
        effective = effective.map(Set::copyOf);
    }
}
