package io.finback.controlplane.agent;

import io.finback.controlplane.marathonapi.Anything;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record KnowsAnApi(Anything api) {}
