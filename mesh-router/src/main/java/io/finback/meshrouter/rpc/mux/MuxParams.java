package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Params;
import io.netty.handler.ssl.SslContext;
import java.time.Duration;
import java.util.Optional;

/** Parameters of Mux, of both sides unless said otherwise. */
public final class MuxParams {
    /**
     * The longest message that is taken, in bytes, fragments put together: 64 MiB (Finagle: 2 GiB). A longer one ends the connection.
     */
    public static final Params.Key<Integer> MAX_MESSAGE_BYTES = Params.Key.of("max message bytes", 64 << 20);

    /** Bytes of messages of which fragments are still to come, of one connection: 128 MiB. More ends it. */
    public static final Params.Key<Long> MAX_PARTIAL_BYTES = Params.Key.of("max partial bytes", 128L << 20);

    /** The longest fragment that the other side may send, told in the handshake: no limit, as Finagle. */
    public static final Params.Key<Integer> WINDOW_BYTES = Params.Key.of("window bytes", Integer.MAX_VALUE);

    /** Calls under way on one connection of a server: 100,000; more are refused as not processed. */
    public static final Params.Key<Integer> MAX_IN_FLIGHT = Params.Key.of("max in flight", 100_000);

    /** Bytes that a client's connection may have waiting to be written: 256 MiB; calls beyond are refused as not processed. */
    public static final Params.Key<Long> MAX_UNWRITTEN_BYTES = Params.Key.of("max unwritten bytes", 256L << 20);

    /** How a client finds out that a server is gone: every 5 s a ping, 4 s for its answer. Empty: it does not. */
    public static final Params.Key<Optional<Pings>> PINGS =
            Params.Key.of("pings", Optional.of(new Pings(Duration.ofSeconds(5), Duration.ofSeconds(4))));

    /** How long a server allows to be called, told at the beginning and again at half of that time. Empty: for ever. */
    public static final Params.Key<Optional<Duration>> LEASE = Params.Key.of("lease", Optional.empty());

    public static final Params.Key<Optional<Tls>> TLS = Params.Key.of("tls", Optional.empty());

    private MuxParams() {}

    /**
     * When a client asks, and how long it waits.
     *
     * @param every that long from an answer, or the connection, to the next one
     * @param answer longer without one, and the connection is closed
     */
    public record Pings(Duration every, Duration answer) {
        public Pings {
            if (every.isNegative() || every.isZero() || answer.isNegative() || answer.isZero()) {
                throw new IllegalArgumentException("pings: " + every + ", " + answer + " (expected: > 0)");
            }
        }
    }

    /** When a connection becomes one of TLS. */
    public enum Level {
        /** From its first byte. */
        ALWAYS,
        /** Behind the handshake, if the other side can. */
        DESIRED,
        /** Behind the handshake; else there is no connection. */
        REQUIRED
    }

    public record Tls(SslContext context, Level level) {}
}
