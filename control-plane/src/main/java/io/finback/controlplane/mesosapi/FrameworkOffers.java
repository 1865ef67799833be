package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Page;
import io.finback.resources.FrameworkId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which offers each framework has: agents know theirs, and this turns it round. Immutable once made. */
final class FrameworkOffers {
    private static final Page.Derivation<AllocationDelta.Agent, List<Standing>> OF_PAGE =
            Page.Derivation.of(FrameworkOffers::standing);

    private final Map<FrameworkId, List<Standing>> offers = new HashMap<>();

    /** An offer and its agent. */
    record Standing(AllocationDelta.Agent agent, AllocationDelta.Offered offer) {}

    static FrameworkOffers of(ClusterSnapshot view) {
        FrameworkOffers all = new FrameworkOffers();
        view.agents().pages().forEach(page -> page.derived(OF_PAGE).forEach(standing -> all.offers
                .computeIfAbsent(standing.offer().framework(), id -> new ArrayList<>())
                .add(standing)));
        return all;
    }

    List<Standing> to(FrameworkId framework) {
        return offers.getOrDefault(framework, List.of());
    }

    Amounts sum(FrameworkId framework) {
        Amounts sum = new Amounts();
        to(framework).forEach(standing -> sum.add(standing.offer().resources()));
        return sum;
    }

    private static List<Standing> standing(List<AllocationDelta.Agent> agents) {
        List<Standing> standing = new ArrayList<>();
        agents.forEach(agent -> agent.offers().forEach(offer -> standing.add(new Standing(agent, offer))));
        return standing;
    }
}
