package io.finback.controlplane.marathonapi;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record KnowsMesos(io.finback.controlplane.mesosapi.Anything api) {}
