package io.finback.controlplane.allocator;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a top-level role is guaranteed, and what it may have at most. Source: Mesos {@code QuotaConfig}.
 *
 * @param guarantees scalar name to thousandths; what is not named is not guaranteed
 * @param limits scalar name to thousandths; what is not named is not limited; each at least the guarantee
 */
public record Quota(String role, SortedMap<String, Long> guarantees, SortedMap<String, Long> limits) {
    public Quota {
        guarantees = Collections.unmodifiableSortedMap(new TreeMap<>(guarantees));
        limits = Collections.unmodifiableSortedMap(new TreeMap<>(limits));
    }

    /** Neither guaranteed nor limited: the same as no quota. */
    public boolean isDefault() {
        return guarantees.isEmpty() && limits.isEmpty();
    }
}
