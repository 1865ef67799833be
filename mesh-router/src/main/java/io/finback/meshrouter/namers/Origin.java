package io.finback.meshrouter.namers;

import io.finback.meshrouter.traffic.Tls;
import java.util.Optional;

/**
 * A far end that is asked over HTTP/1.1.
 *
 * @param host a name or an IP address
 * @param tls how it is spoken to; in clear text when empty
 */
public record Origin(String host, int port, Optional<Tls.Client> tls) {
    public static Origin clear(String host, int port) {
        return new Origin(host, port, Optional.empty());
    }

    /** The beginning of its URIs, without a slash at its end. */
    String base() {
        return (tls.isPresent() ? "https://" : "http://") + authority();
    }

    String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
