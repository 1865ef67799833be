package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import java.util.Map;

/**
 * What the allocator keeps of an agent.
 *
 * @param total everything the agent has; offered + allocated never exceed it
 */
public record AgentSpec(
        AgentId id, String hostname, int httpPort, Resources total, Map<String, String> attributes, String version) {
    public AgentSpec {
        attributes = Map.copyOf(attributes);
    }
}
