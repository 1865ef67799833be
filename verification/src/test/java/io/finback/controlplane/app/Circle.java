package io.finback.controlplane.app;

import java.util.Optional;

/** Half of a cycle between two rooms, on purpose (ArchitectureTest). */
public record Circle(Optional<io.finback.controlplane.view.Circle> other) {}
