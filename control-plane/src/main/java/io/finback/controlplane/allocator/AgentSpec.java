package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FaultDomain;
import io.finback.resources.Resources;
import java.util.Map;
import java.util.Optional;

/**
 * What the allocator keeps of an agent.
 *
 * @param total everything the agent has; offered + allocated never exceed it
 */
public record AgentSpec(
        AgentId id,
        String hostname,
        int httpPort,
        Resources total,
        Map<String, String> attributes,
        String version,
        Optional<FaultDomain> domain) {

    public AgentSpec {
        attributes = Map.copyOf(attributes);
    }

    public AgentSpec(
            AgentId id,
            String hostname,
            int httpPort,
            Resources total,
            Map<String, String> attributes,
            String version) {
        this(id, hostname, httpPort, total, attributes, version, Optional.empty());
    }
}
