package io.finback.meshrouter.router;

import java.util.Optional;

/** Half of a cycle between two rooms, on purpose (ArchitectureTest). */
public record Circle(Optional<io.finback.meshrouter.rpc.Circle> other) {}
