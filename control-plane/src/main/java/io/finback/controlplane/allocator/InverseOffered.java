package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.MaintenanceSchedule.Unavailability;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import java.time.Instant;

/** A framework is asked to leave this agent before its machine is unavailable. At most one stands per framework and agent. */
public record InverseOffered(
        OfferId id, FrameworkId framework, AgentId agent, Unavailability unavailability, Instant expiresAt) {}
