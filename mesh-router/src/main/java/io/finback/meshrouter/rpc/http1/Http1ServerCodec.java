package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.Params;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.util.List;

/** What a server reads and writes. */
final class Http1ServerCodec {
    private Http1ServerCodec() {}

    /** Refuses two framings at once where Netty would pick one of them. */
    static final class Requests extends HttpRequestDecoder {
        private boolean headBegun;

        Requests(Params params) {
            super(new HttpDecoderConfig()
                    .setMaxInitialLineLength(params.get(Http1Params.MAX_LINE_BYTES))
                    .setMaxHeaderSize(params.get(Http1Params.MAX_HEADER_BYTES))
                    .setMaxChunkSize(params.get(Http1Params.MAX_PIECE_BYTES)));
        }

        /** Whether a head has begun that is not whole yet. */
        boolean isWithinHead() {
            return headBegun || actualReadableBytes() > 0;
        }

        @Override
        protected HttpMessage createMessage(String[] initialLine) throws Exception {
            headBegun = true;
            return super.createMessage(initialLine);
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
            super.decode(ctx, in, out);
            if (!out.isEmpty()) {
                headBegun = false;
            }
        }

        @Override
        protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
            throw new IllegalArgumentException("Transfer-Encoding and Content-Length together (expected: one of them)");
        }
    }

    /** An answer to HEAD ends with its head, whatever its length says. */
    static final class Responses extends HttpResponseEncoder {
        private boolean toHead;

        void answering(boolean head) {
            toHead = head;
        }

        @Override
        protected boolean isContentAlwaysEmpty(HttpResponse response) {
            return (toHead && response.status().code() >= 200) || super.isContentAlwaysEmpty(response);
        }
    }
}
