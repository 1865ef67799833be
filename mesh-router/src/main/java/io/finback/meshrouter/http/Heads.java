package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.TraceContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a router changes in the heads it passes on. */
final class Heads {
    private Heads() {}

    /** Once for all attempts. */
    static void prepare(HttpRequest head, Routing.To found, ServerPolicy policy, @Nullable RequestTrace trace) {
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
        if (trace != null) {
            if (!trace.isTold()) {
                trace.write(new HttpTraceHead(headers), trace.ids());
            }
        } else if (policy.traces().isHeadersOnly()) {
            TraceContext.Next next =
                    TraceContext.next(headers.get(LinkerdHeaders.CTX_TRACE), headers.get(LinkerdHeaders.SAMPLE));
            headers.set(LinkerdHeaders.CTX_TRACE, next.context());
            headers.set(LinkerdHeaders.REQUEST_ID, next.requestId());
            headers.remove(LinkerdHeaders.SAMPLE);
        }
        headers.set(LinkerdHeaders.SERVICE, found.name());
        headers.set(LinkerdHeaders.CLIENT, found.destination().id());
        headers.set(LinkerdHeaders.RESIDUAL, found.residual());
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

    /** Whether its connection can carry another request once its body is read, and that is at most {@code limit} bytes as far as it says. */
    static boolean isSoonOver(HttpResponse response, boolean toHead, int limit) {
        boolean chunked = HttpUtil.isTransferEncodingChunked(response);
        return HttpUtil.isKeepAlive(response)
                && (hasNoBody(response, toHead)
                        || chunked
                        || HttpUtil.getContentLength(response, Long.MAX_VALUE) <= limit);
    }

    private static boolean hasNoBody(HttpResponse response, boolean toHead) {
        int status = response.status().code();
        return toHead || status == 204 || status == 304;
    }

    /** Gives the response the framing that this client understands. */
    static Framing prepare(HttpResponse response, boolean toHead, boolean toHttp10) {
        HttpHeaders headers = response.headers();
        boolean hasNoBody = hasNoBody(response, toHead);
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
