package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The outstanding offers. Making and ending one counts it everywhere on the {@link Board}. */
final class Offers {
    private final String idPrefix;
    private final Board board;
    private final Map<OfferId, LiveOffer> standing = new LinkedHashMap<>();
    private List<Offered> made = new ArrayList<>();
    private long nextId;
    private Instant expiresAt = Instant.EPOCH;

    Offers(String idPrefix, Board board) {
        this.idPrefix = idPrefix;
        this.board = board;
    }

    /** Offers made from now on end then. */
    void setExpiry(Instant at) {
        expiresAt = at;
    }

    void make(Slot slot, Seat seat, Portion portion) {
        Offered offered = new Offered(
                OfferId.of(idPrefix + "-O" + nextId++),
                seat.client.id,
                slot.id,
                portion.resources,
                expiresAt,
                seat.role.name);
        LiveOffer live = new LiveOffer(offered, seat, slot, portion);
        standing.put(offered.id(), live);
        slot.offers.add(live);
        seat.client.offers.add(live);
        slot.take(portion, board.nothing, board.names, board.policy);
        board.count(slot);
        board.headroom.charge(seat.role.allowance(), portion.chargeable);
        board.tree.add(seat, portion.scalars);
        board.tree.chosen(seat);
        made.add(offered);
    }

    /** What was made since this was asked last. */
    List<Offered> takeMade() {
        List<Offered> taken = List.copyOf(made);
        made = new ArrayList<>();
        return taken;
    }

    Offered remove(LiveOffer live) {
        standing.remove(live.offered().id());
        live.slot().offers.remove(live);
        live.seat().client.offers.remove(live);
        board.headroom.discharge(live.seat().role.allowance(), live.portion().chargeable);
        board.tree.subtract(live.seat(), live.portion().scalars);
        board.touch(live.slot());
        return live.offered();
    }

    List<Offered> removeAll(Collection<LiveOffer> ending) {
        List<Offered> removed = new ArrayList<>();
        for (LiveOffer live : List.copyOf(ending)) {
            removed.add(remove(live));
        }
        return removed;
    }

    List<Offered> remove(FrameworkId framework, List<OfferId> ids) {
        List<Offered> removed = new ArrayList<>();
        for (OfferId id : ids) {
            LiveOffer live = standing.get(id);
            if (live != null && live.offered().framework().equals(framework)) {
                removed.add(remove(live));
            }
        }
        return removed;
    }

    /** Ends the offers that are due. Those are the oldest: all offers live equally long. */
    List<Offered> expire(Instant now) {
        List<LiveOffer> due = new ArrayList<>();
        for (LiveOffer live : standing.values()) {
            if (live.offered().expiresAt().isAfter(now)) {
                break;
            }
            due.add(live);
        }
        return removeAll(due);
    }

    /** The offers of these ids if all of them stand, differ, and are for one role of the framework on this agent; else nothing. */
    Optional<List<Offered>> find(FrameworkId framework, AgentId agent, List<OfferId> ids) {
        List<Offered> found = new ArrayList<>();
        for (OfferId id : new LinkedHashSet<>(ids)) {
            LiveOffer live = standing.get(id);
            if (live == null
                    || !live.offered().framework().equals(framework)
                    || !live.offered().agent().equals(agent)
                    || (!found.isEmpty()
                            && !found.get(0).role().equals(live.offered().role()))) {
                return Optional.empty();
            }
            found.add(live.offered());
        }
        return ids.isEmpty() || found.size() != ids.size() ? Optional.empty() : Optional.of(found);
    }

    Collection<Offered> all() {
        return standing.values().stream().map(LiveOffer::offered).toList();
    }

    Optional<Instant> nextEnd() {
        return standing.values().stream().findFirst().map(live -> live.offered().expiresAt());
    }
}
