package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FaultDomain;
import io.finback.resources.IsolatorReport;
import io.finback.resources.Resources;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the allocator keeps of an agent.
 *
 * @param isolators what keeps tasks apart there, for those who ask
 * @param total everything the agent has; offered + allocated never exceed it
 */
public record AgentSpec(
        AgentId id,
        String hostname,
        int httpPort,
        Resources total,
        Map<String, String> attributes,
        String version,
        Optional<FaultDomain> domain,
        IsolatorReport isolators) {

    /** The isolators may be missing in what an earlier version has written. */
    public AgentSpec(
            AgentId id,
            String hostname,
            int httpPort,
            Resources total,
            Map<String, String> attributes,
            String version,
            Optional<FaultDomain> domain,
            @Nullable IsolatorReport isolators) {
        this.id = id;
        this.hostname = hostname;
        this.httpPort = httpPort;
        this.total = total;
        this.attributes = Map.copyOf(attributes);
        this.version = version;
        this.domain = domain;
        this.isolators = isolators == null ? IsolatorReport.UNKNOWN : isolators;
    }

    public AgentSpec(
            AgentId id,
            String hostname,
            int httpPort,
            Resources total,
            Map<String, String> attributes,
            String version,
            Optional<FaultDomain> domain) {
        this(id, hostname, httpPort, total, attributes, version, domain, IsolatorReport.UNKNOWN);
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
