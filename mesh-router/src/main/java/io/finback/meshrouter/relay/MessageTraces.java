package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Traces;
import io.finback.tracing.SpanIds;
import io.finback.tracing.SpanIds.Sampling;
import io.finback.tracing.TraceHeaders;
import org.jspecify.annotations.Nullable;

/** The traces of protocols whose contexts carry Finagle's ids. */
final class MessageTraces {
    private MessageTraces() {}

    static RequestTrace begin(Context context, Traces traces) {
        return traces.begin(new Head(context.traceOrNull()));
    }

    static RequestTrace.Request request(String method) {
        return new RequestTrace.Request(method, method, "", "", "");
    }

    static TraceId id(SpanIds ids) {
        long flags =
                switch (ids.sampling()) {
                    case UNDECIDED -> 0;
                    case NO -> TraceId.SAMPLING_KNOWN;
                    case YES -> TraceId.SAMPLING_KNOWN | TraceId.SAMPLED;
                    case DEBUG -> TraceId.DEBUG | TraceId.SAMPLING_KNOWN | TraceId.SAMPLED;
                };
        return new TraceId(
                ids.traceIdHigh(),
                ids.traceId(),
                ids.parentId() == 0 ? ids.spanId() : ids.parentId(),
                ids.spanId(),
                flags);
    }

    private static @Nullable SpanIds ids(@Nullable TraceId id) {
        if (id == null || id.traceId() == 0 || id.spanId() == 0) {
            return null;
        }
        Sampling sampling = (id.flags() & TraceId.DEBUG) != 0
                ? Sampling.DEBUG
                : id.isSampled() ? Sampling.YES : id.isSamplingKnown() ? Sampling.NO : Sampling.UNDECIDED;
        return new SpanIds(id.traceIdHigh(), id.traceId(), id.spanId(), id.isRoot() ? 0 : id.parentId(), sampling);
    }

    /** What came with the call, as the one header it has; nothing is written to it. */
    private record Head(@Nullable TraceId id) implements Traces.Head {
        @Override
        public @Nullable String get(String name) {
            SpanIds ids = name.equals(TraceHeaders.B3) ? ids(id) : null;
            return ids == null ? null : TraceHeaders.b3(ids);
        }

        @Override
        public void set(String name, String value) {
            throw new IllegalStateException(name + ": " + value);
        }

        @Override
        public void remove(String name) {
            throw new IllegalStateException(name);
        }
    }
}
