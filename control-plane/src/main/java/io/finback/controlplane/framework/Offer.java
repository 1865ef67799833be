package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import java.util.Map;

/** What one agent can give one framework right now. Source: Mesos {@code Offer}. */
public record Offer(
        OfferId id,
        FrameworkId framework,
        AgentId agent,
        String hostname,
        Resources resources,
        Map<String, String> attributes) {
    public Offer {
        attributes = Map.copyOf(attributes);
    }
}
