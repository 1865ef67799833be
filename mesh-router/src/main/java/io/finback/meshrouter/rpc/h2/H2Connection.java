package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import io.netty.util.collection.IntObjectHashMap;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One connection of HTTP/2, of either side, on Netty's codec: gives frames to {@link H2Stream streams} and writes theirs. What streams write
 * in one turn of the event loop goes out together. On its event loop.
 *
 * <p>Why no channel for each stream, as Netty offers: their pipelines and promises cost more than all the rest of a short call.
 */
final class H2Connection extends Http2ConnectionHandler {
    private static final int RESET_SECONDS = 30;

    /** Whose it is. */
    interface Owner {
        /** It can be written to. */
        void active();

        /** The other side has begun a stream; null: none is expected. */
        @Nullable
        H2Stream opened();

        /** The other side takes no more streams; those behind {@code last} were not processed. */
        void goingAway(int last);

        /** A stream has ended. */
        void streamClosed();

        /** The other side has answered a ping. */
        default void pingAnswered() {}
    }

    private final Owner owner;
    private final int windowBytes;
    private final Http2Connection.PropertyKey key;
    /** Streams of this side whose heads wait to be written. */
    private final IntObjectHashMap<H2Stream> beginning = new IntObjectHashMap<>(8);

    private final Runnable flush = this::flushNow;
    private @Nullable ChannelHandlerContext context;
    private boolean reading;
    private boolean flushing;

    private H2Connection(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Owner owner,
            Params params) {
        super(decoder, encoder, settings);
        this.owner = owner;
        windowBytes = params.get(H2Params.CONNECTION_WINDOW_BYTES);
        key = connection().newKey();
        connection().addListener(new Frames(this));
        if (connection().local().flowController() instanceof DefaultHttp2LocalFlowController windows) {
            windows.windowUpdateRatio(params.get(H2Params.WINDOW_UPDATE_RATIO).floatValue());
        }
    }

    /** Of a client or a server, as {@code params} say. */
    static H2Connection of(boolean server, Params params, Owner owner) {
        Http2Settings settings = Http2Settings.defaultSettings()
                .initialWindowSize(params.get(H2Params.WINDOW_BYTES))
                .maxHeaderListSize(params.get(H2Params.MAX_HEADER_LIST_BYTES))
                .maxFrameSize(params.get(H2Params.MAX_FRAME_BYTES))
                .headerTableSize(params.get(H2Params.HEADER_TABLE_BYTES))
                .maxConcurrentStreams(server ? params.get(H2Params.MAX_STREAMS) : 0);
        return new Builder(server, server ? settings : settings.pushEnabled(false), params, owner).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<H2Connection, Builder> {
        private final Params params;
        private final Owner owner;
        private final Frames frames = new Frames(null);

        Builder(boolean server, Http2Settings settings, Params params, Owner owner) {
            this.params = params;
            this.owner = owner;
            Set<AsciiString> unique = params.get(H2Params.UNIQUE_HEADERS);
            var unused = server(server)
                    .initialSettings(settings)
                    .frameListener(frames)
                    .headerSensitivityDetector(
                            (name, value) -> name instanceof AsciiString known && unique.contains(known))
                    .decoderEnforceMaxRstFramesPerWindow(params.get(H2Params.MAX_RESETS), RESET_SECONDS)
                    .decoderEnforceMaxSmallContinuationFrames(params.get(H2Params.MAX_SMALL_CONTINUATIONS))
                    .gracefulShutdownTimeoutMillis(0);
            if (!server) {
                // Beyond the other side's limit streams wait.
                unused = encoderEnforceMaxConcurrentStreams(true);
            }
        }

        @Override
        public H2Connection build() {
            return super.build();
        }

        @Override
        protected H2Connection build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
            H2Connection made = new H2Connection(decoder, encoder, settings, owner, params);
            frames.of = made;
            return made;
        }
    }

    ChannelHandlerContext context() {
        return Objects.requireNonNull(context);
    }

    void onLoop(Runnable work) {
        if (context().executor().inEventLoop()) {
            work.run();
        } else {
            context().executor().execute(work);
        }
    }

    // --- what streams write ---

    /** Begins a stream of this side: gives its number; negative: there are no more on this connection. */
    int begin(H2Stream stream) {
        int id = connection().local().incrementAndGetNextStreamId();
        if (id > 0) {
            beginning.put(id, stream);
        }
        return id;
    }

    /** How many streams of this side wait for the other side to take them. */
    int waiting() {
        return beginning.size();
    }

    ChannelFuture head(int id, Http2Headers headers, boolean end) {
        ChannelFuture written =
                encoder().writeHeaders(context(), id, headers, 0, end, context().newPromise());
        flushSoon();
        return written;
    }

    ChannelFuture data(int id, ByteBuf data, boolean end) {
        ChannelFuture written =
                encoder().writeData(context(), id, data, 0, end, context().newPromise());
        flushSoon();
        return written;
    }

    void reset(int id, Http2Error error) {
        beginning.remove(id);
        var unused =
                encoder().writeRstStream(context(), id, error.code(), context().newPromise());
        flushSoon();
    }

    /** So many bytes of a stream have been taken: its window may open again. */
    void taken(int id, int bytes) {
        Http2Stream stream = connection().stream(id);
        if (bytes == 0 || stream == null) {
            return;
        }
        try {
            if (connection().local().flowController().consumeBytes(stream, bytes)) {
                flushSoon();
            }
        } catch (Http2Exception e) {
            onError(context(), true, e);
        }
    }

    void forget(int id) {
        beginning.remove(id);
    }

    private void flushSoon() {
        if (!reading && !flushing) {
            flushing = true;
            context().executor().execute(flush);
        }
    }

    private void flushNow() {
        flushing = false;
        flush(context());
    }

    /** Asks the other side for an answer. */
    void ping() {
        var unused = encoder().writePing(context(), false, 0, context().newPromise());
        flushSoon();
    }

    /** Says that no more streams are taken; {@code then} behind it. */
    void goAway(Runnable then) {
        int last = connection().remote().lastStreamCreated();
        var told = goAway(
                context(),
                last,
                Http2Error.NO_ERROR.code(),
                context().alloc().buffer(0),
                context().newPromise());
        flush(context());
        told.addListener(done -> then.run());
    }

    // --- what the codec tells ---

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
        if (ctx.channel().isActive()) {
            begun(ctx);
        }
    }

    /** Whether HTTP/2 is spoken on this connection yet. */
    boolean isThere() {
        return context != null;
    }

    /** Stream {@code id} has begun without frames. */
    void adopt(int id, H2Stream stream) {
        Http2Stream begun = Objects.requireNonNull(connection().stream(id));
        stream.begun(this, id);
        begun.setProperty(key, stream);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        super.channelActive(ctx);
        begun(ctx);
    }

    private void begun(ChannelHandlerContext ctx) throws Http2Exception {
        int more = windowBytes - Http2CodecUtil.DEFAULT_WINDOW_SIZE;
        if (more > 0) {
            connection()
                    .local()
                    .flowController()
                    .incrementWindowSize(connection().connectionStream(), more);
            flush(ctx);
        }
        owner.active();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) throws Exception {
        reading = true;
        super.channelRead(ctx, msg);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        reading = false;
        super.channelReadComplete(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        // Violations of the protocol the codec answers itself, with a GOAWAY that names them, and closes.
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
            super.exceptionCaught(ctx, cause);
        } else {
            Sockets.close(ctx.channel());
        }
    }

    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        H2Stream stream = stream(connection().stream(error.streamId()));
        super.onStreamError(ctx, outbound, cause, error);
        if (stream != null) {
            stream.fail(new Failure("stream failed: " + error.getMessage(), 0));
        }
    }

    private @Nullable H2Stream stream(@Nullable Http2Stream stream) {
        return stream == null ? null : stream.getProperty(key);
    }

    /** Frames and events of the connection, to its streams. */
    private static final class Frames extends Http2EventAdapter {
        private @Nullable H2Connection of;

        Frames(@Nullable H2Connection of) {
            this.of = of;
        }

        private H2Connection of() {
            return Objects.requireNonNull(of);
        }

        private @Nullable H2Stream stream(int id) {
            return of().stream(of().connection().stream(id));
        }

        @Override
        public void onStreamAdded(Http2Stream added) {
            H2Connection connection = of();
            H2Stream own = connection.beginning.remove(added.id());
            if (own != null) {
                added.setProperty(connection.key, own);
            }
        }

        @Override
        public void onHeadersRead(ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
            H2Stream stream = stream(id);
            if (stream == null) {
                Http2Stream begun = of().connection().stream(id);
                stream = begun == null ? null : of().owner.opened();
                if (begun == null || stream == null) {
                    return;
                }
                stream.begun(of(), id);
                begun.setProperty(of().key, stream);
            }
            stream.headers(headers, end);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int id,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end) {
            onHeadersRead(ctx, id, headers, padding, end);
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
            H2Stream stream = stream(id);
            return padding + (stream == null ? data.readableBytes() : stream.data(data, end));
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
            H2Stream stream = stream(id);
            if (stream != null) {
                stream.resetBy(code);
            }
        }

        @Override
        public void onStreamClosed(Http2Stream closed) {
            H2Stream stream = of().stream(closed);
            if (stream != null) {
                stream.closed();
                of().owner.streamClosed();
            }
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) {
            of().owner.pingAnswered();
        }

        @Override
        public void onGoAwayReceived(int last, long code, ByteBuf data) {
            of().owner.goingAway(last);
        }
    }
}
