package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.h2.H2Message;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Heads of HTTP/1.1 as those of HTTP/2 and back: small letters, pseudo-headers, nothing that is meant for one hop alone (RFC 9113 section 8.2.2).
 * Throws IllegalArgumentException where a head cannot be written so that it is read as it was meant.
 */
final class Http1Heads {
    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "http2-settings");
    private static final Set<HttpMethod> WITH_BODY = Set.of(HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH);

    private Http1Heads() {}

    // --- out ---

    /** With the framing of what follows. */
    static HttpRequest request(H2Message message) {
        Http2Headers from = message.headers();
        if (from.method() == null || from.path() == null || from.path().isEmpty()) {
            throw new IllegalArgumentException(
                    "request: method " + from.method() + ", path " + from.path() + " (expected: both)");
        }
        String target = from.path().toString();
        if (target.chars().anyMatch(c -> c <= ' ' || c >= 0x7f)) {
            throw new IllegalArgumentException("request: path with bytes that have to be percent-encoded");
        }
        HttpMethod method = HttpMethod.valueOf(from.method().toString());
        HttpHeaders headers = new DefaultHttpHeaders();
        copy(from, headers);
        if (!headers.contains(HttpHeaderNames.HOST)) {
            CharSequence authority = from.authority();
            headers.set(HttpHeaderNames.HOST, authority == null ? "" : authority);
        }
        if (message.body().isEmpty()) {
            if (WITH_BODY.contains(method)) {
                headers.set(HttpHeaderNames.CONTENT_LENGTH, HttpHeaderValues.ZERO);
            } else {
                headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            }
        } else if (!headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        return new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, target, headers);
    }

    /**
     * With the framing of what follows, but for what its connection does then.
     *
     * @param toHead the answer to HEAD, whose length is of the body that is not sent
     * @param toHttp10 the client reads no chunks: without a length the body ends with the connection
     */
    static HttpResponse response(H2Message message, boolean toHead, boolean toHttp10) {
        int status = message.status();
        if (status < 200 || status > 999) {
            throw new IllegalArgumentException("response: status " + status + " (expected: 200..999)");
        }
        HttpHeaders headers = new DefaultHttpHeaders();
        copy(message.headers(), headers);
        if (status == 204) {
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
        } else if (!toHead && status != 304) {
            if (message.body().isEmpty()) {
                headers.set(HttpHeaderNames.CONTENT_LENGTH, HttpHeaderValues.ZERO);
            } else if (!headers.contains(HttpHeaderNames.CONTENT_LENGTH) && !toHttp10) {
                headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            }
        }
        return new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), headers);
    }

    static void copy(Http2Headers from, HttpHeaders to) {
        StringBuilder cookies = new StringBuilder();
        for (Map.Entry<CharSequence, CharSequence> header : from) {
            String name = header.getKey().toString().toLowerCase(Locale.ROOT);
            if (name.equals("cookie")) {
                cookies.append(cookies.isEmpty() ? "" : "; ").append(header.getValue());
            } else if (!name.startsWith(":") && !HOP_BY_HOP.contains(name)) {
                to.add(name, header.getValue());
            }
        }
        if (!cookies.isEmpty()) {
            to.set(HttpHeaderNames.COOKIE, cookies.toString());
        }
        if (to.getAll(HttpHeaderNames.CONTENT_LENGTH).size() > 1
                || (to.contains(HttpHeaderNames.CONTENT_LENGTH)
                        && !Http1Framing.isLength(to.get(HttpHeaderNames.CONTENT_LENGTH)))) {
            throw new IllegalArgumentException(
                    "content-length: " + to.getAll(HttpHeaderNames.CONTENT_LENGTH) + " (expected: one number)");
        }
    }

    // --- in ---

    static Http2Headers request(HttpRequest head, boolean tls) {
        Http2Headers headers = new DefaultHttp2Headers();
        String uri = head.uri();
        String authority = head.headers().get(HttpHeaderNames.HOST, "");
        int start = authorityStart(uri);
        if (start > 0) {
            // The absolute form's authority counts (RFC 9112 section 3.2.2).
            int end = start;
            while (end < uri.length() && "/?#".indexOf(uri.charAt(end)) < 0) {
                end++;
            }
            authority = uri.substring(start, end);
            String rest = uri.substring(end);
            uri = rest.startsWith("/") ? rest : "/" + rest;
        }
        headers.method(head.method().name()).scheme(tls ? "https" : "http").path(uri);
        if (!authority.isEmpty()) {
            headers.authority(authority);
        }
        copy(head.headers(), headers);
        headers.remove("host");
        return headers;
    }

    static Http2Headers response(HttpResponse head) {
        Http2Headers headers = new DefaultHttp2Headers();
        headers.status(Integer.toString(head.status().code()));
        copy(head.headers(), headers);
        return headers;
    }

    /** Without what is meant for this hop, or named as such by {@code Connection}. */
    static void copy(HttpHeaders from, Http2Headers to) {
        Set<String> dropped = new HashSet<>(HOP_BY_HOP);
        for (String value : from.getAll(HttpHeaderNames.CONNECTION)) {
            for (String name : value.split(",", -1)) {
                String named = name.trim().toLowerCase(Locale.ROOT);
                if (!named.equals("host") && !named.equals("content-length")) {
                    dropped.add(named);
                }
            }
        }
        for (Map.Entry<String, String> header : from) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (!dropped.contains(name)) {
                to.add(name, header.getValue());
            }
        }
    }

    private static int authorityStart(String uri) {
        String lower = uri.substring(0, Math.min(8, uri.length())).toLowerCase(Locale.ROOT);
        return lower.startsWith("http://") ? 7 : lower.startsWith("https://") ? 8 : -1;
    }

    /** What a request may be asked for: a path, an absolute URI, or {@code *} by OPTIONS. */
    static boolean isTarget(HttpRequest head) {
        String uri = head.uri();
        return (uri.startsWith("/")
                        || authorityStart(uri) > 0
                        || (uri.equals("*") && head.method().equals(HttpMethod.OPTIONS)))
                && uri.chars().noneMatch(c -> c <= ' ' || c == 0x7f);
    }
}
