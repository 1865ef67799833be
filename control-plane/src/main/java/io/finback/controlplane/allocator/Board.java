package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What is volatile of a pool, for the few classes that keep it together: who sits where, what is free, what waits to be handed out. */
final class Board {
    final OfferPolicy policy;
    final Scalars names = new Scalars();
    final Slots slots = new Slots();
    final Headroom headroom = new Headroom();
    final Filters filters = new Filters(slots);
    final Map<FrameworkId, Client> clients = new LinkedHashMap<>();
    final RoleTree tree;
    final Portions nothing;
    final FitnessBook fitness;

    /** Agents something happened to. */
    final List<Slot> dirty = new ArrayList<>();

    /** Agents on which a quota left something. */
    final Set<Slot> heldBack = new LinkedHashSet<>();

    /** Numbers of the open agents of which anything is left, and of those of which enough is left for the pool's own minimum. */
    private final BitSet leftovers = new BitSet();

    private final BitSet worthOffering = new BitSet();

    /** Seats with a minimum of their own. */
    int ownMinimums;

    Board(OfferPolicy policy, TextMatcher matcher) {
        this.policy = policy;
        this.nothing = new Portions(Resources.EMPTY, names, policy);
        this.tree = new RoleTree(names, policy.unsharedScalars());
        this.fitness = new FitnessBook(slots, matcher);
    }

    void touch(Slot slot) {
        if (!slot.isDirty) {
            slot.isDirty = true;
            dirty.add(slot);
        }
    }

    Client client(FrameworkId framework) {
        return clients.computeIfAbsent(framework, Client::new);
    }

    Seat seat(Client client, String path) {
        Seat known = client.seats.get(path);
        if (known != null) {
            return known;
        }
        Seat seat = new Seat(client, tree.role(path));
        client.seats.put(path, seat);
        seat.role.leaf.seats.put(client.id, seat);
        return seat;
    }

    /** Forgets the seat, its role and its client as far as nobody needs them. */
    void prune(Seat seat) {
        Client client = seat.client;
        boolean isWanted = client.isJoined() && client.spec().roles().contains(seat.role.name);
        if (!isWanted && seat.amounts.isZero()) {
            tree.deactivate(seat);
            filters.forget(seat);
            fitness.release(seat.fitness);
            seat.fitness = null;
            setMinimum(seat, null);
            client.seats.remove(seat.role.name);
            seat.role.leaf.seats.remove(client.id);
            tree.prune(seat.role);
        }
        if (!client.isJoined() && client.seats.isEmpty()) {
            clients.remove(client.id);
        }
    }

    void setMinimum(Seat seat, @Nullable Minimum minimum) {
        ownMinimums += (minimum == null ? 0 : 1) - (seat.minimum == null ? 0 : 1);
        seat.minimum = minimum;
    }

    /**
     * Agents of which somebody could be offered something, by number, so that the order is the same whenever the same happened. Costs what
     * it finds: in a large pool nearly everything is in use or offered.
     */
    void forEachWithLeftovers(Consumer<Slot> action) {
        BitSet numbers = ownMinimums > 0 ? leftovers : worthOffering;
        for (int number = numbers.nextSetBit(0); number >= 0; number = numbers.nextSetBit(number + 1)) {
            Slot slot = slots.at(number);
            if (slot != null) {
                action.accept(slot);
            }
        }
    }

    /** Notes what is free on this agent now. */
    void count(Slot slot) {
        leftovers.set(slot.index, slot.isOpen && !slot.free().isEmpty());
        worthOffering.set(slot.index, slot.isOpen && slot.free().isWorthOffering());
        long[] now = slot.isOpen ? slot.free().chargeable() : new long[0];
        headroom.changeFree(slot.counted, now);
        slot.counted = now;
    }

    void forget(Slot slot) {
        filters.forget(slot);
        heldBack.remove(slot);
        leftovers.clear(slot.index);
        worthOffering.clear(slot.index);
        slots.remove(slot);
    }
}
