package io.finback.meshrouter.rpc;

import java.util.Optional;

/** Half of a cycle between two rooms, on purpose (ArchitectureTest). */
public record Circle(Optional<io.finback.meshrouter.router.Circle> other) {}
