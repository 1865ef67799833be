package io.finback.meshrouter.traffic;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What is counted for one service, client or server. Thread-safe. A failure is a status of 500 and above, or no response. */
public final class Stats {
    private final LongAdder requests = new LongAdder();
    private final LongAdder successes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final LongAdder connects = new LongAdder();
    private final LongAdder connectFailures = new LongAdder();
    private final LongAdder receivedBytes = new LongAdder();
    private final LongAdder sentBytes = new LongAdder();
    private final LongAdder connections = new LongAdder();
    private final LongAdder cached = new LongAdder();
    private final LongAdder tooManyWaiters = new LongAdder();
    private final AtomicReferenceArray<@Nullable LongAdder> statuses = new AtomicReferenceArray<>(600);
    private final LatencyHistogram latency = new LatencyHistogram();

    private void status(int code) {
        if (code < 0) {
            return;
        }
        int index = code >= 100 && code < 600 ? code : 0;
        LongAdder adder = statuses.get(index);
        if (adder == null) {
            statuses.compareAndSet(index, null, new LongAdder());
            adder = statuses.get(index);
        }
        adder.increment();
    }

    /** How many answers had which status; 0 stands for no answer, or a status outside 100..599. */
    public Map<Integer, Long> statuses() {
        Map<Integer, Long> all = new TreeMap<>();
        for (int code = 0; code < 600; code++) {
            LongAdder adder = statuses.get(code);
            if (adder != null) {
                all.put(code, adder.sum());
            }
        }
        return all;
    }

    public void request() {
        requests.increment();
    }

    /** How a request, or an attempt, has ended: the answer's status, 0 when there was none, negative of a protocol without; the time it took. */
    public void answer(int code, boolean success, long nanos) {
        status(code);
        if (success) {
            successes.increment();
        } else {
            failures.increment();
        }
        latency.record(nanos);
    }

    /** Read from sockets, without TLS. */
    public void received(int bytes) {
        receivedBytes.add(bytes);
    }

    public void sent(int bytes) {
        sentBytes.add(bytes);
    }

    /** {@code change}: 1 when one was opened, -1 when it was closed. */
    public void connection(int change) {
        connections.add(change);
    }

    /** {@code change}: 1 when a connection begins to wait for a request, -1 when it ceases to. */
    public void cached(int change) {
        cached.add(change);
    }

    public void waiterRefused() {
        tooManyWaiters.increment();
    }

    public void retry() {
        retries.increment();
    }

    public void connected() {
        connects.increment();
    }

    public void connectFailed() {
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

    /** Bytes read from sockets, without TLS. */
    public long receivedBytes() {
        return receivedBytes.sum();
    }

    /** Bytes written to sockets, without TLS. */
    public long sentBytes() {
        return sentBytes.sum();
    }

    /** Connections open now, of a client's side to instances; 0 for what has none. */
    public long connections() {
        return connections.sum();
    }

    /** Of these, waiting for a request. */
    public long cachedConnections() {
        return cached.sum();
    }

    /** Requests that found {@code hostConnectionPool.maxWaiters} before them. */
    public long tooManyWaiters() {
        return tooManyWaiters.sum();
    }

    public LatencyHistogram latency() {
        return latency;
    }
}
