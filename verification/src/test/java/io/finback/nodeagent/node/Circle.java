package io.finback.nodeagent.node;

import java.util.Optional;

/** Half of a cycle between two rooms, on purpose (ArchitectureTest). */
public record Circle(Optional<io.finback.nodeagent.executor.Circle> other) {}
