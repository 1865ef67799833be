package io.finback.controlplane.mesosapi;

/** Something an API room holds (ArchitectureTest). */
public record Anything() {}
