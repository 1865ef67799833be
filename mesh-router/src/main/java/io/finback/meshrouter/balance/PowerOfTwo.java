package io.finback.meshrouter.balance;

import java.util.List;
import java.util.random.RandomGenerator;

/** {@link P2c} as a balancer; it remembers nothing. */
public final class PowerOfTwo implements Balancer {
    @Override
    public <N extends Node> N pick(List<N> nodes, long now, RandomGenerator random) {
        return P2c.pick(nodes, node -> node.load(now), node -> node.isOpen(now), random);
    }
}
