package io.finback.meshrouter.http;

import io.finback.meshrouter.rpc.http1.Http1Framing;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What a proxy must refuse, remove and rewrite. Framing that two readers could read differently is refused, never repaired
 * (RFC 9112 sections 6.1, 6.3 and 11.2).
 */
final class HttpRules {
    private static final List<CharSequence> HOP_BY_HOP = List.of(
            HttpHeaderNames.CONNECTION,
            AsciiString.cached("keep-alive"),
            AsciiString.cached("proxy-connection"),
            HttpHeaderNames.PROXY_AUTHENTICATE,
            HttpHeaderNames.PROXY_AUTHORIZATION,
            HttpHeaderNames.TE,
            HttpHeaderNames.TRANSFER_ENCODING,
            HttpHeaderNames.UPGRADE,
            AsciiString.cached("http2-settings"));
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    /** What {@code Connection} may not name: removing these would change the message itself. */
    private static final Set<String> PROTECTED = Set.of("host", "content-length");

    private static final AsciiString OURS = AsciiString.cached("1.1 linkerd");

    private HttpRules() {}

    /** Why a request cannot be served, if so. */
    static Optional<ErrorAnswer> refusal(HttpRequest head, int maxCallDepth) {
        DecoderResult decoded = head.decoderResult();
        if (decoded.isFailure()) {
            return Optional.of(undecodable(decoded.cause()));
        }
        HttpHeaders headers = head.headers();
        if (!head.protocolVersion().protocolName().equals("HTTP")
                || head.protocolVersion().majorVersion() != 1) {
            return refuse(505, "version: " + head.protocolVersion() + " (expected: HTTP/1.1 or HTTP/1.0)");
        }
        Optional<ErrorAnswer> framing = Http1Framing.refusal(head).map(reason -> new ErrorAnswer(400, reason, false));
        if (framing.isPresent()) {
            return framing;
        }
        Optional<ErrorAnswer> target = target(head);
        if (target.isPresent()) {
            return target;
        }
        int hosts = headers.getAll(HttpHeaderNames.HOST).size();
        if (hosts > 1) {
            return refuse(400, "Host: " + hosts + " headers (expected: one)");
        }
        if (headers.containsValue(HttpHeaderNames.UPGRADE, "websocket", true)) {
            return refuse(501, "Upgrade: websocket is not supported by this router yet");
        }
        if (callDepth(headers) > maxCallDepth) {
            return refuse(400, "Via: more than " + maxCallDepth + " hops; the request goes in circles");
        }
        return Optional.empty();
    }

    /** Origin form, absolute form, or {@code *} for OPTIONS (RFC 9112 section 3.2); no byte that ends a line or a word elsewhere. */
    private static Optional<ErrorAnswer> target(HttpRequest head) {
        if (head.method().equals(HttpMethod.CONNECT)) {
            return refuse(501, "method: CONNECT is not supported by this router");
        }
        String uri = head.uri();
        boolean form = uri.startsWith("/")
                || (uri.equals("*") && head.method().equals(HttpMethod.OPTIONS))
                || hasAuthority(uri);
        if (!form || hasControl(uri)) {
            return refuse(400, "request target: cannot be read (expected: /path or http://host/path)");
        }
        return Optional.empty();
    }

    private static boolean hasControl(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c == 0x7f) {
                return true;
            }
        }
        return false;
    }

    private static ErrorAnswer undecodable(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return new ErrorAnswer(414, "request line: " + cause.getMessage(), false);
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return new ErrorAnswer(431, "headers: " + cause.getMessage(), false);
        }
        return ErrorAnswer.badRequest("request cannot be read: " + cause.getMessage());
    }

    private static Optional<ErrorAnswer> refuse(int status, String reason) {
        return Optional.of(new ErrorAnswer(status, reason, false));
    }

    static boolean isHttp10(HttpRequest head) {
        return head.protocolVersion().compareTo(HttpVersion.HTTP_1_1) < 0;
    }

    /**
     * Whether the instance says that it is safe to try again: Linkerd's {@code l5d-retryable}, or a refusal before anything was done,
     * which Finagle writes as {@code finagle-http-nack} or as 503 with {@code Retry-After: 0}.
     */
    static boolean saysRetryable(HttpResponse response) {
        HttpHeaders headers = response.headers();
        if ("true".equalsIgnoreCase(headers.get(LinkerdHeaders.RETRYABLE)) || headers.contains(LinkerdHeaders.NACK)) {
            return true;
        }
        return response.status().code() == 503 && "0".equals(headers.get(HttpHeaderNames.RETRY_AFTER));
    }

    static boolean isIdempotent(HttpMethod method) {
        return IDEMPOTENT.contains(method.name());
    }

    /** Turns {@code http://host/path} into {@code /path} with the authority as Host (RFC 9112 section 3.2.2). */
    static void toOriginForm(HttpRequest head) {
        String uri = head.uri();
        if (uri.startsWith("/")) {
            return;
        }
        int start = authorityStart(uri);
        if (start < 0) {
            return;
        }
        int end = start;
        while (end < uri.length() && "/?#".indexOf(uri.charAt(end)) < 0) {
            end++;
        }
        String authority = uri.substring(start, end);
        String rest = uri.substring(end);
        head.headers().set(HttpHeaderNames.HOST, authority.substring(authority.indexOf('@') + 1));
        head.setUri(rest.startsWith("/") ? rest : "/" + rest);
    }

    private static boolean hasAuthority(String uri) {
        int start = authorityStart(uri);
        return start > 0 && start < uri.length() && "/?#".indexOf(uri.charAt(start)) < 0;
    }

    private static int authorityStart(String uri) {
        String lower = uri.substring(0, Math.min(8, uri.length())).toLowerCase(Locale.ROOT);
        return lower.startsWith("http://") ? 7 : lower.startsWith("https://") ? 8 : -1;
    }

    /** Removes what is meant for this hop alone, both ways (RFC 9110 section 7.6.1). Framing must be decided before. */
    static void stripHopByHop(HttpHeaders headers) {
        if (headers.contains(HttpHeaderNames.CONNECTION)) {
            for (String value : new ArrayList<>(headers.getAll(HttpHeaderNames.CONNECTION))) {
                for (String name : value.split(",", -1)) {
                    String named = name.trim().toLowerCase(Locale.ROOT);
                    if (!named.isEmpty() && !PROTECTED.contains(named)) {
                        headers.remove(named);
                    }
                }
            }
        }
        for (CharSequence name : HOP_BY_HOP) {
            headers.remove(name);
        }
    }

    static void appendVia(HttpHeaders headers) {
        if (!headers.contains(HttpHeaderNames.VIA)) {
            headers.add(HttpHeaderNames.VIA, OURS);
            return;
        }
        headers.set(HttpHeaderNames.VIA, String.join(", ", headers.getAll(HttpHeaderNames.VIA)) + ", " + OURS);
    }

    private static int callDepth(HttpHeaders headers) {
        if (!headers.contains(HttpHeaderNames.VIA)) {
            return 0;
        }
        int depth = 0;
        for (String value : headers.getAll(HttpHeaderNames.VIA)) {
            depth += 1 + (int) value.chars().filter(c -> c == ',').count();
        }
        return depth;
    }
}
