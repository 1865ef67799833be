package io.finback.names;

/**
 * Where an instance listens.
 *
 * @param host a host name or IP
 * @param port 1..65535
 * @param weight its share among its neighbours: finite, not negative; 1.0 unless its source says otherwise
 */
public record Address(String host, int port, double weight) {
    public Address {
        if (!(weight >= 0) || Double.isInfinite(weight)) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: >= 0 and finite)");
        }
    }

    public Address(String host, int port) {
        this(host, port, 1.0);
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
