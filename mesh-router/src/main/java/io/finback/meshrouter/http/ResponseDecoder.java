package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.Stats;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * Reads responses of one instance, one expected at a time. Knows whether more came than was asked for: a connection in that state must
 * not carry another request, or its caller would get the surplus as the answer.
 */
final class ResponseDecoder extends HttpResponseDecoder {
    private final Stats stats;
    private boolean head;
    private boolean within;

    ResponseDecoder(ProxySettings settings, Stats stats) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(settings.maxInitialLineBytes())
                .setMaxHeaderSize(settings.maxHeaderBytes())
                .setMaxChunkSize(64 * 1024));
        this.stats = stats;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (message instanceof ByteBuf bytes) {
            stats.received(bytes.readableBytes());
        }
        super.channelRead(ctx, message);
    }

    /** The next final response answers this: one to HEAD ends with its head. */
    void expect(boolean isHead) {
        head = isHead;
    }

    /** Whether nothing was read behind the end of the last response. */
    boolean isBetweenResponses() {
        return !within && actualReadableBytes() == 0;
    }

    @Override
    protected HttpMessage createMessage(String[] initialLine) {
        within = true;
        return super.createMessage(initialLine);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        super.decode(ctx, in, out);
        if (!out.isEmpty() && out.get(out.size() - 1) instanceof LastHttpContent) {
            within = false;
        }
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage message) {
        boolean isFinal =
                message instanceof HttpResponse response && response.status().code() >= 200;
        return (head && isFinal) || super.isContentAlwaysEmpty(message);
    }
}
