package io.finback.meshrouter.relay;

import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.mux.Mux;
import io.finback.meshrouter.rpc.mux.MuxParams;
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

/** Mux: the destination of a call's Tdispatch says where to. Errors are Mux's, refusals its nacks. */
final class MuxDialect implements Dialect<byte[], byte[]> {
    @Override
    public Server<byte[], byte[]> server(ServerPolicy policy) {
        return Mux.server()
                .with(MuxParams.TLS, policy.tls().map(tls -> new MuxParams.Tls(tls.context(), MuxParams.Level.ALWAYS)));
    }

    @Override
    public Params client(ClientPolicy policy) {
        return Params.EMPTY.with(
                MuxParams.TLS, policy.tls().map(tls -> new MuxParams.Tls(tls.context(), MuxParams.Level.ALWAYS)));
    }

    @Override
    public ClientParams.Pool pool(ClientPolicy policy) {
        return ClientParams.Pool.SHARED;
    }

    @Override
    public boolean perLoop() {
        return true;
    }

    @Override
    public ServiceFactory<byte[], byte[]> transport(Params params) {
        return Mux.transport(params);
    }

    @Override
    public RequestHead head(byte[] request, Context context) {
        return new Messages.Head(context, "");
    }

    @Override
    public Optional<ErrorAnswer> admit(byte[] request, Peer peer, ServerPolicy policy, RelaySettings settings) {
        return Optional.empty();
    }

    @Override
    public RequestTrace trace(byte[] request, Context context, Traces traces) {
        return MessageTraces.begin(context, traces);
    }

    @Override
    public RequestTrace.Request traced(byte[] request, Context context) {
        return MessageTraces.request("mux");
    }

    @Override
    public Outgoing<byte[]> sent(Outgoing<byte[]> outgoing, RequestTrace trace, SpanIds sender) {
        return Messages.sent(outgoing, sender);
    }

    @Override
    public Outgoing<byte[]> outgoing(
            byte[] request, Context context, Routing.To to, ServerPolicy policy, @Nullable RequestTrace trace) {
        return Messages.outgoing(request, context, to, trace);
    }

    @Override
    public Reply<Answered<byte[]>> judge(
            byte[] request,
            Outgoing<byte[]> outgoing,
            byte[] response,
            ServicePolicy policy,
            Peer peer,
            boolean again) {
        return Reply.of(Answered.whole(response, Verdict.SUCCESS, response.length));
    }

    @Override
    public boolean repeatsLost(byte[] request, ServicePolicy policy) {
        return false;
    }

    @Override
    public Reply<byte[]> error(ErrorAnswer error, boolean showsReason) {
        return Messages.error(error);
    }

    @Override
    public Reply<byte[]> failed(Throwable failure, Routing.To to, boolean showsReason) {
        return Messages.failed(failure);
    }

    @Override
    public Optional<AccessLog.Entry> logged(byte[] request, Peer peer, long epochMillis, int status, long bytes) {
        return Optional.empty();
    }
}
