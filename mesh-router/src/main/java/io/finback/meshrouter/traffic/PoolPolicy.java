package io.finback.meshrouter.traffic;

import java.time.Duration;
import java.util.Optional;

/**
 * Connections to one instance. Source: {@code hostConnectionPool} and {@code clientSession} of linkerd.yaml.
 *
 * @param maxConnections at once, in use or idle
 * @param maxWaiters requests that may wait for one of them
 * @param idleTime how long an idle one is kept; empty: as the listener says
 * @param lifeTime how old one may get before it is not used again; empty: any age
 */
public record PoolPolicy(int maxConnections, int maxWaiters, Optional<Duration> idleTime, Optional<Duration> lifeTime) {
    public static final PoolPolicy UNLIMITED =
            new PoolPolicy(Integer.MAX_VALUE, Integer.MAX_VALUE, Optional.empty(), Optional.empty());

    public PoolPolicy {
        if (maxConnections < 1) {
            throw new IllegalArgumentException("maxSize: " + maxConnections + " (expected: >= 1)");
        }
        if (maxWaiters < 0) {
            throw new IllegalArgumentException("maxWaiters: " + maxWaiters + " (expected: >= 0)");
        }
    }
}
