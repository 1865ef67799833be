package io.finback.meshrouter.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;

/** What a router changes in the heads it passes on. */
final class Heads {
    private Heads() {}

    /** Once for all attempts. */
    static void prepare(HttpRequest head, Routing.To found) {
        HttpHeaders headers = head.headers();
        boolean chunked = HttpUtil.isTransferEncodingChunked(head);
        HttpRules.stripHopByHop(headers);
        if (chunked) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        headers.remove("l5d-dtab");
        if (!found.localDtab().isEmpty()) {
            headers.set("l5d-ctx-dtab", found.localDtab());
        }
        HttpRules.appendVia(headers);
        headers.set("l5d-dst-service", found.name());
        headers.set("l5d-dst-client", found.destination().id());
        headers.set("l5d-dst-residual", found.residual());
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
