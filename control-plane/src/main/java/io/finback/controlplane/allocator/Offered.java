package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import java.time.Instant;

/** An outstanding offer: nobody else is offered {@code resources} until it is accepted, declined, withdrawn or expired. */
public record Offered(OfferId id, FrameworkId framework, AgentId agent, Resources resources, Instant expiresAt) {}
