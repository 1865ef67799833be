package io.finback.meshrouter.relay;

import io.finback.meshrouter.resilience.FailureAccrual.Outcome;
import io.finback.meshrouter.resilience.GrpcClassifier;
import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.h2.H2Params;
import io.finback.meshrouter.rpc.h2.H2Reset;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import io.finback.meshrouter.traffic.Traces;
import io.finback.meshrouter.traffic.WirePolicy;
import io.finback.tracing.SpanIds;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2, as any traffic and as gRPC. Bodies run both ways piece by piece; of a request so much is kept that it can be made again. Source:
 * linkerd/linkerd {@code linkerd/protocol/h2}, {@code router/h2}.
 */
final class H2Dialect implements Dialect<H2Message, H2Message> {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private static final Set<AsciiString> UNIQUE =
            Set.of(LinkerdHeaders.CTX_TRACE, LinkerdHeaders.REQUEST_ID, LinkerdHeaders.CTX_DEADLINE);

    private record Forwarded(H2Message request, Replay body) implements Outgoing<H2Message> {
        @Override
        public H2Message next() {
            return new H2Message(request.headers(), body.again());
        }

        @Override
        public Context context() {
            return Context.EMPTY;
        }

        @Override
        public long moved() {
            return body.bytes();
        }

        @Override
        public boolean isRepeatable() {
            return body.isRepeatable();
        }
    }

    private static Params limits(WirePolicy wire) {
        return Params.EMPTY
                .with(H2Params.WINDOW_UPDATE_RATIO, wire.windowUpdateRatio())
                .with(H2Params.WINDOW_BYTES, wire.streamWindowBytes())
                .with(H2Params.MAX_STREAMS, wire.maxStreams())
                .with(H2Params.MAX_FRAME_BYTES, wire.maxFrameBytes())
                .with(H2Params.HEADER_TABLE_BYTES, wire.headerTableBytes())
                .with(H2Params.MAX_HEADER_LIST_BYTES, wire.maxHeaderListBytes());
    }

    @Override
    public Server<H2Message, H2Message> server(ServerPolicy policy) {
        return H2.server()
                .withAll(limits(policy.wire()))
                .with(H2Params.TLS, policy.tls().map(tls -> tls.context()));
    }

    @Override
    public Params client(ClientPolicy policy) {
        return limits(policy.wire())
                .with(H2Params.UNIQUE_HEADERS, UNIQUE)
                .with(H2Params.TLS, policy.tls().map(tls -> tls.context()));
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
    public ServiceFactory<H2Message, H2Message> transport(Params params) {
        return H2.transport(params);
    }

    @Override
    public RequestHead head(H2Message request, Context context) {
        return new H2Head(request.headers());
    }

    @Override
    public Optional<ErrorAnswer> admit(H2Message request, Peer peer, ServerPolicy policy, RelaySettings settings) {
        return H2Rules.admit(request.headers(), peer, policy, settings.maxCallDepth());
    }

    @Override
    public RequestTrace trace(H2Message request, Context context, Traces traces) {
        return traces.begin(new H2TraceHead(request.headers()));
    }

    @Override
    public RequestTrace.Request traced(H2Message request, Context context) {
        Http2Headers headers = request.headers();
        String method = text(headers.method());
        return new RequestTrace.Request(method, method, text(headers.path()), text(headers.authority()), "HTTP/2.0");
    }

    @Override
    public Outgoing<H2Message> sent(Outgoing<H2Message> outgoing, RequestTrace trace, SpanIds sender) {
        trace.write(new H2TraceHead(((Forwarded) outgoing).request().headers()), sender);
        return outgoing;
    }

    @Override
    public Outgoing<H2Message> outgoing(
            H2Message request, Context context, Routing.To to, ServerPolicy policy, @Nullable RequestTrace trace) {
        H2Rules.prepare(request.headers(), to, policy, trace);
        return new Forwarded(
                request,
                new Replay(request.body(), to.service().policy().streams().requestBytes()));
    }

    // --- what an answer means ---

    @Override
    public Reply<Answered<H2Message>> judge(
            H2Message request,
            Outgoing<H2Message> outgoing,
            H2Message response,
            ServicePolicy policy,
            Peer peer,
            boolean again) {
        Optional<GrpcClassifier> grpc = policy.grpc();
        if (grpc.isEmpty()) {
            Verdict verdict = policy.classifier()
                    .classify(
                            String.valueOf(request.headers().method()),
                            response.status(),
                            H2Rules.saysRetryable(response.headers()));
            Outcome atEnd = verdict == Verdict.SUCCESS ? Outcome.SUCCESS : Outcome.FAILURE;
            return Reply.of(passedOn(response, response.body(), List.of(), verdict, trailers -> atEnd));
        }
        GrpcClassifier classifier = grpc.get();
        if (response.body().isEmpty()) {
            Verdict verdict = verdict(classifier, response, response.headers());
            return Reply.of(passedOn(response, response.body(), List.of(), verdict, trailers -> Outcome.FAILURE));
        }
        Function<@Nullable Http2Headers, Outcome> atEnd = trailers ->
                verdict(classifier, response, trailers) == Verdict.SUCCESS ? Outcome.SUCCESS : Outcome.FAILURE;
        if (!again || classifier.retriesNothing()) {
            return Reply.of(passedOn(response, response.body(), List.of(), Verdict.FAILURE, atEnd));
        }
        Replay body = ((Forwarded) outgoing).body();
        return GrpcWait.of(response.body(), policy.streams(), body::isRead, peer.loop())
                .map(read -> {
                    Body.Piece last = read.last();
                    Verdict verdict = last != null
                            ? verdict(classifier, response, last.trailers())
                            : read.failure() != null && classifier.all() ? Verdict.RETRYABLE_FAILURE : Verdict.FAILURE;
                    return passedOn(response, read.rest(), read.pieces(), verdict, atEnd);
                });
    }

    private static Answered<H2Message> passedOn(
            H2Message response,
            Body body,
            List<Body.Piece> held,
            Verdict verdict,
            Function<@Nullable Http2Headers, Outcome> atEnd) {
        H2Rules.appendVia(response.headers());
        if (body.isEmpty()) {
            return new Answered<>(response, verdict, response.status(), null, () -> 0);
        }
        Watched watched = new Watched(body, held, atEnd);
        return new Answered<>(
                new H2Message(response.headers(), watched), verdict, response.status(), watched.end(), watched::bytes);
    }

    private static Verdict verdict(GrpcClassifier classifier, H2Message response, @Nullable Http2Headers trailers) {
        return classifier.verdict(response.status(), trailers == null ? -1 : H2Rules.grpcStatus(trailers));
    }

    @Override
    public void discard(H2Message response) {
        response.body().cancel(new Failure("another attempt is made", Failure.INTERRUPTED));
    }

    @Override
    public void giveUp(H2Message response, Failure why) {
        if (response.body() instanceof Watched watched) {
            watched.giveUp(why);
        }
    }

    @Override
    public boolean repeatsLost(H2Message request, ServicePolicy policy) {
        return policy.grpc()
                .map(GrpcClassifier::all)
                .orElseGet(() ->
                        IDEMPOTENT.contains(String.valueOf(request.headers().method())));
    }

    // --- what goes wrong ---

    @Override
    public Reply<H2Message> error(ErrorAnswer error, boolean showsReason) {
        return error.nack() || error.unidentified()
                ? Reply.failed(Failure.rejected(error.reason()))
                : Reply.of(H2Rules.answer(error, showsReason));
    }

    @Override
    public Reply<H2Message> failed(Throwable failure, Routing.To to, boolean showsReason) {
        if (failure instanceof H2Reset) {
            return Reply.failed(failure);
        }
        String why = failure instanceof Failure.NotConnected
                ? "Unable to connect to " + to.destination().id() + ": " + failure.getMessage()
                : "no response: " + failure.getMessage();
        return Reply.of(H2Rules.answer(ErrorAnswer.badGateway(why), showsReason));
    }

    @Override
    public Optional<AccessLog.Entry> logged(H2Message request, Peer peer, long epochMillis, int status, long bytes) {
        Http2Headers headers = request.headers();
        return Optional.of(new AccessLog.Entry(
                peer.ip(),
                epochMillis,
                text(headers.method()),
                text(headers.path()),
                "HTTP/2.0",
                status,
                bytes,
                text(headers.get("referer")),
                text(headers.get("user-agent"))));
    }

    private static String text(@Nullable CharSequence value) {
        return value == null ? "" : value.toString();
    }
}
