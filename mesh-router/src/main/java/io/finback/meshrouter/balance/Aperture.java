package io.finback.meshrouter.balance;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The power of two choices among a part of the endpoints, so that a client with few requests does not keep connections to all of many.
 * The part is wide enough to keep the load of each of its members within a band: wider by one at its upper edge, narrower by one at
 * its lower edge. Which endpoints come first is the same as long as this balancer lives, and differs from router to router.
 * Thread-safe. Source: twitter/finagle {@code loadbalancer/aperture}, the random aperture.
 */
public final class Aperture implements Balancer {
    /**
     * When it grows and shrinks.
     *
     * @param smooth over how long load is averaged
     * @param low average load per member at or below which it narrows
     * @param high average load per member at or above which it widens
     * @param least members, at least 1
     */
    public record Band(Duration smooth, double low, double high, int least) {
        /** Linkerd's. */
        public static final Band DEFAULT = new Band(Duration.ofSeconds(5), 0.5, 2, 1);

        public Band {
            if (smooth.isNegative() || smooth.isZero()) {
                throw new IllegalArgumentException("smoothWindowMs: " + smooth.toMillis() + " (expected: > 0)");
            }
            if (!(low >= 0) || !(high > low)) {
                throw new IllegalArgumentException("highLoad: " + high + " (expected: > lowLoad, " + low + ")");
            }
            if (least < 1) {
                throw new IllegalArgumentException("minAperture: " + least + " (expected: >= 1)");
            }
        }
    }

    private record Ordered(List<?> source, List<?> nodes) {}

    private final Band band;
    private volatile Ordered ordered = new Ordered(List.of(), List.of());
    private volatile int salt;
    private int width;
    private double average;
    private long stamp;
    private boolean begun;

    public Aperture(Band band) {
        this.band = band;
        this.width = band.least();
    }

    @Override
    public <N extends Node> N pick(List<N> nodes, long now, RandomGenerator random) {
        List<N> order = inOrder(nodes, random);
        int members = width(order, now);
        N picked = P2c.pick(order.subList(0, members), node -> node.load(now), node -> node.isOpen(now), random);
        return picked.isOpen(now) || members == order.size()
                ? picked
                : P2c.pick(order, node -> node.load(now), node -> node.isOpen(now), random);
    }

    @Override
    public <N extends Node> List<N> members(List<N> nodes, RandomGenerator random) {
        List<N> order = inOrder(nodes, random);
        return order.subList(0, members(order.size()));
    }

    /** How many of {@code count} endpoints take part now. */
    synchronized int members(int count) {
        return Math.max(1, Math.min(width, count));
    }

    private synchronized <N extends Node> int width(List<N> order, long now) {
        int members = members(order.size());
        double load = 0;
        for (int i = 0; i < members; i++) {
            load += order.get(i).load(now);
        }
        // The request that is about to be made counts.
        double offered = (load + 1) / members;
        if (begun) {
            double weight =
                    Math.exp(-Math.max(0, now - stamp) / (double) band.smooth().toNanos());
            average = offered * (1 - weight) + average * weight;
        } else {
            begun = true;
            average = offered;
        }
        stamp = now;
        if (average >= band.high() && members < order.size()) {
            width = members + 1;
            average = average * members / width;
        } else if (average <= band.low() && members > band.least()) {
            width = members - 1;
            average = average * members / width;
        }
        return members(order.size());
    }

    @SuppressWarnings({"unchecked", "ReferenceEquality"
    }) // the list is another object whenever an endpoint came or went
    private <N extends Node> List<N> inOrder(List<N> nodes, RandomGenerator random) {
        Ordered known = ordered;
        if (known.source() == nodes) {
            return (List<N>) known.nodes();
        }
        synchronized (this) {
            if (salt == 0) {
                salt = random.nextInt() | 1;
            }
        }
        int mixed = salt;
        List<N> order = nodes.stream()
                .sorted(Comparator.comparingInt(node -> node.toString().hashCode() * mixed ^ mixed))
                .toList();
        ordered = new Ordered(nodes, order);
        return order;
    }
}
