package io.finback.meshrouter.balance;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A part of a ring of length 1 on which endpoints lie one behind the other, each as wide as its share of all weights. A pick is the
 * better of the endpoints under two random points of the part, so an endpoint is as likely as what is covered of it, and its load counts
 * for as much more. An immutable value; a pick is O(log n). Source: twitter/finagle {@code loadbalancer/aperture}, WeightedAperture and
 * WeightedP2CPick.
 */
final class Arc<N extends Node> {
    /** Picks of a second point before it counts that both are the same endpoint. */
    private static final int TRIES = 8;

    /** Shares that differ by less are the same. */
    private static final double SAME = 1e-4;

    /** Of nobody. */
    static final Arc<Node> NONE = new Arc<>(List.of(), List.of(), new double[0], new double[0], 0, 0);

    private final List<N> source;
    private final List<N> nodes;
    private final double[] ends;
    private final double[] covered;
    private final double offset;
    private final double width;
    private final List<N> touched;

    private Arc(List<N> source, List<N> nodes, double[] ends, double[] covered, double offset, double width) {
        this.source = source;
        this.nodes = nodes;
        this.ends = ends;
        this.covered = covered;
        this.offset = offset;
        this.width = width;
        List<N> members = new ArrayList<>();
        for (int i = 0; i < covered.length; i++) {
            if (covered[i] > SAME / covered.length) {
                members.add(nodes.get(i));
            }
        }
        touched = List.copyOf(members);
    }

    /**
     * The part from {@code offset} on, 0 to 1, that is {@code width} long, above 0 and at most 1.
     *
     * @param source what {@code order} was made from
     * @param order at least one; the first begins at 0
     */
    static <N extends Node> Arc<N> of(List<N> source, List<N> order, double offset, double width) {
        double[] weights = weights(order);
        int n = weights.length;
        double[] ends = new double[n];
        double[] covered = new double[n];
        double at = 0;
        for (int i = 0; i < n; i++) {
            double start = at;
            at = i == n - 1 ? 1 : at + weights[i];
            ends[i] = at;
            double part =
                    overlap(start, at, offset, offset + width) + overlap(start + 1, at + 1, offset, offset + width);
            covered[i] = Math.max(part, 1e-12);
        }
        return new Arc<>(source, order, ends, covered, offset, width);
    }

    /** Their shares of the ring, 1 together; alike when none weighs anything. */
    static double[] weights(List<? extends Node> order) {
        double[] weights =
                order.stream().mapToDouble(node -> Math.max(0, node.weight())).toArray();
        double total = 0;
        for (double weight : weights) {
            total += weight;
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] = total > 0 ? weights[i] / total : 1.0 / weights.length;
        }
        return weights;
    }

    private static double overlap(double from, double to, double start, double end) {
        return Math.max(0, Math.min(to, end) - Math.max(from, start));
    }

    /** {@code known} if it was made from this very list, which is another object whenever an endpoint came or went. */
    @SuppressWarnings({"ReferenceEquality", "unchecked"})
    static <N extends Node> Optional<Arc<N>> of(Arc<?> known, List<N> nodes) {
        return known.source == nodes ? Optional.of((Arc<N>) known) : Optional.empty();
    }

    /** Endpoints it touches. */
    List<N> members() {
        return touched;
    }

    /** One that it touches and that is open; when a few picks find none, one of all endpoints by {@link P2c}. */
    N pick(long now, RandomGenerator random) {
        for (int effort = 0; effort < P2c.MAX_EFFORT; effort++) {
            int i = point(random);
            int j = i;
            for (int tries = 0; j == i && touched.size() > 1 && tries < TRIES; tries++) {
                j = point(random);
            }
            N a = nodes.get(i);
            N b = nodes.get(j);
            boolean open = a.isOpen(now);
            if (open != b.isOpen(now)) {
                return open ? a : b;
            }
            if (open) {
                return load(i, a, now) <= load(j, b, now) ? a : b;
            }
        }
        return P2c.pick(nodes, node -> node.load(now), node -> node.isOpen(now), random);
    }

    private double load(int index, Node node, long now) {
        return node.load(now) / covered[index];
    }

    /** The endpoint under a random point. */
    private int point(RandomGenerator random) {
        double at = offset + random.nextDouble() * width;
        double wanted = at >= 1 ? at - 1 : at;
        int low = 0;
        int high = ends.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (wanted < ends[middle]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
