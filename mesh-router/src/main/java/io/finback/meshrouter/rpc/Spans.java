package io.finback.meshrouter.rpc;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Tells a {@link Tracer} of each sampled call. */
public final class Spans<Q extends @Nullable Object, R extends @Nullable Object> implements Filter.Simple<Q, R> {
    private final Tracer tracer;
    private final Tracer.Side side;
    private final String label;

    public Spans(Tracer tracer, Tracer.Side side, String label) {
        this.tracer = tracer;
        this.side = side;
        this.label = label;
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        if (side == Tracer.Side.SERVER && !tracer.sharesSpans()) {
            TraceId id = ofServer(context.traceOrNull());
            return told(id, request, context.withTrace(id), service);
        }
        TraceId id = context.traceOrNull();
        return id == null ? service.apply(request, context) : told(id, request, context, service);
    }

    private TraceId ofServer(@Nullable TraceId caller) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        TraceId id = caller == null ? TraceId.root(random) : caller.child(random);
        return id.isSamplingKnown()
                ? id
                : tracer.sample(id).map(id::withSampled).orElse(id);
    }

    private CompletionStage<R> told(TraceId id, Q request, Context context, Service<Q, R> service) {
        if (!id.isSampled()) {
            return service.apply(request, context);
        }
        long epoch = Deadline.now();
        long start = System.nanoTime();
        return service.call(request, context)
                .tapped((response, failure) -> tracer.span(new Tracer.Span(
                        id, side, label, epoch, System.nanoTime() - start, failure == null ? "" : failure.toString())));
    }
}
