package io.finback.controlplane.allocator;

import org.jspecify.annotations.Nullable;

/**
 * A framework within one of its roles: what offers are made to. It is there as long as the framework wants offers in the role or has
 * something in it; only a seat that {@link #stands} is offered anything.
 */
final class Seat extends Place {
    final Client client;
    final Role role;

    /** The keeper's number for its filters; 0 if it has none. */
    int filterKey;

    int filterCount;

    /** What its agents must be like; null: any. */
    @Nullable
    Fitness fitness;

    /** What an offer must hold; null: what the pool asks. */
    @Nullable
    Minimum minimum;

    /** What its tasks hold, as it was read from the state last. */
    long[] held = new long[0];

    /** Whether it was roused since the last pass. */
    boolean isAwake;

    Seat(Client client, Role role) {
        super(client.id.value());
        this.client = client;
        this.role = role;
    }

    @Override
    void leave() {
        role.leaf.order.remove(this);
        if (isAwake) {
            role.leaf.awake.remove(this);
        }
    }

    @Override
    void enter() {
        role.leaf.order.add(this);
        if (isAwake) {
            role.leaf.awake.add(this);
        }
    }
}
