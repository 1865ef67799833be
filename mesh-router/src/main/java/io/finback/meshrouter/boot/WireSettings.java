package io.finback.meshrouter.boot;

import com.typesafe.config.Config;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.h2.H2Params;
import io.finback.meshrouter.rpc.mux.MuxParams;
import io.finback.meshrouter.rpc.thrift.ThriftParams;
import io.finback.meshrouter.traffic.StreamRetries;
import io.finback.meshrouter.traffic.WireDefaults;
import io.finback.meshrouter.traffic.WirePolicy;
import java.time.Duration;
import java.util.Optional;

/**
 * {@code finback.router.h2}, {@code mux} and {@code thrift}.
 *
 * @param limits what linkerd.yaml has no words for
 * @param usual what holds where it says nothing
 */
record WireSettings(Params limits, WireDefaults usual) {
    private static final int MOST_FRAME = (1 << 24) - 1;
    private static final int MOST_HEADERS = 16 << 20;
    private static final int GIB = 1 << 30;

    /** Throws IllegalArgumentException naming the key below {@code finback.router}. */
    static WireSettings from(Config router) {
        Params limits = Params.EMPTY
                .with(H2Params.CONNECTION_WINDOW_BYTES, number(router, "h2.connection-window-bytes", 65_535, GIB))
                .with(H2Params.MAX_WAITING, number(router, "h2.max-waiting-streams", 0, 1_000_000))
                .with(H2Params.MAX_RESETS, number(router, "h2.max-resets", 1, 1_000_000))
                .with(H2Params.MAX_SMALL_CONTINUATIONS, number(router, "h2.max-small-continuations", 1, 1_000_000))
                .with(H2Params.MAX_UPGRADE_BYTES, number(router, "h2.max-upgrade-bytes", 0, MOST_HEADERS))
                .with(MuxParams.MAX_MESSAGE_BYTES, number(router, "mux.max-message-bytes", 1_024, GIB))
                .with(MuxParams.MAX_PARTIAL_BYTES, bytes(router, "mux.max-partial-bytes"))
                .with(MuxParams.MAX_IN_FLIGHT, number(router, "mux.max-in-flight", 1, 8_388_607))
                .with(MuxParams.MAX_UNWRITTEN_BYTES, bytes(router, "mux.max-unwritten-bytes"))
                .with(
                        MuxParams.PINGS,
                        Optional.of(new MuxParams.Pings(
                                positive(router, "mux.ping-every"), positive(router, "mux.ping-timeout"))))
                .with(ThriftParams.MAX_FRAME_BYTES, number(router, "thrift.max-message-bytes", 1_024, GIB));
        StreamRetries streams = new StreamRetries(
                number(router, "h2.retry-buffer.request-bytes", 0, GIB),
                number(router, "h2.retry-buffer.response-bytes", 0, GIB),
                positive(router, "h2.classification-timeout"));
        return new WireSettings(limits, new WireDefaults(policy(router, true), policy(router, false), streams));
    }

    private static WirePolicy policy(Config router, boolean server) {
        double ratio = router.getDouble("h2.window-update-ratio");
        if (!(ratio > 0 && ratio < 1)) {
            throw new IllegalArgumentException("h2.window-update-ratio: " + ratio + " (expected: > 0 and < 1)");
        }
        return new WirePolicy(
                ratio,
                number(router, "h2.stream-window-bytes", 1, Integer.MAX_VALUE),
                number(router, "h2.max-streams", 1, Integer.MAX_VALUE),
                number(router, "h2.max-frame-bytes", 16 << 10, MOST_FRAME),
                number(router, "h2.header-table-bytes", 0, 1 << 20),
                number(router, "h2.max-header-list-bytes", 1, MOST_HEADERS),
                router.getBoolean(server ? "thrift.server-upgrade" : "thrift.client-upgrade"),
                router.getBoolean("thrift.framed"));
    }

    private static int number(Config router, String key, int least, int most) {
        return (int) number(router, key, least, (long) most);
    }

    private static long bytes(Config router, String key) {
        return number(router, key, 1_024, 1L << 40);
    }

    private static long number(Config router, String key, long least, long most) {
        long value = router.getLong(key);
        if (value < least || value > most) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: " + least + ".." + most + ")");
        }
        return value;
    }

    private static Duration positive(Config router, String key) {
        Duration value = router.getDuration(key);
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: > 0)");
        }
        return value;
    }
}
