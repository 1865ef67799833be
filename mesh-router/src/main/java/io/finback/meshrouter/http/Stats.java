package io.finback.meshrouter.http;

import java.util.concurrent.atomic.LongAdder;

/** What is counted for one service, client or server. Thread-safe. A failure is a status of 500 and above, or no response. */
public final class Stats {
    private final LongAdder requests = new LongAdder();
    private final LongAdder successes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final LongAdder connects = new LongAdder();
    private final LongAdder connectFailures = new LongAdder();
    private final LatencyHistogram latency = new LatencyHistogram();

    void request() {
        requests.increment();
    }

    void success(long nanos) {
        successes.increment();
        latency.record(nanos);
    }

    void failure(long nanos) {
        failures.increment();
        latency.record(nanos);
    }

    void retry() {
        retries.increment();
    }

    void connected() {
        connects.increment();
    }

    void connectFailed() {
        connectFailures.increment();
    }

    public long requests() {
        return requests.sum();
    }

    public long successes() {
        return successes.sum();
    }

    public long failures() {
        return failures.sum();
    }

    public long retries() {
        return retries.sum();
    }

    public long connects() {
        return connects.sum();
    }

    public long connectFailures() {
        return connectFailures.sum();
    }

    public LatencyHistogram latency() {
        return latency;
    }
}
