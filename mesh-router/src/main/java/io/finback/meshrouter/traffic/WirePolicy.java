package io.finback.meshrouter.traffic;

/**
 * How HTTP/2 and Thrift are spoken on one side. Source: the keys of Linkerd's h2, thrift and thriftmux servers and clients.
 *
 * @param windowUpdateRatio what share of a window may be left before it is opened again, above 0 and below 1
 * @param streamWindowBytes bytes of one stream that may come before they are taken, at least 1
 * @param maxStreams streams a client may have open on one connection, at least 1
 * @param maxFrameBytes the longest frame that is taken, 16 KiB to 16 MiB
 * @param headerTableBytes memory for header compression, at least 0
 * @param maxHeaderListBytes names and values of one head together, at least 1
 * @param ttwitterUpgrade whether plain Thrift asks for Twitter's headers, or answers that it knows them
 * @param thriftFramed whether plain Thrift has frames
 */
public record WirePolicy(
        double windowUpdateRatio,
        int streamWindowBytes,
        int maxStreams,
        int maxFrameBytes,
        int headerTableBytes,
        int maxHeaderListBytes,
        boolean ttwitterUpgrade,
        boolean thriftFramed) {
    public WirePolicy {
        if (!(windowUpdateRatio > 0 && windowUpdateRatio < 1)) {
            throw new IllegalArgumentException("windowUpdateRatio: " + windowUpdateRatio + " (expected: > 0 and < 1)");
        }
        atLeast("initialStreamWindowBytes", streamWindowBytes, 1);
        atLeast("maxConcurrentStreamsPerConnection", maxStreams, 1);
        atLeast("maxFrameBytes", maxFrameBytes, 16 << 10);
        if (maxFrameBytes > (1 << 24) - 1) {
            throw new IllegalArgumentException("maxFrameBytes: " + maxFrameBytes + " (expected: at most 16777215)");
        }
        atLeast("headerTableBytes", headerTableBytes, 0);
        atLeast("maxHeaderListBytes", maxHeaderListBytes, 1);
    }

    private static void atLeast(String key, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: >= " + least + ")");
        }
    }
}
