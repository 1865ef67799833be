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
 * @param traces which headers of traces every request gets, and who is told of spans
 */
public record ServerPolicy(
        boolean clearContext,
        int maxConcurrentRequests,
        Optional<Duration> timeout,
        Optional<Forwarded> forwarded,
        Optional<String> timestampHeader,
        Optional<Tls.Server> tls,
        WirePolicy wire,
        Traces traces) {
    public ServerPolicy {
        if (maxConcurrentRequests < 1) {
            throw new IllegalArgumentException("maxConcurrentRequests: " + maxConcurrentRequests + " (expected: >= 1)");
        }
    }

    public ServerPolicy with(Traces other) {
        return new ServerPolicy(
                clearContext, maxConcurrentRequests, timeout, forwarded, timestampHeader, tls, wire, other);
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
                Traces.NONE);
    }
}
