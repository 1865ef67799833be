package io.finback.runtime;

import io.finback.wire.EndpointsKeys;
import java.util.List;
import java.util.Locale;

/** What a node is for. */
public enum Role {
    MASTER,
    AGENT,
    ROUTER;

    /** The name people type and Akka Cluster shows: {@code master}, {@code agent}, {@code router}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The Akka Cluster roles of such a node: its own, and who holds a replica of the endpoints. */
    public List<String> clusterRoles() {
        return this == AGENT ? List.of(id()) : List.of(id(), EndpointsKeys.ROLE);
    }
}
