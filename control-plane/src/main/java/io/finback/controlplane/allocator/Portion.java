package io.finback.controlplane.allocator;

import io.finback.resources.Resources;

/**
 * Resources of one agent as a role and its framework may see them, with everything a pass asks about them reckoned once.
 *
 * <p>Scalars are in thousandths by the numbers of {@link Scalars}. Immutable.
 */
final class Portion {
    final Resources resources;

    /** Scalars of every kind but shared volumes, which are there however often they are given. */
    final long[] scalars;

    /** Those a quota counts: unreserved and not revocable. */
    final long[] chargeable;

    /** Whether the pool's own minimum is met. */
    final boolean isWorthOffering;

    /** Whether there is nothing that only one can have: shared volumes are not offered alone. */
    final boolean isEmpty;

    Portion(Resources resources, Scalars names, OfferPolicy policy) {
        this.resources = resources;
        this.scalars = names.vector(Shares.exclusive(resources).quantities());
        this.chargeable = resources.isPlain()
                ? scalars
                : names.vector(Shares.chargeable(resources).quantities());
        this.isEmpty = Shares.exclusive(resources).isEmpty();
        this.isWorthOffering = policy.isWorthOffering(at(scalars, Scalars.CPUS), at(scalars, Scalars.MEM));
    }

    static long at(long[] vector, int number) {
        return number < vector.length ? vector[number] : 0;
    }
}
