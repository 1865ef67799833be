package io.finback.controlplane.marathonapi;

/** Something an API room holds (ArchitectureTest). */
public record Anything() {}
