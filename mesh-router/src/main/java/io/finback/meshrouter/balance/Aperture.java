package io.finback.meshrouter.balance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The power of two choices among a part of the endpoints, so that a client with few requests does not keep connections to all of many.
 * The part is wide enough to keep the load of each of its members within a band: wider by an endpoint of average weight at its upper
 * edge, narrower by one at its lower edge.
 *
 * <p>The part is an {@link Arc} from a random point of a ring on, on which endpoints lie in a random order, each as wide as its weight:
 * over many routers each endpoint is called by its weight, whatever the width. Where all weigh the same the part begins at the edge of an
 * endpoint, so that nobody is covered by half. The point and the order are the same as long as this balancer lives, and differ from router
 * to router; who comes or goes changes the place of nobody else.
 *
 * <p>Thread-safe. Source: twitter/finagle {@code loadbalancer/aperture}, RandomAperture, LoadBand and WeightedAperture.
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

    private final Band band;
    private Arc<?> arc = Arc.NONE;
    private double first;
    private int covers;
    private List<?> order = List.of();
    private long salt;
    private int width;
    private double average;
    private long stamp;
    private boolean begun;

    public Aperture(Band band) {
        this.band = band;
        this.width = band.least();
    }

    @Override
    public boolean weighs() {
        return true;
    }

    @Override
    public <N extends Node> N pick(List<N> nodes, long now, RandomGenerator random) {
        return following(nodes, now, random).pick(now, random);
    }

    @Override
    public synchronized <N extends Node> List<N> members(List<N> nodes, RandomGenerator random) {
        return arc(nodes, random).members();
    }

    /** How many endpoints of average weight of {@code count} it covers now. */
    synchronized int members(int count) {
        return Math.max(1, Math.min(width, count));
    }

    private synchronized <N extends Node> Arc<N> following(List<N> nodes, long now, RandomGenerator random) {
        Arc<N> current = arc(nodes, random);
        int members = members(nodes.size());
        double load = 0;
        for (Node node : current.members()) {
            load += node.load(now);
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
        if (average >= band.high() && members < nodes.size()) {
            width = members + 1;
            average = average * members / width;
        } else if (average <= band.low() && members > band.least()) {
            width = members - 1;
            average = average * members / width;
        }
        return arc(nodes, random);
    }

    private <N extends Node> Arc<N> arc(List<N> nodes, RandomGenerator random) {
        int members = members(nodes.size());
        Optional<Arc<N>> same = Arc.of(arc, nodes);
        if (same.isPresent() && members == covers) {
            return same.get();
        }
        if (same.isEmpty()) {
            while (salt == 0) {
                salt = random.nextLong();
            }
            order = inOrder(nodes);
        }
        @SuppressWarnings("unchecked") // made from these nodes
        List<N> ordered = (List<N>) order;
        covers = members;
        Arc<N> made = Arc.of(nodes, ordered, first, (double) members / nodes.size());
        arc = made;
        return made;
    }

    /**
     * The first is drawn by weight, as the one under a random point is, which is as likely anywhere in it; the others follow at random.
     * Each endpoint's lot is its own.
     */
    private <N extends Node> List<N> inOrder(List<N> nodes) {
        double[] weights = Arc.weights(nodes);
        int begins = 0;
        double least = Double.POSITIVE_INFINITY;
        boolean alike = true;
        for (int i = 0; i < weights.length; i++) {
            double drawn = -Math.log(lot(nodes.get(i), 1)) / weights[i];
            if (drawn < least) {
                least = drawn;
                begins = i;
            }
            alike &= Math.abs(weights[i] - weights[0]) < 1e-9;
        }
        N leader = nodes.get(begins);
        first = alike ? 0 : lot(leader, 2) * weights[begins];
        List<N> others = new ArrayList<>(nodes);
        others.remove(begins);
        others.sort(Comparator.comparingDouble((N node) -> lot(node, 3)).thenComparing(Object::toString));
        others.add(0, leader);
        return List.copyOf(others);
    }

    /** Above 0 and below 1; the same for one endpoint and purpose as long as this balancer lives. Mixed as SplittableRandom does. */
    private double lot(Node node, int purpose) {
        long mixed = salt + node.toString().hashCode() * 0x9E3779B97F4A7C15L + purpose * 0xD1B54A32D192ED03L;
        mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return ((mixed ^ mixed >>> 31) >>> 11) * 0x1.0p-53 + 0x1.0p-54;
    }
}
