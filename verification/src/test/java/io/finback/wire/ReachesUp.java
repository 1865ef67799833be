package io.finback.wire;

import io.finback.controlplane.view.Circle;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record ReachesUp(Circle other) {}
