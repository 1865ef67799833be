package io.finback.meshrouter.rpc;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * {@code requests}, {@code success}, {@code failures}, {@code failures/<kind>}, {@code request_latency_ms} and {@code pending} below one
 * scope. What is ignored counts as none of them. Source: twitter/finagle {@code service/StatsFilter.scala}.
 */
public final class StatsFilter<Q extends @Nullable Object, R extends @Nullable Object> implements Filter.Simple<Q, R> {
    private static final int MAX_KINDS = 100;

    private final StatsReceiver stats;
    private final Verdict.Classifier<Q, R> classifier;
    private final StatsReceiver.Counter requests;
    private final StatsReceiver.Counter success;
    private final StatsReceiver.Counter failures;
    private final StatsReceiver.Stat latency;
    private final LongAdder pending = new LongAdder();
    private final ConcurrentHashMap<String, StatsReceiver.Counter> kinds = new ConcurrentHashMap<>();

    public StatsFilter(StatsReceiver stats, Verdict.Classifier<Q, R> classifier) {
        this.stats = stats;
        this.classifier = classifier;
        requests = stats.counter("requests");
        success = stats.counter("success");
        failures = stats.counter("failures");
        latency = stats.stat("request_latency_ms");
        stats.gauge("pending", pending::sum);
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        long start = System.nanoTime();
        pending.increment();
        return service.call(request, context).tapped((response, failure) -> {
            pending.decrement();
            Verdict verdict = classifier.classify(request, response, failure);
            if (verdict == Verdict.IGNORED) {
                return;
            }
            requests.increment();
            latency.add((System.nanoTime() - start) / 1_000_000);
            if (verdict == Verdict.SUCCESS) {
                success.increment();
            } else {
                failures.increment();
                if (failure != null && kinds.size() < MAX_KINDS) {
                    kinds.computeIfAbsent(failure.getClass().getName(), name -> stats.counter("failures/" + name))
                            .increment();
                }
            }
        });
    }
}
