package io.finback.wire;

import io.finback.resources.AgentId;
import io.finback.resources.FaultDomain;
import io.finback.resources.IsolatorReport;
import io.finback.resources.Resources;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an agent says of itself.
 *
 * @param hostname the address tasks are reached at; routers and clients connect to it
 * @param httpPort the agent API's port
 * @param resources everything the agent has, whether or not in use
 * @param attributes attribute name to its text form, such as {@code rack} to {@code r1}
 * @param version the program's version
 * @param domain its region and zone, if configured
 * @param isolators what keeps tasks apart there
 */
public record AgentInfo(
        AgentId id,
        String hostname,
        int httpPort,
        Resources resources,
        Map<String, String> attributes,
        String version,
        Optional<FaultDomain> domain,
        IsolatorReport isolators) {

    /** The isolators may be missing in what an earlier version has written. */
    public AgentInfo(
            AgentId id,
            String hostname,
            int httpPort,
            Resources resources,
            Map<String, String> attributes,
            String version,
            Optional<FaultDomain> domain,
            @Nullable IsolatorReport isolators) {
        this.id = id;
        this.hostname = hostname;
        this.httpPort = httpPort;
        this.resources = resources;
        this.attributes = Map.copyOf(attributes);
        this.version = version;
        this.domain = domain;
        this.isolators = isolators == null ? IsolatorReport.UNKNOWN : isolators;
    }

    public AgentInfo(
            AgentId id,
            String hostname,
            int httpPort,
            Resources resources,
            Map<String, String> attributes,
            String version,
            Optional<FaultDomain> domain) {
        this(id, hostname, httpPort, resources, attributes, version, domain, IsolatorReport.UNKNOWN);
    }

    public AgentInfo(
            AgentId id,
            String hostname,
            int httpPort,
            Resources resources,
            Map<String, String> attributes,
            String version) {
        this(id, hostname, httpPort, resources, attributes, version, Optional.empty());
    }

    /** The same agent, with so much to lend besides. */
    public AgentInfo lending(Resources revocable) {
        return revocable.isEmpty()
                ? this
                : new AgentInfo(
                        id, hostname, httpPort, resources.plus(revocable), attributes, version, domain, isolators);
    }
}
