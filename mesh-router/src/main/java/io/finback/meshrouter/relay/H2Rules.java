package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.TraceContext;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a router refuses and changes in heads of HTTP/2. Names are in small letters there. */
final class H2Rules {
    private static final AsciiString VIA = AsciiString.cached("via");
    private static final AsciiString OURS = AsciiString.cached("2.0 linkerd");
    private static final AsciiString RETRY_AFTER = AsciiString.cached("retry-after");
    private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");

    private H2Rules() {}

    /** Why a request cannot be served, if so; else changes what this listener changes before anybody decides by it. */
    static Optional<ErrorAnswer> admit(Http2Headers headers, Peer peer, ServerPolicy policy, int maxCallDepth) {
        if (headers.method() == null || headers.path() == null || headers.path().length() == 0) {
            return Optional.of(ErrorAnswer.badRequest(":method " + headers.method() + ", :path " + headers.path()
                    + " (expected: both; CONNECT is not supported by this router)"));
        }
        if (depth(headers) > maxCallDepth) {
            return Optional.of(
                    ErrorAnswer.badRequest("Via: more than " + maxCallDepth + " hops; the request goes in circles"));
        }
        if (policy.clearContext()) {
            List<CharSequence> ours = new ArrayList<>(0);
            for (CharSequence name : headers.names()) {
                if (AsciiString.of(name).startsWith("l5d-")) {
                    ours.add(name);
                }
            }
            ours.forEach(headers::remove);
        }
        policy.timestampHeader()
                .ifPresent(name ->
                        headers.set(AsciiString.of(name).toLowerCase(), Long.toString(System.currentTimeMillis())));
        policy.forwarded()
                .ifPresent(names -> headers.add("forwarded", names.header(peer.remote(), peer.local(), peer.label())));
        return Optional.empty();
    }

    private static int depth(Http2Headers headers) {
        int depth = 0;
        for (CharSequence value : headers.getAll(VIA)) {
            depth += 1 + (int) value.chars().filter(c -> c == ',').count();
        }
        return depth;
    }

    /** Once for all attempts. */
    static void prepare(Http2Headers headers, Routing.To to, ServerPolicy policy, @Nullable RequestTrace trace) {
        headers.remove(LinkerdHeaders.DTAB);
        if (!to.localDtab().isEmpty()) {
            headers.set(LinkerdHeaders.CTX_DTAB, to.localDtab());
        }
        appendVia(headers);
        if (trace != null) {
            if (!trace.isTold()) {
                trace.write(new H2TraceHead(headers), trace.ids());
            }
        } else if (policy.traces().isHeadersOnly()) {
            TraceContext.Next next = TraceContext.next(
                    text(headers.get(LinkerdHeaders.CTX_TRACE)), text(headers.get(LinkerdHeaders.SAMPLE)));
            headers.set(LinkerdHeaders.CTX_TRACE, next.context());
            headers.set(LinkerdHeaders.REQUEST_ID, next.requestId());
            headers.remove(LinkerdHeaders.SAMPLE);
        }
        headers.set(LinkerdHeaders.SERVICE, to.name());
        headers.set(LinkerdHeaders.CLIENT, to.destination().id());
        headers.set(LinkerdHeaders.RESIDUAL, to.residual());
        to.service()
                .policy()
                .totalTimeout()
                .ifPresent(limit -> headers.set(
                        LinkerdHeaders.CTX_DEADLINE,
                        LinkerdHeaders.deadline(
                                text(headers.get(LinkerdHeaders.CTX_DEADLINE)), System.currentTimeMillis(), limit)));
    }

    static void appendVia(Http2Headers headers) {
        CharSequence before = headers.get(VIA);
        headers.set(VIA, before == null ? OURS : String.join(", ", headers.getAll(VIA)) + ", " + OURS);
    }

    /** Whether the instance says that it is safe to try again. */
    static boolean saysRetryable(Http2Headers headers) {
        CharSequence after = headers.get(RETRY_AFTER);
        return AsciiString.contentEqualsIgnoreCase("true", headers.get(LinkerdHeaders.RETRYABLE))
                || headers.contains(LinkerdHeaders.NACK)
                || (after != null
                        && AsciiString.contentEquals("0", after)
                        && AsciiString.contentEquals("503", headers.status()));
    }

    /** Negative when there is none, or none that is a number. */
    static int grpcStatus(Http2Headers headers) {
        CharSequence text = headers.get(GRPC_STATUS);
        if (text == null || text.length() == 0 || text.length() > 3) {
            return -1;
        }
        int status = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            status = status * 10 + c - '0';
        }
        return status;
    }

    /** An answer of the router's own. */
    static H2Message answer(ErrorAnswer error, boolean showsReason) {
        byte[] body = error.reason().getBytes(StandardCharsets.UTF_8);
        H2Message answer = H2Message.response(error.status(), Body.of(body));
        answer.headers()
                .set("content-type", "text/plain; charset=utf-8")
                .set("content-length", Integer.toString(body.length));
        if (showsReason) {
            answer.headers().set(LinkerdHeaders.ERROR, error.encoded());
        }
        if (error.retryAfter()) {
            answer.headers().set(RETRY_AFTER, "1");
        }
        return answer;
    }

    private static @Nullable String text(@Nullable CharSequence value) {
        return value == null ? null : value.toString();
    }
}
