package io.finback.meshrouter.balance;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Which endpoint gets the next request. One per destination; thread-safe. */
public interface Balancer {
    /** One of {@code nodes}, which must not be empty. */
    <N extends Node> N pick(List<N> nodes, long now, RandomGenerator random);

    /** Whether it takes weights into account; for others somebody else has to part endpoints by weight. */
    default boolean weighs() {
        return false;
    }

    /** Those that requests go to now, of a balancer that keeps to a part of {@code nodes}; nobody for others. */
    default <N extends Node> List<N> members(List<N> nodes, RandomGenerator random) {
        return List.of();
    }

    /** What load means. */
    enum Metric {
        /** Requests under way. */
        OUTSTANDING,
        /** {@link PeakEwma}: latency times requests under way. */
        PEAK_EWMA
    }

    /** Linkerd's kinds of balancers, and Finagle's deterministic aperture, which Linkerd has no word for. */
    enum Kind {
        P2C("p2c"),
        EWMA("ewma"),
        APERTURE("aperture"),
        DETERMINISTIC_APERTURE("deterministicAperture"),
        HEAP("heap"),
        ROUND_ROBIN("roundRobin");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }

        public static Optional<Kind> of(String text) {
            return Arrays.stream(values())
                    .filter(kind -> kind.text.equals(text))
                    .findFirst();
        }
    }

    /**
     * How balancers are made.
     *
     * @param decay of {@link Metric#PEAK_EWMA}
     */
    record Spec(Kind kind, Supplier<Balancer> balancer, Metric metric, Duration decay) {
        public static final Duration DECAY = Duration.ofSeconds(10);

        /** Linkerd's default. */
        public static final Spec P2C = new Spec(Kind.P2C, PowerOfTwo::new, Metric.OUTSTANDING, DECAY);

        public static Spec ewma(Duration decay) {
            return new Spec(Kind.EWMA, PowerOfTwo::new, Metric.PEAK_EWMA, decay);
        }

        public static Spec aperture(Aperture.Band band) {
            return new Spec(Kind.APERTURE, () -> new Aperture(band), Metric.OUTSTANDING, DECAY);
        }

        public static Spec deterministicAperture(DeterministicAperture.Coordinate coordinate) {
            return new Spec(
                    Kind.DETERMINISTIC_APERTURE,
                    () -> new DeterministicAperture(coordinate),
                    Metric.OUTSTANDING,
                    DECAY);
        }

        public static Spec heap() {
            return new Spec(Kind.HEAP, LeastLoaded::new, Metric.OUTSTANDING, DECAY);
        }

        public static Spec roundRobin() {
            return new Spec(Kind.ROUND_ROBIN, RoundRobin::new, Metric.OUTSTANDING, DECAY);
        }
    }
}
