package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.Resources;

/** What a task holds on its agent until its end. */
public record Holding(TaskKey key, AgentId agent, Resources resources) {}
