package io.finback.verification.mesh;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.balance.Node;
import io.finback.meshrouter.balance.PeakEwma;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * The experiment of Linkerd's "Beyond round robin" (blog, 16 March 2016) in virtual time, with the balancers and the metric a router uses: 11
 * backends answer after a normally distributed time of 167 ms, deviation 5 ms; 1,000 requests a second for a minute, with Poisson arrivals; one
 * backend takes 2 s from second 15 to second 45. A request succeeds if its answer takes at most a second. Nothing is retried or left alone,
 * so what differs is the choice.
 */
final class BalancingExperiment {
    private static final int BACKENDS = 11;
    private static final int PER_SECOND = 1_000;
    private static final long LENGTH = Duration.ofSeconds(60).toNanos();
    private static final long SLOW_FROM = Duration.ofSeconds(15).toNanos();
    private static final long SLOW_UNTIL = Duration.ofSeconds(45).toNanos();
    private static final double USUAL_MILLIS = 167;
    private static final double DEVIATION_MILLIS = 5;
    private static final double SLOW_MILLIS = 2_000;
    private static final long TIMEOUT = Duration.ofSeconds(1).toNanos();

    /**
     * What came of it.
     *
     * @param success share of requests that took at most a second
     * @param millis latencies at the quantiles 0.5, 0.95, 0.99 and 0.999
     */
    record Outcome(double success, List<Double> millis) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%.3f %% within 1 s; p50 %.0f, p95 %.0f, p99 %.0f, p99.9 %.0f ms",
                    success * 100,
                    millis.get(0),
                    millis.get(1),
                    millis.get(2),
                    millis.get(3));
        }
    }

    private static final class Backend implements Node {
        private final String name;
        private final boolean turnsSlow;
        private final PeakEwma latency;
        private final boolean byLatency;
        private int outstanding;

        Backend(int number, Balancer.Spec spec) {
            this.name = "10.0.0." + number + ":80";
            this.turnsSlow = number == 0;
            this.latency = new PeakEwma(spec.decay());
            this.byLatency = spec.metric() == Balancer.Metric.PEAK_EWMA;
        }

        @Override
        public boolean isOpen(long now) {
            return true;
        }

        @Override
        public double load(long now) {
            return byLatency ? latency.load(now) : outstanding;
        }

        @Override
        public String toString() {
            return name;
        }

        long takes(long now, SplittableRandom random) {
            boolean slow = turnsSlow && now >= SLOW_FROM && now < SLOW_UNTIL;
            double millis = (slow ? SLOW_MILLIS : USUAL_MILLIS) + DEVIATION_MILLIS * gaussian(random);
            return (long) (Math.max(1, millis) * 1e6);
        }
    }

    private record Answer(long at, long took, Backend from) {}

    private BalancingExperiment() {}

    static Outcome run(Balancer.Spec spec, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        RandomGenerator chance = random.split();
        Balancer balancer = spec.balancer().get();
        List<Backend> made = new ArrayList<>();
        for (int i = 0; i < BACKENDS; i++) {
            made.add(new Backend(i, spec));
        }
        List<Backend> backends = List.copyOf(made);
        PriorityQueue<Answer> underWay = new PriorityQueue<>((a, b) -> Long.compare(a.at(), b.at()));
        List<Long> latencies = new ArrayList<>();
        for (long now = 0; now < LENGTH; now += (long) (-Math.log(1 - random.nextDouble()) * 1e9 / PER_SECOND)) {
            end(underWay, now, latencies);
            Backend picked = balancer.pick(backends, now, chance);
            picked.outstanding++;
            picked.latency.start();
            long took = picked.takes(now, random);
            underWay.add(new Answer(now + took, took, picked));
        }
        end(underWay, Long.MAX_VALUE, latencies);
        long[] sorted = latencies.stream().mapToLong(Long::longValue).sorted().toArray();
        double success = Arrays.stream(sorted).filter(took -> took <= TIMEOUT).count() / (double) sorted.length;
        return new Outcome(success, List.of(at(sorted, 0.5), at(sorted, 0.95), at(sorted, 0.99), at(sorted, 0.999)));
    }

    private static void end(PriorityQueue<Answer> underWay, long now, List<Long> latencies) {
        while (!underWay.isEmpty() && underWay.peek().at() <= now) {
            Answer answer = underWay.poll();
            answer.from().outstanding--;
            answer.from().latency.end(answer.took(), answer.at());
            latencies.add(answer.took());
        }
    }

    private static double at(long[] sorted, double quantile) {
        return sorted[(int) Math.min(sorted.length - 1, (long) (sorted.length * quantile))] / 1e6;
    }

    /** Box and Muller's. */
    private static double gaussian(SplittableRandom random) {
        return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
    }
}
