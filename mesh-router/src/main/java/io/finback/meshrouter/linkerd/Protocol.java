package io.finback.meshrouter.linkerd;

import java.util.Arrays;
import java.util.Optional;

/** What a router speaks on both sides. */
public enum Protocol {
    HTTP("http", 4140, false),
    H2("h2", 4142, false),
    THRIFT("thrift", 4114, false),
    MUX("mux", 4141, true),
    THRIFTMUX("thriftmux", 4144, true);

    private final String text;
    private final int port;
    private final boolean experimental;

    Protocol(String text, int port, boolean experimental) {
        this.text = text;
        this.port = port;
        this.experimental = experimental;
    }

    static Optional<Protocol> of(String text) {
        return Arrays.stream(values())
                .filter(protocol -> protocol.text.equals(text))
                .findFirst();
    }

    /** As {@code linkerd.yaml} has it. */
    public String text() {
        return text;
    }

    /** Where it listens unless told otherwise. */
    int port() {
        return port;
    }

    /** Whether Linkerd wants {@code experimental: true} beside it. */
    boolean isExperimental() {
        return experimental;
    }

    /** Whether requests have methods and headers. */
    boolean isHttp() {
        return this == HTTP || this == H2;
    }

    boolean isThrift() {
        return this == THRIFT || this == THRIFTMUX;
    }
}
