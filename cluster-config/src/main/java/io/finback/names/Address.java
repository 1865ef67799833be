package io.finback.names;

import java.util.Optional;

/**
 * Where an instance listens.
 *
 * @param host a host name or IP
 * @param port 1..65535
 * @param weight its share among its neighbours: finite, not negative; 1.0 unless its source says otherwise
 * @param node the machine it is on, as its source calls it; empty where that is not told
 */
public record Address(String host, int port, double weight, Optional<String> node) {
    public Address {
        if (!(weight >= 0) || Double.isInfinite(weight)) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: >= 0 and finite)");
        }
    }

    public Address(String host, int port) {
        this(host, port, 1.0);
    }

    public Address(String host, int port, double weight) {
        this(host, port, weight, Optional.empty());
    }

    /** The same on that machine; an empty text is none. */
    public Address on(String machine) {
        return new Address(host, port, weight, Optional.of(machine).filter(text -> !text.isEmpty()));
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
