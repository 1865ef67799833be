package io.finback.meshrouter.router;

import io.finback.controlplane.view.Circle;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record ReachesIntoAMaster(Circle other) {}
