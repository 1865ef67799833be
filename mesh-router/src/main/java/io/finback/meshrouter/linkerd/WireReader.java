package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.traffic.WirePolicy;
import java.util.List;

/** What servers and clients of {@code h2}, {@code thrift} and {@code thriftmux} routers have besides the others. */
final class WireReader {
    private static final int MOST = Integer.MAX_VALUE;
    private static final List<String> H2_KEYS = List.of(
            "windowUpdateRatio",
            "initialStreamWindowBytes",
            "maxConcurrentStreamsPerConnection",
            "maxFrameBytes",
            "headerTableBytes",
            "maxHeaderListBytes",
            "maxHeaderListByts");
    private static final List<String> THRIFT_KEYS = List.of("attemptTTwitterUpgrade", "thriftFramed", "thriftProtocol");

    private WireReader() {}

    /** Whether {@code block} says anything of this; asked of every block, so that its keys are known. */
    static boolean isThere(Block block, Protocol protocol) {
        List<String> keys = protocol == Protocol.H2 ? H2_KEYS : protocol.isThrift() ? THRIFT_KEYS : List.of();
        boolean there = false;
        for (String key : keys) {
            there |= block.has(key);
        }
        return there;
    }

    /** With what {@code block} says over {@code usual}. */
    static WirePolicy read(Block block, Protocol protocol, WirePolicy usual) {
        if (protocol.isThrift()) {
            String encoding = block.text("thriftProtocol").orElse("binary");
            if (!encoding.equals("binary") && !encoding.equals("compact")) {
                // Heads of both are read, whichever comes; bodies are passed on as they are.
                throw block.wrong("thriftProtocol", "'" + encoding + "' (expected: binary or compact)");
            }
            boolean upgrade = block.flag("attemptTTwitterUpgrade").orElse(usual.ttwitterUpgrade());
            return new WirePolicy(
                    usual.windowUpdateRatio(),
                    usual.streamWindowBytes(),
                    usual.maxStreams(),
                    usual.maxFrameBytes(),
                    usual.headerTableBytes(),
                    usual.maxHeaderListBytes(),
                    upgrade,
                    block.flag("thriftFramed").orElse(usual.thriftFramed()));
        }
        if (protocol != Protocol.H2) {
            return usual;
        }
        // Linkerd's documents spell the last one as its code does not.
        String list = block.has("maxHeaderListByts") ? "maxHeaderListByts" : "maxHeaderListBytes";
        return block.checked(
                "windowUpdateRatio",
                () -> new WirePolicy(
                        block.number("windowUpdateRatio").orElse(usual.windowUpdateRatio()),
                        block.integer("initialStreamWindowBytes", 1, MOST).orElse(usual.streamWindowBytes()),
                        block.integer("maxConcurrentStreamsPerConnection", 1, MOST)
                                .orElse(usual.maxStreams()),
                        block.integer("maxFrameBytes", 16_384, 16_777_215).orElse(usual.maxFrameBytes()),
                        block.integer("headerTableBytes", 0, 1 << 20).orElse(usual.headerTableBytes()),
                        block.integer(list, 1, 16 << 20).orElse(usual.maxHeaderListBytes()),
                        usual.ttwitterUpgrade(),
                        usual.thriftFramed()));
    }
}
