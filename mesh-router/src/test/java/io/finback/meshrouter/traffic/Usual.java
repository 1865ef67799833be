package io.finback.meshrouter.traffic;

import java.time.Duration;

/** What reference.conf says of HTTP/2 and Thrift: Linkerd's defaults. */
public final class Usual {
    public static final WirePolicy CLIENT = wire(false);
    public static final StreamRetries STREAMS = new StreamRetries(16_383, 16_383, Duration.ofMillis(100));
    public static final WireDefaults WIRE = new WireDefaults(wire(true), CLIENT, STREAMS);

    private Usual() {}

    private static WirePolicy wire(boolean upgrade) {
        return new WirePolicy(0.99, 64 << 10, 1_000, 16 << 10, 4_096, 16 << 10, upgrade, true);
    }
}
