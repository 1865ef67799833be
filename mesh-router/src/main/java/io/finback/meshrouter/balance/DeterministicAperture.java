package io.finback.meshrouter.balance;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The power of two choices among the endpoints that are this router's by arithmetic, so that many routers together load all endpoints
 * alike while each keeps connections to a few.
 *
 * <p>The endpoints lie on a ring of length 1 in an order all routers agree on, each as wide as its weight; so do the routers, all of them
 * equally wide. A router picks points of its own arc, made longer by whole steps of itself until it covers at least {@link Coordinate#least}
 * endpoints of average weight ({@link Arc}).
 *
 * <p>Thread-safe; a pick is O(log n). Source: twitter/finagle {@code loadbalancer/aperture}, DeterministicAperture and Ring.
 */
public final class DeterministicAperture implements Balancer {
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

    private final Coordinate coordinate;
    private volatile Arc<?> arc = Arc.NONE;

    public DeterministicAperture(Coordinate coordinate) {
        this.coordinate = coordinate;
    }

    @Override
    public boolean weighs() {
        return true;
    }

    @Override
    public <N extends Node> N pick(List<N> nodes, long now, RandomGenerator random) {
        return arc(nodes).pick(now, random);
    }

    @Override
    public <N extends Node> List<N> members(List<N> nodes, RandomGenerator random) {
        return members(nodes);
    }

    /** Endpoints the arc touches. */
    <N extends Node> List<N> members(List<N> nodes) {
        return arc(nodes).members();
    }

    private <N extends Node> Arc<N> arc(List<N> nodes) {
        Optional<Arc<N>> known = Arc.of(arc, nodes);
        if (known.isPresent()) {
            return known.get();
        }
        List<N> order = nodes.stream()
                .sorted(Comparator.comparingInt((N node) -> mixed(node.toString()))
                        .thenComparing(Object::toString))
                .toList();
        double local = 1.0 / coordinate.total();
        double width = Math.min(1, Math.ceil(coordinate.least() / (double) order.size() / local - 1e-9) * local);
        Arc<N> made = Arc.of(nodes, order, coordinate.instance() * local, width);
        arc = made;
        return made;
    }

    /** So that neighbours in the order are not neighbours by name: a rack's addresses are spread over the ring. */
    private static int mixed(String text) {
        int hash = text.hashCode() * 0x9E3779B9;
        return hash ^ hash >>> 15;
    }
}
