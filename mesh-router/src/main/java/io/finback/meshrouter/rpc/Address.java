package io.finback.meshrouter.rpc;

/**
 * Where an endpoint listens.
 *
 * @param host a name or an IP address
 * @param port 1 to 65535
 * @param weight its share of calls beside others; above 0
 */
public record Address(String host, int port, double weight) {
    public Address {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0 to 65535)");
        }
        if (!(weight > 0) || Double.isInfinite(weight)) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: > 0)");
        }
    }

    public static Address of(String host, int port) {
        return new Address(host, port, 1);
    }

    /** Reads {@code host:port}, {@code :port} (this machine) or {@code [v6]:port}. */
    public static Address parse(String text) {
        int colon = text.lastIndexOf(':');
        try {
            if (colon >= 0) {
                String host = text.substring(0, colon).trim();
                int port = Integer.parseInt(text.substring(colon + 1).trim());
                boolean bracketed = host.startsWith("[") && host.endsWith("]");
                String bare = bracketed ? host.substring(1, host.length() - 1) : host;
                return of(bare.isEmpty() ? "127.0.0.1" : bare, port);
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(wrong(text), e);
        }
        throw new IllegalArgumentException(wrong(text));
    }

    private static String wrong(String text) {
        return "address: " + text + " (expected: host:port)";
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
