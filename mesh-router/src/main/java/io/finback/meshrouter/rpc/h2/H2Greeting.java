package io.finback.meshrouter.rpc.h2;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerUpgradeHandler;
import io.netty.handler.codec.http.HttpServerUpgradeHandler.UpgradeEvent;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.CleartextHttp2ServerUpgradeHandler;
import io.netty.handler.codec.http2.CleartextHttp2ServerUpgradeHandler.PriorKnowledgeUpgradeEvent;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2ServerUpgradeCodec;
import io.netty.handler.codec.http2.HttpConversionUtil;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.function.BiConsumer;

/**
 * How a connection in clear text begins: with HTTP/2's preface, or with a request of HTTP/1.1 that asks for {@code Upgrade: h2c}, which is
 * answered as stream 1 then. Any other request of HTTP/1.1 is answered with 426 and ends the connection. Source: RFC 7540, section 3.2.
 */
final class H2Greeting extends ChannelInboundHandlerAdapter {
    private static final int MAX_LINE_BYTES = 4 << 10;
    private static final String WANTED = "this port speaks HTTP/2 (expected: its preface, or Upgrade: h2c)\n";

    private final BiConsumer<Http2Headers, byte[]> upgraded;

    private H2Greeting(BiConsumer<Http2Headers, byte[]> upgraded) {
        this.upgraded = upgraded;
    }

    /**
     * Puts it before {@code connection}, which joins the pipeline when it is HTTP/2 that is spoken.
     *
     * @param upgraded is given the request that asked for the upgrade, when streams may be begun
     */
    static void install(
            Channel channel, H2Connection connection, Params params, BiConsumer<Http2Headers, byte[]> upgraded) {
        HttpServerCodec http = new HttpServerCodec(MAX_LINE_BYTES, params.get(H2Params.MAX_HEADER_LIST_BYTES), 8 << 10);
        HttpServerUpgradeHandler upgrades = new HttpServerUpgradeHandler(
                http,
                protocol -> AsciiString.contentEquals(Http2CodecUtil.HTTP_UPGRADE_PROTOCOL_NAME, protocol)
                        ? new Http2ServerUpgradeCodec(connection)
                        : null,
                params.get(H2Params.MAX_UPGRADE_BYTES));
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast(new CleartextHttp2ServerUpgradeHandler(http, upgrades, connection), new H2Greeting(upgraded));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof UpgradeEvent upgrade) {
            ctx.pipeline().remove(this);
            try {
                FullHttpRequest request = upgrade.upgradeRequest();
                request.headers().set(HttpConversionUtil.ExtensionHeaderNames.SCHEME.text(), "http");
                byte[] body = new byte[request.content().readableBytes()];
                request.content().getBytes(request.content().readerIndex(), body);
                upgraded.accept(HttpConversionUtil.toHttp2Headers(request, true), body);
            } catch (IllegalArgumentException e) {
                Sockets.close(ctx.channel());
            } finally {
                upgrade.release();
            }
        } else if (event instanceof PriorKnowledgeUpgradeEvent) {
            ctx.pipeline().remove(this);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ReferenceCountUtil.release(msg);
        if (msg instanceof HttpRequest) {
            var answer = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.UPGRADE_REQUIRED, Unpooled.copiedBuffer(WANTED, UTF_8));
            answer.headers()
                    .set(HttpHeaderNames.UPGRADE, Http2CodecUtil.HTTP_UPGRADE_PROTOCOL_NAME)
                    .set(HttpHeaderNames.CONNECTION, "upgrade, close")
                    .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=UTF-8")
                    .setInt(HttpHeaderNames.CONTENT_LENGTH, answer.content().readableBytes());
            ctx.writeAndFlush(answer).addListener(written -> Sockets.close(ctx.channel()));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Sockets.close(ctx.channel());
    }
}
