package io.finback.settings;

import com.typesafe.config.Config;

/**
 * Where a listener binds.
 *
 * @param host the interface; {@code 0.0.0.0} for all
 * @param port 0..65535; 0 takes a free one, for tests
 */
public record HttpListen(String host, int port) {
    public HttpListen {
        if (host.isBlank()) {
            throw new IllegalArgumentException("host: \"\" (expected: a host name or IP address)");
        }
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
        }
    }

    /** Reads {@code host} and {@code port} under {@code path}, such as {@code finback.master.http}. */
    public static HttpListen from(Config config, String path) {
        return SettingsReader.of(config, path).listen();
    }

    /** The host others reach it at: its own, or this node's in the cluster where it listens on all interfaces. */
    public String reachedAt(Config config) {
        boolean everywhere = host.equals("0.0.0.0") || host.equals("::") || host.equals("[::]");
        return everywhere ? config.getString("finback.cluster.host") : host;
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
