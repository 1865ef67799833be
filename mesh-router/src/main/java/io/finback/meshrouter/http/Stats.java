package io.finback.meshrouter.http;

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
    private final LongAdder requestBytes = new LongAdder();
    private final LongAdder responseBytes = new LongAdder();
    private final AtomicReferenceArray<@Nullable LongAdder> statuses = new AtomicReferenceArray<>(600);
    private final LatencyHistogram latency = new LatencyHistogram();

    private void status(int code) {
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

    void request() {
        requests.increment();
    }

    /** How a request, or an attempt, has ended: the answer's status, 0 when there was none, and the time it took. */
    void answer(int code, boolean success, long nanos) {
        status(code);
        if (success) {
            successes.increment();
        } else {
            failures.increment();
        }
        latency.record(nanos);
    }

    /** Bytes of the bodies of one request and its response, as they were passed on. */
    void bytes(long request, long response) {
        if (request != 0) {
            requestBytes.add(request);
        }
        if (response != 0) {
            responseBytes.add(response);
        }
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

    /** Bytes of requests' bodies. */
    public long requestBytes() {
        return requestBytes.sum();
    }

    /** Bytes of responses' bodies. */
    public long responseBytes() {
        return responseBytes.sum();
    }

    public LatencyHistogram latency() {
        return latency;
    }
}
