package io.finback.controlplane.placement;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import java.util.Optional;

/**
 * An offer as far as placing needs it.
 *
 * @param role what is launched on it is accounted to
 * @param resources also what is reserved; revocable resources and volumes in it are left alone
 * @param leaving its machine goes into maintenance now or soon
 * @param heldFor the only group that may use it: others were ended for that one
 */
public record Candidate(
        OfferId offer,
        AgentId agent,
        Spot spot,
        String role,
        Resources resources,
        boolean leaving,
        Optional<String> heldFor) {
    public Candidate(OfferId offer, AgentId agent, Spot spot, String role, Resources resources, boolean leaving) {
        this(offer, agent, spot, role, resources, leaving, Optional.empty());
    }

    /** Of role {@code *}, on a machine that stays. */
    public Candidate(OfferId offer, AgentId agent, Spot spot, Resources resources) {
        this(offer, agent, spot, "*", resources, false);
    }

    boolean isHeldFrom(String group) {
        return heldFor.isPresent() && !heldFor.get().equals(group);
    }

    Candidate with(Resources left) {
        return new Candidate(offer, agent, spot, role, left, leaving, heldFor);
    }
}
