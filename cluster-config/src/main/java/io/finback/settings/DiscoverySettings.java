package io.finback.settings;

import java.time.Duration;

/**
 * {@code finback.cluster.discovery}: how masters are found where nobody can write their addresses down.
 *
 * @param service the name that is asked for: a DNS name, or what the Kubernetes selector's {@code %s} becomes
 * @param port Artery's, the same on every master: discovery tells addresses only
 * @param managementPort Akka Management's, the same on every master
 * @param contactPoints so many masters must see each other before they form a cluster where there is none
 * @param stableMargin what was found must stay the same for so long before a cluster is formed
 */
public record DiscoverySettings(
        Method method,
        String service,
        int port,
        int managementPort,
        int contactPoints,
        Duration stableMargin,
        String namespace,
        String podLabelSelector) {
    /** Who is asked; {@code reference.conf} says when to use which. */
    public enum Method {
        NONE,
        DNS,
        KUBERNETES_API
    }

    private static final int MOST_MASTERS = 9;
    private static final Duration LONGEST_MARGIN = Duration.ofMinutes(5);

    /** Whether masters are found this way at all. */
    public boolean used() {
        return method != Method.NONE;
    }

    static DiscoverySettings from(SettingsReader reader) {
        Method method = reader.oneOf("method", Method.class);
        return new DiscoverySettings(
                method,
                method == Method.NONE ? reader.text("service") : reader.nonEmptyText("service"),
                reader.intIn("port", 1, 65535),
                reader.intIn("management-port", 1, 65535),
                reader.intIn("contact-points", 1, MOST_MASTERS),
                reader.duration("stable-margin", Duration.ofMillis(500), LONGEST_MARGIN),
                reader.text("namespace"),
                reader.nonEmptyText("pod-label-selector"));
    }
}
