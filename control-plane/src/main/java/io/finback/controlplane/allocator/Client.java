package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** One framework: whether it wants offers, what it can deal with, its seats and its offers. */
final class Client {
    /** Abilities beside those of {@link Portions}, which decide which agents are offered at all. */
    static final int GPUS = 8;

    static final int OTHER_REGIONS = 16;
    private static final int KINDS = Portions.REVOCABLE | Portions.SHARED | Portions.REFINED;

    final FrameworkId id;
    final Map<String, Seat> seats = new LinkedHashMap<>();
    final Set<LiveOffer> offers = new LinkedHashSet<>();
    private boolean isJoined;
    private int abilities;
    private ClientSpec spec = new ClientSpec(Set.of(), Set.of(), Set.of(), OfferConstraints.NONE, Map.of());

    Client(FrameworkId id) {
        this.id = id;
    }

    ClientSpec spec() {
        return spec;
    }

    boolean isJoined() {
        return isJoined;
    }

    void join(ClientSpec wanted) {
        isJoined = true;
        spec = wanted;
        abilities = 0;
        for (Capability capability : wanted.capabilities()) {
            abilities |= bit(capability);
        }
    }

    void leave() {
        isJoined = false;
    }

    boolean wants(String role) {
        return isJoined && spec.roles().contains(role) && !spec.suppressed().contains(role);
    }

    /** Whether it can deal with an agent that needs this. */
    boolean canTake(int needs) {
        return (needs & ~abilities) == 0;
    }

    int missing(int needs) {
        return needs & ~abilities;
    }

    int visibleKinds() {
        return abilities & KINDS;
    }

    private static int bit(Capability capability) {
        return switch (capability) {
            case REVOCABLE_RESOURCES -> Portions.REVOCABLE;
            case SHARED_RESOURCES -> Portions.SHARED;
            case RESERVATION_REFINEMENT -> Portions.REFINED;
            case GPU_RESOURCES -> GPUS;
            case REGION_AWARE -> OTHER_REGIONS;
            case TASK_KILLING_STATE, PARTITION_AWARE, MULTI_ROLE -> 0;
        };
    }
}
