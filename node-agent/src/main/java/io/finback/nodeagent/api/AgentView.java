package io.finback.nodeagent.api;

import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.nodeagent.node.Registration;
import io.finback.nodeagent.node.TaskBoard;
import io.finback.resources.FaultDomain;
import io.finback.resources.Resources;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the API shows. Everything in it is immutable or thread-safe.
 *
 * @param id the agent's
 * @param flags settings by the names they have in Mesos
 * @param started when this process's node was
 */
public record AgentView(
        String id,
        String hostname,
        Resources resources,
        Map<String, String> attributes,
        Optional<FaultDomain> domain,
        String version,
        Instant started,
        TaskBoard board,
        Sandboxes sandboxes,
        Registration registration,
        Containerizers containers,
        ContainmentView containment,
        TransfersView transfers,
        Map<String, String> flags) {
    public AgentView {
        flags = Map.copyOf(flags);
        attributes = Map.copyOf(attributes);
    }
}
