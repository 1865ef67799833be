package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.resources.AgentId;
import io.finback.resources.FaultDomain;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import java.util.Map;
import java.util.Optional;

/**
 * What one agent can give one framework for one of its roles right now. Source: Mesos {@code Offer}.
 *
 * @param role what is launched on it is accounted to
 * @param unavailability when the agent is not to be counted on
 */
public record Offer(
        OfferId id,
        FrameworkId framework,
        AgentId agent,
        String hostname,
        Resources resources,
        Map<String, String> attributes,
        String role,
        int httpPort,
        Optional<FaultDomain> domain,
        Optional<MaintenanceSchedule.Unavailability> unavailability) {
    public Offer {
        attributes = Map.copyOf(attributes);
    }

    /** Of role {@code *}, on an agent of which nothing else is known. */
    public Offer(
            OfferId id,
            FrameworkId framework,
            AgentId agent,
            String hostname,
            Resources resources,
            Map<String, String> attributes) {
        this(id, framework, agent, hostname, resources, attributes, "*", 5051, Optional.empty(), Optional.empty());
    }
}
