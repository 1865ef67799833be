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
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import java.util.Optional;

/** Mux: the destination of a call's Tdispatch says where to. Errors are Mux's, refusals its nacks. */
final class MuxDialect implements MessageDialect {
    @Override
    public Server<byte[], byte[]> server(ServerPolicy policy) {
        return Mux.server()
                .with(MuxParams.TLS, MessageDialect.muxTls(policy.tls().map(tls -> tls.context())));
    }

    @Override
    public Params client(ClientPolicy policy) {
        return Params.EMPTY.with(
                MuxParams.TLS, MessageDialect.muxTls(policy.tls().map(tls -> tls.context())));
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
    public RequestTrace.Request traced(byte[] request, Context context) {
        return MessageTraces.request("mux");
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
}
