package io.finback.meshrouter.http;

import io.finback.meshrouter.balance.FailFast;
import java.util.concurrent.atomic.AtomicInteger;

/** One address of a destination: what is under way there and whether it lately refused connections. Thread-safe. */
public final class Endpoint {
    private final String host;
    private final int port;
    private final AtomicInteger outstanding = new AtomicInteger();
    private volatile FailFast failFast = FailFast.HEALTHY;
    private volatile boolean gone;

    public Endpoint(String host, int port) {
        this.host = host;
        this.port = port;
    }

    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    /** Requests under way. */
    public int load() {
        return outstanding.get();
    }

    public boolean isOpen(long nowNanos) {
        return failFast.isOpen(nowNanos);
    }

    /** It left its destination: idle connections to it are closed, those in use finish. */
    public void retire() {
        gone = true;
    }

    boolean isGone() {
        return gone;
    }

    void begin() {
        outstanding.incrementAndGet();
    }

    void end() {
        outstanding.decrementAndGet();
    }

    void connectFailed(long nowNanos) {
        failFast = failFast.onFailure(nowNanos);
    }

    void connected() {
        if (failFast.failures() != 0) {
            failFast = FailFast.HEALTHY;
        }
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
