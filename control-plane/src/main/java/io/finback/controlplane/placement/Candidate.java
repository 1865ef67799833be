package io.finback.controlplane.placement;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;

/**
 * An offer as far as placing needs it.
 *
 * @param role what is launched on it is accounted to
 * @param resources also what is reserved; revocable resources and volumes in it are left alone
 * @param leaving its machine goes into maintenance now or soon
 */
public record Candidate(OfferId offer, AgentId agent, Spot spot, String role, Resources resources, boolean leaving) {
    /** Of role {@code *}, on a machine that stays. */
    public Candidate(OfferId offer, AgentId agent, Spot spot, Resources resources) {
        this(offer, agent, spot, "*", resources, false);
    }
}
