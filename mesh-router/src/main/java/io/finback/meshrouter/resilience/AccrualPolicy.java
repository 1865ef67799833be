package io.finback.meshrouter.resilience;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;

/**
 * Says when an endpoint has failed too much. One per endpoint, with a memory; not thread-safe, {@link FailureAccrual} guards it. Times
 * are nanoseconds of any steady clock. Source: twitter/finagle {@code liveness/FailureAccrualPolicy.scala}.
 */
public interface AccrualPolicy {
    void onSuccess(long now);

    /** Whether one more success would change nothing. May be asked by any thread, without the guard. */
    default boolean isCalm() {
        return false;
    }

    /** True: the endpoint is to be left alone for a while. */
    boolean onFailure(long now);

    /** The endpoint works again: forget. */
    void onRevived(long now);

    /** Marks nobody, ever. */
    static AccrualPolicy none() {
        return any(List.of());
    }

    /** After {@code failures} in a row, at least 1. */
    static AccrualPolicy consecutiveFailures(int failures) {
        atLeastOne("failures", failures);
        return new AccrualPolicy() {
            private volatile int inRow;

            @Override
            public void onSuccess(long now) {
                inRow = 0;
            }

            @Override
            public boolean isCalm() {
                return inRow == 0;
            }

            @Override
            public boolean onFailure(long now) {
                int more = inRow + 1; // nobody else writes: see the guard
                inRow = more;
                return more >= failures;
            }

            @Override
            public void onRevived(long now) {
                inRow = 0;
            }
        };
    }

    /** When the average over about the last {@code requests} falls below {@code rate}, once there were that many. */
    static AccrualPolicy successRate(double rate, int requests) {
        checkRate(rate);
        atLeastOne("requests", requests);
        return new AccrualPolicy() {
            private final Ema average = new Ema(requests);
            private long seen;

            @Override
            public void onSuccess(long now) {
                average.update(++seen, 1);
            }

            @Override
            public boolean onFailure(long now) {
                return average.update(++seen, 0) < rate && seen >= requests;
            }

            @Override
            public void onRevived(long now) {
                seen = 0;
                average.reset();
            }
        };
    }

    /**
     * When the average over about the last {@code window} falls below {@code rate}, once it has lived that long, and only with at least
     * {@code minRequests} within the window. {@code born}: now.
     */
    static AccrualPolicy successRateWithin(double rate, Duration window, int minRequests, long born) {
        checkRate(rate);
        if (window.isZero() || window.isNegative()) {
            throw new IllegalArgumentException("window: " + window.toSeconds() + " (expected: > 0 seconds)");
        }
        return new Windowed(rate, window.toNanos(), minRequests, born);
    }

    /** When any of them says so; all are told everything. */
    static AccrualPolicy any(List<AccrualPolicy> policies) {
        List<AccrualPolicy> all = List.copyOf(policies);
        return new AccrualPolicy() {
            @Override
            public void onSuccess(long now) {
                all.forEach(policy -> policy.onSuccess(now));
            }

            @Override
            public boolean isCalm() {
                for (AccrualPolicy policy : all) {
                    if (!policy.isCalm()) {
                        return false;
                    }
                }
                return true;
            }

            @Override
            public boolean onFailure(long now) {
                boolean marked = false;
                for (AccrualPolicy policy : all) {
                    marked |= policy.onFailure(now);
                }
                return marked;
            }

            @Override
            public void onRevived(long now) {
                all.forEach(policy -> policy.onRevived(now));
            }
        };
    }

    /** How policies are made, one for each endpoint, and how long the marked ones are left alone. */
    record Spec(Supplier<AccrualPolicy> policy, Backoff backoff) {
        /** Linkerd's: five failures in a row, 5 s up to 5 min. */
        public static final Spec DEFAULT = new Spec(
                () -> consecutiveFailures(5),
                new Backoff.EqualJittered(Duration.ofSeconds(5), Duration.ofSeconds(300)));

        public static final Spec NONE = new Spec(AccrualPolicy::none, new Backoff.Constant(Duration.ZERO));
    }

    private static void checkRate(double rate) {
        if (!(rate >= 0 && rate <= 1)) {
            throw new IllegalArgumentException("successRate: " + rate + " (expected: 0 to 1)");
        }
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
    }

    /** Counts requests in five slices of the window. */
    final class Windowed implements AccrualPolicy {
        private static final int SLICES = 5;

        private final double rate;
        private final long window;
        private final int minRequests;
        private final Ema average;
        private final Deque<long[]> slices = new ArrayDeque<>();
        private long since;

        Windowed(double rate, long window, int minRequests, long born) {
            this.rate = rate;
            this.window = window;
            this.minRequests = minRequests;
            this.since = born;
            this.average = new Ema(window);
        }

        @Override
        public void onSuccess(long now) {
            count(now);
            average.update(now, 1);
        }

        @Override
        public boolean onFailure(long now) {
            count(now);
            return average.update(now, 0) < rate && now - since >= window && within(now) >= minRequests;
        }

        @Override
        public void onRevived(long now) {
            since = now;
            slices.clear();
            average.reset();
        }

        private void count(long now) {
            long slice = Math.floorDiv(now, Math.max(1, window / SLICES));
            long[] newest = slices.peekLast();
            if (newest != null && newest[0] == slice) {
                newest[1]++;
            } else {
                slices.addLast(new long[] {slice, 1});
            }
            while (slices.size() > SLICES) {
                slices.removeFirst();
            }
        }

        private long within(long now) {
            long oldest = Math.floorDiv(now, Math.max(1, window / SLICES)) - SLICES;
            return slices.stream()
                    .filter(slice -> slice[0] > oldest)
                    .mapToLong(slice -> slice[1])
                    .sum();
        }
    }
}
