package io.finback.meshrouter.relay;

import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.mux.Mux;
import io.finback.meshrouter.rpc.mux.MuxParams;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.thrift.Thrift;
import io.finback.meshrouter.rpc.thrift.ThriftMessage;
import io.finback.meshrouter.rpc.thrift.ThriftMux;
import io.finback.meshrouter.rpc.thrift.ThriftParams;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.PoolPolicy;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import java.util.Optional;

/**
 * Thrift, plain or in Mux: where to is what Twitter's header or the Tdispatch says, and perhaps the method. An answer that is an exception
 * outside of the IDL is a failure of the instance; declared exceptions are answers like others.
 */
final class ThriftDialect implements MessageDialect {
    private final boolean mux;

    ThriftDialect(boolean mux) {
        this.mux = mux;
    }

    @Override
    public Server<byte[], byte[]> server(ServerPolicy policy) {
        Server<byte[], byte[]> server = mux
                ? ThriftMux.server()
                        .with(MuxParams.TLS, MessageDialect.muxTls(policy.tls().map(tls -> tls.context())))
                : Thrift.server().with(ThriftParams.TLS, policy.tls().map(tls -> tls.context()));
        return server.with(ThriftParams.UPGRADE, policy.wire().ttwitterUpgrade())
                .with(ThriftParams.FRAMED, policy.wire().thriftFramed());
    }

    @Override
    public Params client(ClientPolicy policy) {
        return mux
                ? Params.EMPTY.with(
                        MuxParams.TLS, MessageDialect.muxTls(policy.tls().map(tls -> tls.context())))
                : Params.EMPTY
                        .with(ThriftParams.TLS, policy.tls().map(tls -> tls.context()))
                        .with(ThriftParams.UPGRADE, policy.wire().ttwitterUpgrade())
                        .with(ThriftParams.FRAMED, policy.wire().thriftFramed());
    }

    @Override
    public ClientParams.Pool pool(ClientPolicy policy) {
        PoolPolicy pool = policy.pool();
        return mux
                ? ClientParams.Pool.SHARED
                : new ClientParams.Pool(false, 0, pool.maxConnections(), pool.maxWaiters(), Optional.empty());
    }

    @Override
    public boolean perLoop() {
        return mux;
    }

    @Override
    public ServiceFactory<byte[], byte[]> transport(Params params) {
        return mux ? Mux.transport(params) : Thrift.transport(params);
    }

    @Override
    public RequestHead head(byte[] request, Context context) {
        return new Messages.Head(context, ThriftMessage.read(request).method());
    }

    @Override
    public Optional<ErrorAnswer> admit(byte[] request, Peer peer, ServerPolicy policy, RelaySettings settings) {
        try {
            ThriftMessage head = ThriftMessage.read(request);
            return head.kind() == ThriftMessage.Kind.CALL || head.kind() == ThriftMessage.Kind.ONEWAY
                    ? Optional.empty()
                    : Optional.of(ErrorAnswer.badRequest("message of kind " + head.kind() + " (expected: a call)"));
        } catch (Failure.Protocol e) {
            return Optional.of(ErrorAnswer.badRequest(String.valueOf(e.getMessage())));
        }
    }

    @Override
    public RequestTrace.Request traced(byte[] request, Context context) {
        return MessageTraces.request(method(request));
    }

    private static String method(byte[] request) {
        try {
            return ThriftMessage.read(request).method();
        } catch (Failure.Protocol e) {
            return "";
        }
    }

    @Override
    public Reply<Answered<byte[]>> judge(
            byte[] request,
            Outgoing<byte[]> outgoing,
            byte[] response,
            ServicePolicy policy,
            Peer peer,
            boolean again) {
        return Reply.of(Answered.whole(response, verdict(response), response.length));
    }

    private static Verdict verdict(byte[] response) {
        try {
            return response.length == 0 || ThriftMessage.read(response).kind() == ThriftMessage.Kind.REPLY
                    ? Verdict.SUCCESS
                    : Verdict.FAILURE;
        } catch (Failure.Protocol e) {
            return Verdict.FAILURE;
        }
    }
}
