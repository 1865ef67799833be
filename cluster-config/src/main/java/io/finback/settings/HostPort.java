package io.finback.settings;

/**
 * An address to connect to.
 *
 * @param host a name or an IP address; IPv6 without brackets
 * @param port 1..65535
 */
public record HostPort(String host, int port) {
    public HostPort {
        if (host.isBlank() || host.indexOf('/') >= 0) {
            throw new IllegalArgumentException("host: \"" + host + "\" (expected: a host name or IP address)");
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
        }
    }

    /** Reads {@code host:port} or {@code [ipv6]:port}. Throws {@link IllegalArgumentException} on anything else. */
    public static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: host:port)");
        }
        String host = text.substring(0, colon).strip();
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: host:port, IPv6 as [address]:port)");
        }
        try {
            return new HostPort(host, Integer.parseInt(text.substring(colon + 1).strip()));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: host:port)", e);
        }
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
