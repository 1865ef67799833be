package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The headers of Tinit and Rinit: {@code version:2 (key~4 value~4)*}. Source: twitter/finagle {@code mux/Handshake.scala}. */
final class MuxHandshake {
    private static final int MAX_HEADERS = 100;

    private MuxHandshake() {}

    static void write(ByteBuf out, Params params) {
        out.writeShort(MuxWire.VERSION);
        write4(out, MuxWire.FRAMER.getBytes(StandardCharsets.US_ASCII));
        out.writeInt(4).writeInt(params.get(MuxParams.WINDOW_BYTES));
        write4(out, MuxWire.TLS.getBytes(StandardCharsets.US_ASCII));
        write4(out, level(params).getBytes(StandardCharsets.US_ASCII));
    }

    private static void write4(ByteBuf out, byte[] bytes) {
        out.writeInt(bytes.length).writeBytes(bytes);
    }

    /** What this side says of TLS: it has it already, or does not want it, {@code off}. */
    private static String level(Params params) {
        return params.get(MuxParams.TLS)
                .map(tls -> switch (tls.level()) {
                    case ALWAYS -> "off";
                    case DESIRED -> "desired";
                    case REQUIRED -> "required";
                })
                .orElse("off");
    }

    static Map<String, byte[]> read(ByteBuf in, int end) {
        int version = MuxWire.short2(in, end);
        if (version != MuxWire.VERSION) {
            throw MuxWire.bad("version " + version + " (expected: " + MuxWire.VERSION + ")");
        }
        Map<String, byte[]> headers = new HashMap<>();
        while (in.readerIndex() < end) {
            MuxWire.need(in, end, 4);
            String key = MuxWire.string(in, end, in.readInt());
            MuxWire.need(in, end, 4);
            headers.put(key, MuxWire.bytes(in, end, in.readInt()));
            if (headers.size() > MAX_HEADERS) {
                throw MuxWire.bad("more than " + MAX_HEADERS + " headers");
            }
        }
        return headers;
    }

    /** The longest fragment the other side takes. */
    static OptionalInt window(Map<String, byte[]> headers) {
        byte[] value = headers.get(MuxWire.FRAMER);
        if (value == null) {
            return OptionalInt.empty();
        }
        if (value.length != 4 || ByteBuffer.wrap(value).getInt() <= 0) {
            throw MuxWire.bad(MuxWire.FRAMER + " of " + value.length + " bytes (expected: 4, a number above 0)");
        }
        return OptionalInt.of(ByteBuffer.wrap(value).getInt());
    }

    /** What both sides' levels come to. */
    static Secured secured(Map<String, byte[]> headers, Params params) {
        byte[] value = headers.get(MuxWire.TLS);
        String theirs = value == null ? "off" : new String(value, StandardCharsets.US_ASCII);
        String ours = level(params);
        boolean off = theirs.equals("off") || ours.equals("off");
        if (off && (theirs.equals("required") || ours.equals("required"))) {
            return new Secured(null, "TLS: this side says " + ours + ", the other " + theirs);
        }
        return new Secured(
                off
                        ? null
                        : params.get(MuxParams.TLS).map(MuxParams.Tls::context).orElse(null),
                null);
    }

    /** One of: a reason to end, TLS, plain. */
    static final class Secured {
        private final @Nullable SslContext tls;
        private final @Nullable String failure;

        Secured(@Nullable SslContext tls, @Nullable String failure) {
            this.tls = tls;
            this.failure = failure;
        }

        Secured onFailure(Consumer<String> action) {
            if (failure != null) {
                action.accept(failure);
            }
            return this;
        }

        Secured onTls(Consumer<SslContext> action) {
            if (tls != null) {
                action.accept(tls);
            }
            return this;
        }

        void onPlain(Runnable action) {
            if (failure == null && tls == null) {
                action.run();
            }
        }
    }

    static SslHandler clientHandler(SslContext context, Channel channel, Params params) {
        Address address = params.get(ClientParams.ENDPOINT);
        return context.newHandler(channel.alloc(), address.host(), address.port());
    }

    /** TLS from the first byte, if that is wanted. */
    static Optional<SslContext> always(Params params) {
        return params.get(MuxParams.TLS)
                .filter(tls -> tls.level() == MuxParams.Level.ALWAYS)
                .map(MuxParams.Tls::context);
    }
}
