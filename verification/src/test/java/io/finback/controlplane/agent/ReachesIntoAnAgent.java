package io.finback.controlplane.agent;

import io.finback.nodeagent.node.Circle;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record ReachesIntoAnAgent(Circle other) {}
