package io.finback.controlplane.placement;

import java.util.Map;
import java.util.Optional;

/**
 * Where something stands or may stand.
 *
 * @param attributes the agent's, and its fault domain under {@link #REGION} and {@link #ZONE}
 */
public record Spot(String host, Map<String, String> attributes) {
    public static final String HOSTNAME = "@hostname";
    public static final String REGION = "@region";
    public static final String ZONE = "@zone";

    public Spot {
        attributes = Map.copyOf(attributes);
    }

    /** What constraints compare; empty: it has no such field. */
    public Optional<String> field(String name) {
        return name.equals(HOSTNAME) || name.equals("hostname")
                ? Optional.of(host)
                : Optional.ofNullable(attributes.get(name)).map(AttributeText::of);
    }
}
