package io.finback.tasks;

import java.util.Optional;

/** Half of a cycle between two rooms, on purpose (ArchitectureTest). */
public record Circle(Optional<io.finback.resources.Circle> other) {}
