package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import io.finback.meshrouter.traffic.Traces;
import io.finback.tracing.SpanIds;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one protocol brings to {@link RelayCall}. Stateless; its calls are made on the event loop of the client's connection. */
interface Dialect<Q, R> {
    /** A server, with {@code policy}'s TLS and limits among its parameters. */
    Server<Q, R> server(ServerPolicy policy);

    /** Parameters of clients for {@code policy}: TLS and limits. */
    Params client(ClientPolicy policy);

    /** How connections of one endpoint are kept. */
    ClientParams.Pool pool(ClientPolicy policy);

    /** Whether each event loop has connections of its own: right when one carries many calls. */
    boolean perLoop();

    /** Makes sessions of one endpoint, each a connection of its own. */
    ServiceFactory<Q, R> transport(Params params);

    /** As routing looks at it. */
    RequestHead head(Q request, Context context);

    /** What the listener changes before anybody decides by it; an answer refuses the request. */
    Optional<ErrorAnswer> admit(Q request, Peer peer, ServerPolicy policy, RelaySettings settings);

    /** Its trace; not asked for while the listener's traces are quiet. */
    RequestTrace trace(Q request, Context context, Traces traces);

    /** What the trace says of it. */
    RequestTrace.Request traced(Q request, Context context);

    /** Makes {@code outgoing} say that it is sent by the span {@code sender}. */
    Outgoing<Q> sent(Outgoing<Q> outgoing, RequestTrace trace, SpanIds sender);

    /** What goes to instances; where {@code trace} makes no spans, its ids go along. */
    Outgoing<Q> outgoing(Q request, Context context, Routing.To to, ServerPolicy policy, @Nullable RequestTrace trace);

    /**
     * Looks at an answer.
     *
     * @param again whether there may be another attempt: then the answer may be held back until it is known what it means
     */
    Reply<Answered<R>> judge(
            Q request, Outgoing<Q> outgoing, R response, ServicePolicy policy, Peer peer, boolean again);

    /** Whether a call whose connection was lost, or that took too long, may be made again. */
    boolean repeatsLost(Q request, ServicePolicy policy);

    /** An answer of the router's own, or the failure that tells it in this protocol. */
    Reply<R> error(ErrorAnswer error, boolean showsReason);

    /** Of a failure that an instance has told, or of its connection. */
    Reply<R> failed(Throwable failure, Routing.To to, boolean showsReason);

    /** A line of the access log; empty when this protocol has none. */
    Optional<AccessLog.Entry> logged(Q request, Peer peer, long epochMillis, int status, long bytes);

    /** What is done with an answer that is not passed on. */
    default void discard(R response) {}

    /** Ends an answer of {@link #judge} that has been passed on and does not end by itself: neither side waits for the rest of it. */
    default void giveUp(R response, Failure why) {}
}
