package io.finback.controlplane.allocation;

import io.finback.controlplane.allocator.OfferPolicy;
import io.finback.controlplane.ingress.Ingress;
import java.time.Duration;
import java.util.Optional;

/**
 * How the allocator works.
 *
 * @param offers how offers are made
 * @param passDelay how long changes are gathered before an allocation pass
 * @param lease how long a framework that says nothing is still made offers
 * @param viewDelay how long changes are gathered before views are told
 * @param repeat how long what must be heard may stay unheard before it is said again
 * @param removalRate how fast silent agents are given up at most; empty: at once
 * @param snapshotEvery events between snapshots
 */
public record AllocatorSettings(
        OfferPolicy offers,
        Duration passDelay,
        Duration lease,
        Duration viewDelay,
        Duration repeat,
        Optional<RemovalRate> removalRate,
        int snapshotEvery,
        Ingress.Settings ingress) {
    public AllocatorSettings {
        positive("finback.allocator.pass-delay", passDelay);
        positive("finback.allocator.framework-lease", lease);
        positive("finback.allocator.view-delay", viewDelay);
        positive("finback.allocator.repeat", repeat);
        if (snapshotEvery < 1) {
            throw new IllegalArgumentException(
                    "finback.allocator.snapshot-every: " + snapshotEvery + " (expected: >= 1)");
        }
    }

    private static void positive(String key, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: > 0)");
        }
    }
}
