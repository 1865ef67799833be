package io.finback.meshrouter.balance;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The least loaded of all that are open, the first one from a random place among equals: what Finagle's {@code heap} promises. O(n); a
 * heap would have to be kept in order by every request of every thread, under a lock.
 */
public final class LeastLoaded implements Balancer {
    @Override
    public <N extends Node> N pick(List<N> nodes, long now, RandomGenerator random) {
        int n = nodes.size();
        int start = random.nextInt(n);
        N best = nodes.get(start);
        boolean bestOpen = best.isOpen(now);
        double bestLoad = best.load(now);
        for (int i = 1; i < n && !(bestOpen && bestLoad == 0); i++) {
            N node = nodes.get((start + i) % n);
            boolean open = node.isOpen(now);
            if (bestOpen && !open) {
                continue;
            }
            double load = node.load(now);
            if ((open && !bestOpen) || load < bestLoad) {
                best = node;
                bestOpen = open;
                bestLoad = load;
            }
        }
        return best;
    }
}
