package io.finback.meshrouter.balance;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/** Each in turn; those that are not open are passed over, unless none is. */
public final class RoundRobin implements Balancer {
    private final AtomicInteger turn = new AtomicInteger();

    @Override
    public <N extends Node> N pick(List<N> nodes, long now, RandomGenerator random) {
        int n = nodes.size();
        int start = Math.floorMod(turn.getAndIncrement(), n);
        for (int i = 0; i < n; i++) {
            N node = nodes.get((start + i) % n);
            if (node.isOpen(now)) {
                return node;
            }
        }
        return nodes.get(start);
    }
}
