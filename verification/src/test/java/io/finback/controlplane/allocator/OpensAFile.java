package io.finback.controlplane.allocator;

import java.nio.file.Path;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record OpensAFile(Path path) {}
