package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.MaintenanceSchedule.Unavailability;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One agent as a pass sees it: what is free, who is offered what of it, who refused it. Refreshed from {@link AllocatorState} when something
 * happened to the agent, and only then.
 */
final class Slot {
    final AgentId id;
    final int index;
    final List<LiveOffer> offers = new ArrayList<>(2);

    @Nullable
    Refusals refusals;

    /** Its session says it answers. */
    boolean isOfferable;

    /** Its session, the journal and the maintenance schedule let it be offered. */
    boolean isOpen;

    /** Waits to be refreshed and handed out. */
    boolean isDirty;

    /** The seat whose filter on it ended since the last pass, and whether there is another. */
    @Nullable
    Seat unfiltered;

    boolean hasMoreUnfiltered;

    /** Something may be left on it because of a quota; kept by {@link Pass}. */
    boolean isHeldBack;

    /** What a framework must be able to deal with to be offered anything of this agent: bits of {@link Client}. */
    int needs;

    private @Nullable AgentSpec spec;

    /** When its machine is not to be counted on. */
    Optional<Unavailability> unavailability = Optional.empty();

    /** What it adds to what is free in the pool; see {@link Headroom}. */
    long[] counted = new long[0];

    private @Nullable Portions unallocated;
    private @Nullable Portions free;

    /** By the numbers of {@link Fitness}: whether its answer is known, and what it is. */
    private final BitSet known = new BitSet();

    private final BitSet fits = new BitSet();

    Slot(AgentId id, int index) {
        this.id = id;
        this.index = index;
    }

    /** What nobody holds and nobody is offered. Only after {@link #refresh}. */
    Portions free() {
        if (free == null) {
            throw new IllegalStateException("agent " + id + " was never refreshed");
        }
        return free;
    }

    boolean isKnown() {
        return free != null;
    }

    /** Takes over what the agent has unallocated now. Throws if more of it is offered than there is. */
    @SuppressWarnings("ReferenceEquality") // only saves work: another object of the same value is reckoned anew
    void refresh(Resources unallocatedNow, Scalars names, OfferPolicy policy) {
        if (unallocated == null || unallocated.all != unallocatedNow) {
            unallocated = new Portions(unallocatedNow, names, policy);
        }
        if (offers.isEmpty()) {
            free = unallocated;
            return;
        }
        // Throws if more is offered than is free: promise 2, checked where it would be broken.
        Resources left = unallocatedNow.minus(offered());
        if (free == null || !left.equals(free.all)) {
            free = new Portions(left, names, policy);
        }
    }

    /** This much of what was free is offered now. */
    @SuppressWarnings("ReferenceEquality") // only saves work, as above
    void take(Portion portion, Portions nothing, Scalars names, OfferPolicy policy) {
        Portions before = free();
        Resources exclusive = Shares.exclusive(portion.resources);
        free = exclusive == before.all ? nothing : new Portions(before.all.minus(exclusive), names, policy);
    }

    /** Everything offered of this agent but shared volumes. */
    Resources offered() {
        Resources sum = Resources.EMPTY;
        for (LiveOffer offer : offers) {
            Resources exclusive = Shares.exclusive(offer.portion().resources);
            sum = sum.isEmpty() ? exclusive : sum.plus(exclusive);
        }
        return sum;
    }

    /** Whether the agent fits; asks {@code test} only the first time. */
    boolean fits(Fitness test) {
        AgentSpec agent = spec;
        if (agent == null) {
            return false;
        }
        if (!known.get(test.number())) {
            known.set(test.number());
            fits.set(test.number(), test.test(agent));
        }
        return fits.get(test.number());
    }

    /** The number is another one's from now on. */
    void forgetFitness(int number) {
        known.clear(number);
    }

    /** The agent is not what it was. */
    void become(AgentSpec agent) {
        if (spec == null || !spec.equals(agent)) {
            spec = agent;
            known.clear();
        }
    }
}
