package io.finback.meshrouter.relay;

import io.finback.meshrouter.resilience.FailureAccrual.Outcome;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.traffic.Endpoint;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.Traces;
import io.finback.meshrouter.traffic.Tries;
import org.jspecify.annotations.Nullable;

/** The trace of one {@link RelayCall}. Runs on the call's event loop. */
final class CallTrace<Q> {
    private final Dialect<Q, ?> dialect;
    private final Q request;
    private final Context context;
    private final RequestTrace trace;

    private CallTrace(Dialect<Q, ?> dialect, Q request, Context context, RequestTrace trace) {
        this.dialect = dialect;
        this.request = request;
        this.context = context;
        this.trace = trace;
    }

    /** Null while the listener has nothing to do about traces. */
    static <Q> @Nullable CallTrace<Q> of(Dialect<Q, ?> dialect, Q request, Context context, Traces traces) {
        return traces.isQuiet()
                ? null
                : new CallTrace<>(dialect, request, context, dialect.trace(request, context, traces));
    }

    static @Nullable RequestTrace trace(@Nullable CallTrace<?> of) {
        return of == null ? null : of.trace;
    }

    /** {@code out}, as the span of this attempt sends it. */
    Outgoing<Q> sent(Outgoing<Q> out, RequestTrace.Attempt by) {
        return dialect.sent(out, trace, by.ids());
    }

    void ended(RequestTrace.Attempt attempt, Routing.To to, Endpoint endpoint, Outcome outcome, int status) {
        attempt.end(
                dialect.traced(request, context).name(),
                to,
                endpoint.toString(),
                status,
                RequestTrace.error(outcome, status));
    }

    /** The client has its answer; {@code status} as statistics take it. */
    void ended(Routing.@Nullable To to, @Nullable Tries tries, Peer peer, int status, boolean success) {
        if (trace.isTold()) {
            boolean well = success || (status > 0 && status < 500);
            trace.end(
                    dialect.traced(request, context),
                    to,
                    RequestTrace.peer(peer.remote()),
                    status,
                    tries == null ? 0 : tries.count(),
                    well ? "" : RequestTrace.error(Outcome.FAILURE, status));
        }
    }
}
