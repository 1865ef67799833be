package io.finback.controlplane.chronosapi;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record KnowsMarathon(io.finback.controlplane.marathonapi.Anything api) {}
