package io.finback.meshrouter.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a router changes in the heads it passes on. */
final class Heads {
    private Heads() {}

    /** Once for all attempts. */
    static void prepare(HttpRequest head, Routing.To found, ServerPolicy policy) {
        HttpHeaders headers = head.headers();
        boolean chunked = HttpUtil.isTransferEncodingChunked(head);
        HttpRules.stripHopByHop(headers);
        if (chunked) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        headers.remove(LinkerdHeaders.DTAB);
        if (!found.localDtab().isEmpty()) {
            headers.set(LinkerdHeaders.CTX_DTAB, found.localDtab());
        }
        HttpRules.appendVia(headers);
        if (policy.traces()) {
            TraceContext.next(headers);
        }
        headers.set(LinkerdHeaders.SERVICE, found.name());
        headers.set(LinkerdHeaders.CLIENT, found.destination().id());
        headers.set(LinkerdHeaders.RESIDUAL, found.residual());
    }

    /**
     * Says in {@code l5d-ctx-deadline} until when an answer is wanted: the earlier of ours and the one it came with. Nanoseconds since 1970,
     * the moment it was set first. Source: linkerd/linkerd LinkerdHeaders.scala, twitter/finagle Deadline.scala.
     */
    static void deadline(HttpHeaders headers, long nowMillis, Duration limit) {
        long now = nowMillis * 1_000_000;
        long deadline = now + limit.toNanos();
        String before = headers.get(LinkerdHeaders.CTX_DEADLINE);
        if (before != null) {
            int space = before.indexOf(' ');
            try {
                deadline = Math.min(deadline, Long.parseLong(before.substring(space + 1)));
                now = Math.max(now, Long.parseLong(before.substring(0, Math.max(0, space))));
            } catch (NumberFormatException e) {
                deadline = nowMillis * 1_000_000 + limit.toNanos();
            }
        }
        headers.set(LinkerdHeaders.CTX_DEADLINE, now + " " + deadline);
    }

    /** What a client that is not trusted may not say: removed before anything is decided. */
    static void clearContext(HttpHeaders headers) {
        List<String> ours = null;
        for (String name : headers.names()) {
            if (name.regionMatches(true, 0, "l5d-", 0, 4)) {
                ours = ours == null ? new ArrayList<>() : ours;
                ours.add(name);
            }
        }
        if (ours != null) {
            ours.forEach(headers::remove);
        }
    }

    /** How the body of a response is carried, read before its head is changed. */
    record Framing(boolean hasBody, boolean keepAlive, boolean delimitedByClose) {}

    /** Gives the response the framing that this client understands. */
    static Framing prepare(HttpResponse response, boolean toHead, boolean toHttp10) {
        int status = response.status().code();
        HttpHeaders headers = response.headers();
        boolean hasNoBody = toHead || status == 204 || status == 304;
        boolean chunked = HttpUtil.isTransferEncodingChunked(response);
        boolean sized = !chunked && headers.contains(HttpHeaderNames.CONTENT_LENGTH);
        boolean keepAlive = HttpUtil.isKeepAlive(response) && (hasNoBody || chunked || sized);
        HttpRules.stripHopByHop(headers);
        boolean delimitedByClose = false;
        if (!sized && (!hasNoBody || (chunked && toHead))) {
            if (toHttp10) {
                delimitedByClose = !hasNoBody;
            } else {
                headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            }
        }
        HttpRules.appendVia(headers);
        response.setProtocolVersion(HttpVersion.HTTP_1_1);
        return new Framing(!hasNoBody, keepAlive, delimitedByClose);
    }
}
