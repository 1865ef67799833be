package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.resources.AgentId;
import io.finback.resources.FaultDomain;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one agent can give one framework for one of its roles right now. Source: Mesos {@code Offer}.
 *
 * @param role what is launched on it is accounted to
 * @param unavailability when the agent is not to be counted on
 * @param executors ids of the framework's executors there
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
        Optional<MaintenanceSchedule.Unavailability> unavailability,
        List<String> executors) {
    public Offer(
            OfferId id,
            FrameworkId framework,
            AgentId agent,
            String hostname,
            Resources resources,
            Map<String, String> attributes,
            String role,
            int httpPort,
            Optional<FaultDomain> domain,
            Optional<MaintenanceSchedule.Unavailability> unavailability,
            @Nullable List<String> executors) {
        this.id = id;
        this.framework = framework;
        this.agent = agent;
        this.hostname = hostname;
        this.resources = resources;
        this.attributes = Map.copyOf(attributes);
        this.role = role;
        this.httpPort = httpPort;
        this.domain = domain;
        this.unavailability = unavailability;
        this.executors = executors == null ? List.of() : List.copyOf(executors);
    }

    /** Of role {@code *}, on an agent of which nothing else is known. */
    public Offer(
            OfferId id,
            FrameworkId framework,
            AgentId agent,
            String hostname,
            Resources resources,
            Map<String, String> attributes) {
        this(
                id,
                framework,
                agent,
                hostname,
                resources,
                attributes,
                "*",
                5051,
                Optional.empty(),
                Optional.empty(),
                List.of());
    }
}
