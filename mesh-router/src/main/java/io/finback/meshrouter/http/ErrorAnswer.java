package io.finback.meshrouter.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * An answer of the router's own, in Linkerd's form: the reason as text body and URL-encoded in {@code l5d-err}. Source:
 * linkerd/linkerd ErrorResponder.scala.
 *
 * @param retryAfter whether it says {@code Retry-After: 1}: our own limits and waits, which pass
 * @param nack whether it says, in Finagle's way, that the request was not looked at and may be made again at once
 */
public record ErrorAnswer(int status, String reason, boolean retryAfter, boolean nack) {
    private static final int MAX_HEADER_VALUE = 8 * 1024;

    public ErrorAnswer(int status, String reason, boolean retryAfter) {
        this(status, reason, retryAfter, false);
    }

    public static ErrorAnswer badRequest(String reason) {
        return new ErrorAnswer(400, reason, false);
    }

    /** The name has no instances that could be called. */
    public static ErrorAnswer noBrokers(String name, String why) {
        return new ErrorAnswer(
                502, "Unable to route request!\n\nservice name: " + name + "\nreason: " + why + "\n", false);
    }

    public static ErrorAnswer badGateway(String reason) {
        return new ErrorAnswer(502, reason, false);
    }

    public static ErrorAnswer unavailable(String reason) {
        return new ErrorAnswer(503, reason, true);
    }

    /** Too much at once: nothing was done. */
    static ErrorAnswer nack(String reason) {
        return new ErrorAnswer(503, reason, false, true);
    }

    /** {@code showsReason}: whether {@code l5d-err} is there, too. */
    FullHttpResponse toResponse(boolean showsReason) {
        ByteBuf body = ByteBufUtil.writeUtf8(UnpooledByteBufAllocator.DEFAULT, reason);
        FullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), body);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        if (showsReason) {
            response.headers().set(LinkerdHeaders.ERROR, encoded());
        }
        if (nack) {
            response.headers()
                    .set(LinkerdHeaders.NACK, "true")
                    .set(LinkerdHeaders.RETRYABLE, "true")
                    .set(HttpHeaderNames.RETRY_AFTER, "0");
        }
        if (retryAfter) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, "1");
        }
        return response;
    }

    private String encoded() {
        String text = URLEncoder.encode(reason, StandardCharsets.UTF_8);
        if (text.length() <= MAX_HEADER_VALUE) {
            return text;
        }
        int cut = text.lastIndexOf('%', MAX_HEADER_VALUE);
        return text.substring(0, cut > MAX_HEADER_VALUE - 3 ? cut : MAX_HEADER_VALUE);
    }
}
