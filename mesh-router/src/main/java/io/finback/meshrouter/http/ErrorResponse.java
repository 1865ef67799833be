package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;

/** An {@link ErrorAnswer} in HTTP/1.1. */
final class ErrorResponse {
    private ErrorResponse() {}

    /** {@code showsReason}: whether {@code l5d-err} is there, too. */
    static FullHttpResponse of(ErrorAnswer error, boolean showsReason) {
        ByteBuf body = ByteBufUtil.writeUtf8(UnpooledByteBufAllocator.DEFAULT, error.reason());
        FullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(error.status()), body);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        if (showsReason) {
            response.headers().set(LinkerdHeaders.ERROR, error.encoded());
        }
        if (error.nack()) {
            response.headers()
                    .set(LinkerdHeaders.NACK, "true")
                    .set(LinkerdHeaders.RETRYABLE, "true")
                    .set(HttpHeaderNames.RETRY_AFTER, "0");
        }
        if (error.retryAfter()) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, "1");
        }
        return response;
    }
}
