package io.finback.controlplane.boot;

/** Something a boot room holds (ArchitectureTest). */
public record Anything() {}
