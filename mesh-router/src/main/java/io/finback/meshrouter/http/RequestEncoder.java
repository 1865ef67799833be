package io.finback.meshrouter.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import java.nio.charset.StandardCharsets;

/** Writes requests with the target's bytes as they came: what was read as Latin-1 is written as that, where Netty writes UTF-8. */
final class RequestEncoder extends HttpRequestEncoder {
    private static final byte[] END = " HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII);

    @Override
    protected void encodeInitialLine(ByteBuf out, HttpRequest request) {
        ByteBufUtil.copy(request.method().asciiName(), out);
        out.writeByte(' ');
        var ignored = out.writeCharSequence(request.uri(), StandardCharsets.ISO_8859_1);
        out.writeBytes(END);
    }
}
