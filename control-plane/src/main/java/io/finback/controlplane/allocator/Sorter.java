package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;

/**
 * The order in which frameworks are given resources: the one furthest below its fair share first. One flat tier today; the
 * hierarchical sorter (roles, weights) is another implementation whose leaves are such tiers.
 */
interface Sorter {
    void add(FrameworkId framework);

    void remove(FrameworkId framework);

    /**
     * Moves the framework to its place.
     *
     * @param dominantShare the largest part of any resource of the pool that the framework holds or is offered, 0 to 1
     */
    void update(FrameworkId framework, double dominantShare);

    /** Neediest first; ties by id, so that the order is reproducible. Not to be changed while iterating. */
    Iterable<FrameworkId> inOrder();
}
