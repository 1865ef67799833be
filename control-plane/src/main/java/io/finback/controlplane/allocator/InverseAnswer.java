package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;
import java.time.Instant;

/** What a framework said last to being asked to leave an agent. Not durable: after a failover it is asked again. */
public record InverseAnswer(FrameworkId framework, boolean accepted, Instant at) {}
