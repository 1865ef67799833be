package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.mux.MuxParams;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import io.finback.meshrouter.traffic.Traces;
import io.finback.tracing.SpanIds;
import io.netty.handler.ssl.SslContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Of protocols whose requests and answers are whole messages with a context beside them: what Mux and Thrift have in common. */
interface MessageDialect extends Dialect<byte[], byte[]> {
    /** TLS below Mux, from the first byte on. */
    static Optional<MuxParams.Tls> muxTls(Optional<SslContext> tls) {
        return tls.map(of -> new MuxParams.Tls(of, MuxParams.Level.ALWAYS));
    }

    @Override
    default Outgoing<byte[]> outgoing(
            byte[] request, Context context, Routing.To to, ServerPolicy policy, @Nullable RequestTrace trace) {
        return Messages.outgoing(request, context, to, trace);
    }

    @Override
    default RequestTrace trace(byte[] request, Context context, Traces traces) {
        return MessageTraces.begin(context, traces);
    }

    @Override
    default Outgoing<byte[]> sent(Outgoing<byte[]> outgoing, RequestTrace trace, SpanIds sender) {
        return Messages.sent(outgoing, sender);
    }

    /** Nobody knows which calls may run twice. */
    @Override
    default boolean repeatsLost(byte[] request, ServicePolicy policy) {
        return false;
    }

    @Override
    default Reply<byte[]> error(ErrorAnswer error, boolean showsReason) {
        return Messages.error(error);
    }

    @Override
    default Reply<byte[]> failed(Throwable failure, Routing.To to, boolean showsReason) {
        return Messages.failed(failure);
    }

    @Override
    default Optional<AccessLog.Entry> logged(byte[] request, Peer peer, long epochMillis, int status, long bytes) {
        return Optional.empty();
    }
}
