package io.finback.meshrouter.resilience;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before trying again, from one try to the next. An immutable value; the caller remembers which try it is and what
 * the last wait was. Source: twitter/finagle {@code Backoff.scala}.
 */
public sealed interface Backoff {
    /**
     * The next wait.
     *
     * @param tries waits there have been before, from 0
     * @param last the last of them; of no meaning when there was none
     */
    Duration next(int tries, Duration last, RandomGenerator random);

    /** Always the same; zero: at once. */
    record Constant(Duration pause) implements Backoff {
        public Constant {
            notNegative("ms", pause);
        }

        @Override
        public Duration next(int tries, Duration last, RandomGenerator random) {
            return pause;
        }
    }

    /** {@code start}, then from {@code start * 2^k} up to twice that, and {@code most} as soon as that is reached. */
    record EqualJittered(Duration start, Duration most) implements Backoff {
        public EqualJittered {
            ordered(start, most);
        }

        @Override
        public Duration next(int tries, Duration last, RandomGenerator random) {
            if (tries == 0) {
                return start;
            }
            long limit = most.toNanos();
            long half = tries > 40 ? limit : Math.min(limit, saturated(start.toNanos(), tries - 1));
            return Duration.ofNanos(Math.min(limit, half + random.nextLong(Math.max(1, half))));
        }

        private static long saturated(long nanos, int doublings) {
            return nanos > Long.MAX_VALUE >> (doublings + 1) ? Long.MAX_VALUE / 2 : nanos << doublings;
        }
    }

    /** {@code start}, then from the last wait up to three times that; never more than {@code most}. */
    record DecorrelatedJittered(Duration start, Duration most) implements Backoff {
        public DecorrelatedJittered {
            ordered(start, most);
        }

        @Override
        public Duration next(int tries, Duration last, RandomGenerator random) {
            if (tries == 0) {
                return start;
            }
            long limit = most.toNanos();
            long from = Math.min(limit, last.toNanos());
            long to = Math.min(limit, from > limit / 3 ? limit : from * 3);
            return Duration.ofNanos(from >= to ? limit : from + random.nextLong(to - from));
        }
    }

    /**
     * {@code start}, then anything up to the last wait times {@code 2^k} at the k-th try behind the first; constant {@code most} as soon as
     * that bound reaches it.
     */
    record ExponentialJittered(Duration start, Duration most) implements Backoff {
        public ExponentialJittered {
            ordered(start, most);
        }

        @Override
        public Duration next(int tries, Duration last, RandomGenerator random) {
            if (tries == 0) {
                return start;
            }
            long limit = most.toNanos();
            long bound = last.compareTo(most) >= 0 || tries > 30 || last.toNanos() > limit >> tries
                    ? limit
                    : last.toNanos() << tries;
            return bound >= limit ? most : Duration.ofNanos(1 + random.nextLong(Math.max(1, bound)));
        }
    }

    private static void notNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + ": " + value.toMillis() + " (expected: >= 0)");
        }
    }

    private static void ordered(Duration start, Duration most) {
        if (start.isNegative() || start.isZero()) {
            throw new IllegalArgumentException("minMs: " + start.toMillis() + " (expected: > 0)");
        }
        if (most.compareTo(start) < 0) {
            throw new IllegalArgumentException(
                    "maxMs: " + most.toMillis() + " (expected: >= minMs, " + start.toMillis() + ")");
        }
    }
}
