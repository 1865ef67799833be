package io.finback.meshrouter.http;

import java.time.Duration;

/**
 * Everything the data path can be told.
 *
 * @param ioThreads event loops; each connection and its upstreams stay on one
 * @param maxConnections client connections served at once; more are answered 503 and closed
 * @param maxInitialLineBytes longest request or status line
 * @param maxHeaderBytes all header lines of one message together
 * @param maxCallDepth most {@code Via} entries of a request before it counts as a loop
 * @param maxIdlePerEndpoint idle connections kept per endpoint and event loop
 * @param retryLimit attempts after the first, each on another instance while there is one
 * @param discardBytes longest body of an answer that is tried again which is read for the sake of its connection
 * @param discardTime how long its end may take
 * @param discardWait how long an attempt at the same instance waits for that
 * @param connectTimeout for one TCP connect
 * @param bindingTimeout for resolving the host name of an instance
 * @param clientIdleTimeout how long a client may take to send its next request's head
 * @param exchangeIdleTimeout how long a request under way may move no byte
 * @param upstreamIdleTimeout how long an idle connection to an instance is kept
 */
public record ProxySettings(
        String host,
        int port,
        int ioThreads,
        int maxConnections,
        int maxInitialLineBytes,
        int maxHeaderBytes,
        int maxCallDepth,
        int maxIdlePerEndpoint,
        int retryLimit,
        int discardBytes,
        Duration discardTime,
        Duration discardWait,
        Duration connectTimeout,
        Duration bindingTimeout,
        Duration clientIdleTimeout,
        Duration exchangeIdleTimeout,
        Duration upstreamIdleTimeout) {
    public ProxySettings {
        range("http.port", port, 0, 65535);
        range("io-threads", ioThreads, 1, 1024);
        range("limits.max-connections", maxConnections, 1, 1_000_000);
        range("limits.max-initial-line-bytes", maxInitialLineBytes, 128, 1 << 20);
        range("limits.max-header-bytes", maxHeaderBytes, 256, 1 << 20);
        range("limits.max-call-depth", maxCallDepth, 1, 1_000_000);
        range("limits.max-idle-per-endpoint", maxIdlePerEndpoint, 0, 1_000_000);
        range("retries.limit", retryLimit, 0, 100);
        range("retries.discard-bytes", discardBytes, 0, 16 << 20);
        positive("retries.discard-time", discardTime);
        positive("retries.discard-wait", discardWait);
        positive("connect-timeout", connectTimeout);
        positive("binding-timeout", bindingTimeout);
        positive("client-idle-timeout", clientIdleTimeout);
        positive("exchange-idle-timeout", exchangeIdleTimeout);
        positive("upstream-idle-timeout", upstreamIdleTimeout);
    }

    private static void range(String key, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: " + least + ".." + most + ")");
        }
    }

    private static void positive(String key, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: > 0)");
        }
    }
}
