package io.finback.meshrouter.traffic;

import java.time.Duration;
import java.util.Optional;

/**
 * What one listener does besides passing on. Source: the {@code servers} block of linkerd.yaml.
 *
 * @param clearContext whether {@code l5d-*} headers of requests are removed, and {@code l5d-err} is not shown
 * @param maxConcurrentRequests beyond these: 503 with Finagle's nack headers
 * @param timeout for a request until its response begins
 * @param forwarded how the {@code Forwarded} header names the two sides; empty: it is not added
 * @param timestampHeader the header that gets the milliseconds since 1970 at which a request was read
 * @param tls when the listener speaks TLS
 * @param wire how HTTP/2 and Thrift are spoken
 * @param traces whether {@code l5d-ctx-trace} and {@code l5d-reqid} are made for every request
 */
public record ServerPolicy(
        boolean clearContext,
        int maxConcurrentRequests,
        Optional<Duration> timeout,
        Optional<Forwarded> forwarded,
        Optional<String> timestampHeader,
        Optional<Tls.Server> tls,
        WirePolicy wire,
        boolean traces) {
    public ServerPolicy {
        if (maxConcurrentRequests < 1) {
            throw new IllegalArgumentException("maxConcurrentRequests: " + maxConcurrentRequests + " (expected: >= 1)");
        }
    }

    /** Nothing of all that. */
    public static ServerPolicy plain(WirePolicy wire) {
        return new ServerPolicy(
                false,
                Integer.MAX_VALUE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                wire,
                false);
    }
}
