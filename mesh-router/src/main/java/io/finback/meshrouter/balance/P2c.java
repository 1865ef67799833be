package io.finback.meshrouter.balance;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;

/**
 * The power of two choices: two different endpoints at random, the less loaded of them. Endpoints that are not open are passed over for
 * up to {@link #MAX_EFFORT} picks, then for any open one; when all are marked, the less loaded of two is tried anyway (fails open).
 * Source: twitter/finagle loadbalancer/p2c, Balancer.scala.
 */
public final class P2c {
    static final int MAX_EFFORT = 5;

    private P2c() {}

    /** Picks one of {@code endpoints}, which must not be empty. O(1), O(n) only when most are marked. */
    public static <E> E pick(List<E> endpoints, ToDoubleFunction<E> load, Predicate<E> open, RandomGenerator random) {
        int n = endpoints.size();
        if (n == 1) {
            return endpoints.get(0);
        }
        E picked = endpoints.get(0);
        for (int effort = 0; effort < MAX_EFFORT; effort++) {
            int i = random.nextInt(n);
            int j = random.nextInt(n - 1);
            E a = endpoints.get(i);
            E b = endpoints.get(j >= i ? j + 1 : j);
            boolean aOpen = open.test(a);
            boolean bOpen = open.test(b);
            if (aOpen != bOpen) {
                return aOpen ? a : b;
            }
            picked = load.applyAsDouble(a) <= load.applyAsDouble(b) ? a : b;
            if (aOpen) {
                return picked;
            }
        }
        return anyOpen(endpoints, open, random.nextInt(n), picked);
    }

    private static <E> E anyOpen(List<E> endpoints, Predicate<E> open, int start, E otherwise) {
        int n = endpoints.size();
        for (int i = 0; i < n; i++) {
            E endpoint = endpoints.get((start + i) % n);
            if (open.test(endpoint)) {
                return endpoint;
            }
        }
        return otherwise;
    }
}
