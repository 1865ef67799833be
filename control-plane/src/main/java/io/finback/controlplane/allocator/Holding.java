package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import org.jspecify.annotations.Nullable;

/**
 * What a task holds on its agent until its end.
 *
 * @param role whose share it counts to
 */
public record Holding(TaskKey key, AgentId agent, Resources resources, String role) {
    public static final String ANY_ROLE = "*";

    /** The role may be missing in what an earlier version has written. */
    public Holding(TaskKey key, AgentId agent, Resources resources, @Nullable String role) {
        this.key = key;
        this.agent = agent;
        this.resources = resources;
        this.role = role == null ? ANY_ROLE : role;
    }

    public Holding(TaskKey key, AgentId agent, Resources resources) {
        this(key, agent, resources, ANY_ROLE);
    }
}
