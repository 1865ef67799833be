package io.finback.meshrouter.rpc.thrift;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.meshrouter.rpc.Params;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How messages lie on one connection: each behind its length, or one behind the other ({@link ThriftParams#FRAMED}). On its event loop. */
final class ThriftFraming {
    private static final int LENGTH_BYTES = 4;

    private final ByteToMessageDecoder decoder;
    private final @Nullable Unframed unframed;

    ThriftFraming(Params params) {
        int most = params.get(ThriftParams.MAX_FRAME_BYTES);
        unframed = params.get(ThriftParams.FRAMED) ? null : new Unframed(most);
        decoder =
                unframed == null ? new LengthFieldBasedFrameDecoder(most, 0, LENGTH_BYTES, 0, LENGTH_BYTES) : unframed;
    }

    private static final class Unframed extends ByteToMessageDecoder {
        private final ThriftScanner scanner;
        private boolean headers;

        Unframed(int most) {
            scanner = new ThriftScanner(most);
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
            int end = scanner.end(in, headers);
            if (end > 0) {
                out.add(in.readRetainedSlice(end));
            }
        }
    }

    /** Gives the session behind it one message after the other. */
    ChannelHandler decoder() {
        return decoder;
    }

    /** From now on messages come with Twitter's header before them. */
    void headers() {
        if (unframed != null) {
            unframed.headers = true;
        }
    }

    /** For a message of about so many bytes. */
    ByteBuf begin(ByteBufAllocator alloc, int bytes) {
        ByteBuf out = alloc.buffer(LENGTH_BYTES + bytes);
        return unframed == null ? out.writeInt(0) : out;
    }

    /** It is complete. */
    @CanIgnoreReturnValue
    ByteBuf end(ByteBuf out) {
        return unframed == null ? out.setInt(0, out.readableBytes() - LENGTH_BYTES) : out;
    }
}
