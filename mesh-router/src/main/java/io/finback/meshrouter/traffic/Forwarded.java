package io.finback.meshrouter.traffic;

import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** How {@code Forwarded} (RFC 7239) names the client and this router. Source: linkerd/linkerd ForwardedHeaderLabeler.scala. */
public record Forwarded(Label by, Label forClient) {
    /** How one side is called. */
    public enum Kind {
        IP("ip"),
        IP_PORT("ip:port"),
        CONNECTION_RANDOM("connectionRandom"),
        REQUEST_RANDOM("requestRandom"),
        ROUTER("router"),
        STATIC("static");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        public static Optional<Kind> of(String text) {
            for (Kind kind : values()) {
                if (kind.text.equals(text)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }

    /** {@code name}: what {@code ROUTER} and {@code STATIC} say. */
    public record Label(Kind kind, String name) {
        String say(InetSocketAddress address, String ofConnection) {
            return switch (kind) {
                case IP -> ip(address);
                case IP_PORT ->
                    '"' + (ip(address).startsWith("\"") ? "[" + raw(address) + "]" : raw(address)) + ":"
                            + address.getPort() + '"';
                case CONNECTION_RANDOM -> ofConnection;
                case REQUEST_RANDOM -> random();
                case ROUTER, STATIC -> name.matches("[A-Za-z0-9._-]+") ? name : '"' + name.replace("\"", "") + '"';
            };
        }

        private static String raw(InetSocketAddress address) {
            return address.getAddress() == null
                    ? "unknown"
                    : address.getAddress().getHostAddress();
        }

        private static String ip(InetSocketAddress address) {
            String ip = raw(address);
            return ip.indexOf(':') >= 0 ? "\"[" + ip + "]\"" : ip;
        }
    }

    /** An obfuscated identifier as RFC 7239 section 6.3 wants it. */
    public static String random() {
        return String.format(Locale.ROOT, "_%06x", ThreadLocalRandom.current().nextInt(1 << 24));
    }

    public String header(InetSocketAddress client, InetSocketAddress self, String ofConnection) {
        return "by=" + by.say(self, ofConnection) + ";for=" + forClient.say(client, ofConnection);
    }
}
