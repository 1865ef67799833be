package io.finback.meshrouter.balance;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The power of two choices among the endpoints that are this router's by arithmetic, so that many routers together load all endpoints
 * alike while each keeps connections to a few.
 *
 * <p>The endpoints lie on a ring of length 1 in an order all routers agree on, each as wide as its weight; so do the routers, all of them
 * equally wide. A router picks points of its own arc, made longer by whole steps of itself until it covers at least {@link Coordinate#least}
 * endpoints of average weight. An endpoint that the arc covers in part is as likely as what is covered, and its load counts for as much
 * more. When none of a few picks is open, any open endpoint of all is taken, then any.
 *
 * <p>Thread-safe; a pick is O(log n). Source: twitter/finagle {@code loadbalancer/aperture}, DeterministicAperture and Ring.
 */
public final class DeterministicAperture implements Balancer {
    /** Picks of a second point before it counts that both are the same endpoint. */
    private static final int TRIES = 8;

    /** Shares that differ by less are the same. */
    private static final double SAME = 1e-4;

    /**
     * Which of the routers this is.
     *
     * @param instance from 0
     * @param total routers, more than {@code instance}
     * @param least endpoints the arc covers at least, at least 1; Finagle's is 12
     */
    public record Coordinate(int instance, int total, int least) {
        public static final int LEAST = 12;

        public Coordinate {
            if (total < 1 || instance < 0 || instance >= total) {
                throw new IllegalArgumentException(
                        "coordinate: " + instance + " of " + total + " (expected: 0 <= instance < total)");
            }
            if (least < 1) {
                throw new IllegalArgumentException("minAperture: " + least + " (expected: >= 1)");
            }
        }
    }

    /** The endpoints of one list in their order, where each ends on the ring, and how much of each the arc covers. */
    private static final class Ring {
        private final List<?> source;
        private final List<?> nodes;
        private final double[] ends;
        private final double[] covered;
        private final double offset;
        private final double width;

        Ring(List<?> source, List<?> nodes, double[] ends, double[] covered, double offset, double width) {
            this.source = source;
            this.nodes = nodes;
            this.ends = ends;
            this.covered = covered;
            this.offset = offset;
            this.width = width;
        }
    }

    private final Coordinate coordinate;
    private volatile Ring ring = new Ring(List.of(), List.of(), new double[0], new double[0], 0, 1);

    public DeterministicAperture(Coordinate coordinate) {
        this.coordinate = coordinate;
    }

    @Override
    public boolean weighs() {
        return true;
    }

    @Override
    @SuppressWarnings("unchecked") // a ring holds the nodes of its source
    public <N extends Node> N pick(List<N> nodes, long now, RandomGenerator random) {
        Ring current = ring(nodes);
        List<N> order = (List<N>) current.nodes;
        N picked = order.get(0);
        for (int effort = 0; effort < P2c.MAX_EFFORT; effort++) {
            int i = point(current, random);
            int j = i;
            for (int tries = 0; j == i && tries < TRIES; tries++) {
                j = point(current, random);
            }
            N a = order.get(i);
            N b = order.get(j);
            boolean aOpen = a.isOpen(now);
            boolean bOpen = b.isOpen(now);
            if (aOpen != bOpen) {
                return aOpen ? a : b;
            }
            picked = load(current, i, a, now) <= load(current, j, b, now) ? a : b;
            if (aOpen) {
                return picked;
            }
        }
        N otherwise = picked;
        int start = random.nextInt(order.size());
        for (int i = 0; i < order.size(); i++) {
            N node = order.get((start + i) % order.size());
            if (node.isOpen(now)) {
                return node;
            }
        }
        return otherwise;
    }

    private static double load(Ring ring, int index, Node node, long now) {
        return node.load(now) / ring.covered[index];
    }

    /** The endpoint under a random point of the arc. */
    private static int point(Ring ring, RandomGenerator random) {
        double at = ring.offset + random.nextDouble() * ring.width;
        return index(ring.ends, at >= 1 ? at - 1 : at);
    }

    private static int index(double[] ends, double at) {
        int low = 0;
        int high = ends.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (at < ends[middle]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    @Override
    public <N extends Node> List<N> members(List<N> nodes, RandomGenerator random) {
        return members(nodes);
    }

    /** Endpoints the arc touches. */
    <N extends Node> List<N> members(List<N> nodes) {
        Ring current = ring(nodes);
        List<N> members = new ArrayList<>();
        for (int i = 0; i < current.covered.length; i++) {
            if (current.covered[i] > SAME) {
                @SuppressWarnings("unchecked")
                N node = (N) current.nodes.get(i);
                members.add(node);
            }
        }
        return members;
    }

    @SuppressWarnings("ReferenceEquality") // the list is another object whenever an endpoint came or went
    private <N extends Node> Ring ring(List<N> nodes) {
        Ring known = ring;
        if (known.source == nodes) {
            return known;
        }
        Ring made = lay(nodes);
        ring = made;
        return made;
    }

    private <N extends Node> Ring lay(List<N> nodes) {
        List<N> order = nodes.stream()
                .sorted(Comparator.comparingInt((N node) -> mixed(node.toString()))
                        .thenComparing(Object::toString))
                .toList();
        double[] weights =
                order.stream().mapToDouble(node -> Math.max(0, node.weight())).toArray();
        double total = 0;
        for (double weight : weights) {
            total += weight;
        }
        int n = weights.length;
        double[] starts = new double[n];
        double[] ends = new double[n];
        double at = 0;
        for (int i = 0; i < n; i++) {
            starts[i] = at;
            at += total > 0 ? weights[i] / total : 1.0 / n;
            ends[i] = i == n - 1 ? 1 : at;
        }
        double local = 1.0 / coordinate.total();
        double width = Math.min(1, Math.ceil(coordinate.least() / (double) n / local - 1e-9) * local);
        double offset = coordinate.instance() * local;
        double[] covered = new double[n];
        for (int i = 0; i < n; i++) {
            double part = overlap(starts[i], ends[i], offset, offset + width)
                    + overlap(starts[i] + 1, ends[i] + 1, offset, offset + width);
            covered[i] = Math.max(part, 1e-12);
        }
        return new Ring(nodes, order, ends, covered, offset, width);
    }

    private static double overlap(double from, double to, double start, double end) {
        return Math.max(0, Math.min(to, end) - Math.max(from, start));
    }

    /** So that neighbours in the order are not neighbours by name: a rack's addresses are spread over the ring. */
    private static int mixed(String text) {
        int hash = text.hashCode() * 0x9E3779B9;
        return hash ^ hash >>> 15;
    }
}
