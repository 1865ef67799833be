package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Params;
import io.netty.handler.ssl.SslContext;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** Parameters of HTTP/2, of both sides unless said otherwise. At a limit the stream or the connection ends with HTTP/2's own error. */
public final class H2Params {
    /** Streams that a client may have open on one connection: 1,000, as Linkerd. */
    public static final Params.Key<Integer> MAX_STREAMS = Params.Key.of("max concurrent streams", 1_000);

    /** Calls of a client that wait on one connection because the other side takes no more streams: 1,000; more are rejected. */
    public static final Params.Key<Integer> MAX_WAITING = Params.Key.of("max waiting streams", 1_000);

    /** Bytes of one stream that may come before they are taken: 64 KiB less one, as HTTP/2 begins with. */
    public static final Params.Key<Integer> WINDOW_BYTES = Params.Key.of("initial stream window bytes", 65_535);

    /**
     * Bytes of all streams of one connection together that may come before they are taken: 16 MiB, so that some hundred streams that nobody
     * reads do not stop the others.
     */
    public static final Params.Key<Integer> CONNECTION_WINDOW_BYTES =
            Params.Key.of("connection window bytes", 16 << 20);

    /** What share of a window may be left before it is opened again, above 0 and below 1: one half. */
    public static final Params.Key<Double> WINDOW_UPDATE_RATIO = Params.Key.of("window update ratio", 0.5);

    /** Memory of one connection for header compression: 4 KiB, as HTTP/2 begins with. */
    public static final Params.Key<Integer> HEADER_TABLE_BYTES = Params.Key.of("header table bytes", 4_096);

    /** Names of headers whose value is another one each time: they are not remembered by header compression. Those of traces and deadlines. */
    public static final Params.Key<Set<AsciiString>> UNIQUE_HEADERS =
            Params.Key.of("unique headers", H2Contexts.UNIQUE);

    /** Names and values of one head together: 16 KiB, as Finagle. */
    public static final Params.Key<Integer> MAX_HEADER_LIST_BYTES = Params.Key.of("max header list bytes", 16 << 10);

    /** The longest frame that is taken: 16 KiB, the least there is. */
    public static final Params.Key<Integer> MAX_FRAME_BYTES = Params.Key.of("max frame bytes", 16 << 10);

    /** Streams that the other side may reset within 30 s: 200. More is a flood, and ends the connection. */
    public static final Params.Key<Integer> MAX_RESETS = Params.Key.of("max resets", 200);

    /** CONTINUATION frames in a row that carry next to nothing: 16. */
    public static final Params.Key<Integer> MAX_SMALL_CONTINUATIONS = Params.Key.of("max small continuations", 16);

    /** Bytes of the body of a request of HTTP/1.1 that asks a server for {@code Upgrade: h2c}: 64 KiB; a longer one is answered 413. */
    public static final Params.Key<Integer> MAX_UPGRADE_BYTES = Params.Key.of("max upgrade body bytes", 64 << 10);

    /**
     * TLS, whose context has to offer {@code h2} by ALPN. Without, a client begins at once, and a server takes that as well as {@code
     * Upgrade: h2c}.
     */
    public static final Params.Key<Optional<SslContext>> TLS = Params.Key.of("tls", Optional.empty());

    /** Questions of a client whether the other side is still there; none unless told otherwise. */
    public static final Params.Key<Optional<Pings>> PINGS = Params.Key.of("pings", Optional.empty());

    /**
     * A connection whose pings are not answered is closed, with the streams on it.
     *
     * @param every from one answer to the next question; above 0
     * @param answer how long the other side may take; above 0
     */
    public record Pings(Duration every, Duration answer) {
        public Pings {
            if (every.isNegative() || every.isZero() || answer.isNegative() || answer.isZero()) {
                throw new IllegalArgumentException("pings: " + every + ", " + answer + " (expected: > 0)");
            }
        }
    }

    private H2Params() {}
}
