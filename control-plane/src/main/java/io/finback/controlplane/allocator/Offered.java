package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import java.time.Instant;

/**
 * An outstanding offer: nobody else is offered {@code resources} until it is accepted, declined, withdrawn or expired. Shared volumes in it are
 * offered to others all the same.
 *
 * @param role which of the framework's roles it is for
 */
public record Offered(
        OfferId id, FrameworkId framework, AgentId agent, Resources resources, Instant expiresAt, String role) {}
