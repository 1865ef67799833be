package io.finback.controlplane.agent;

import io.finback.controlplane.boot.Anything;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record StartsAMaster(Anything boot) {}
