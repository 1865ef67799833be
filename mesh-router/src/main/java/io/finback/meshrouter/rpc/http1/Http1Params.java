package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.Params;
import io.netty.handler.ssl.SslContext;
import java.time.Duration;
import java.util.Optional;

/** Parameters of HTTP/1.1, of both sides unless said otherwise; the defaults are Finagle's unless said otherwise. */
public final class Http1Params {
    /** Longest request line or status line: 4 KiB. A server answers 414 beyond it. */
    public static final Params.Key<Integer> MAX_LINE_BYTES = Params.Key.of("max initial line bytes", 4 << 10);

    /** All headers of a head together, and all trailers: 8 KiB. A server answers 431 beyond it. */
    public static final Params.Key<Integer> MAX_HEADER_BYTES = Params.Key.of("max header bytes", 8 << 10);

    /** Largest piece in which a body is handed over: 8 KiB. */
    public static final Params.Key<Integer> MAX_PIECE_BYTES = Params.Key.of("max piece bytes", 8 << 10);

    /**
     * How long a client of a server may take from the first byte of a head to its last, above 0; else 408 and the end. Ours: 30 s, as Finagle
     * has no limit that keeps one who sends a byte a minute from holding a connection.
     */
    public static final Params.Key<Duration> HEAD_TIMEOUT = Params.Key.of("head timeout", Duration.ofSeconds(30));

    /**
     * What a server reads of a request's body after its answer has ended, so that the connection can be used again: 64 KiB. Ours; beyond, it
     * is closed.
     */
    public static final Params.Key<Integer> MAX_DISCARD_BYTES = Params.Key.of("max discarded bytes", 64 << 10);

    /** TLS; none unless told otherwise. */
    public static final Params.Key<Optional<SslContext>> TLS = Params.Key.of("tls", Optional.empty());

    private Http1Params() {}
}
