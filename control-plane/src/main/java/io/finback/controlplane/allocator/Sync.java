package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings the {@link Board} up to what the {@link AllocatorState} says: the pool's total, weights and quotas, who holds how much, what is
 * unallocated on the agents that were touched. Cost grows with what changed.
 */
final class Sync {
    private final Board board;
    private @Nullable AllocatorState seen;
    private long seenTotal = -1;
    private long seenPolicy = -1;
    private final Set<FrameworkId> moved = new HashSet<>();

    Sync(Board board) {
        this.board = board;
    }

    /** The framework holds more or less than before. */
    void noteMoved(FrameworkId framework) {
        moved.add(framework);
    }

    void read(AllocatorState state) {
        if (seen != state) {
            seen = state;
            seenTotal = -1;
            seenPolicy = -1;
            state.agents()
                    .forEach(entry -> board.touch(board.slots.get(entry.spec().id())));
            moved.addAll(board.clients.keySet());
        }
        if (seenTotal != state.totalVersion()) {
            seenTotal = state.totalVersion();
            board.tree.setTotal(board.names.vector(quantities(state.total())));
        }
        if (seenPolicy != state.policyVersion()) {
            seenPolicy = state.policyVersion();
            board.tree.setWeights(state.weights());
        }
        for (FrameworkId framework : moved) {
            Client client = board.clients.get(framework);
            if (client != null && client.isJoined()) {
                refresh(state, client);
            }
        }
        moved.clear();
        List<Slot> touched = new ArrayList<>(board.dirty);
        touched.forEach(slot -> refresh(state, slot));
        board.tree.settle();
    }

    private void refresh(AllocatorState state, Client client) {
        for (Seat seat : List.copyOf(client.seats.values())) {
            hold(seat, board.names.vector(quantities(state.accounts().of(seat.role.name, client.id))));
        }
    }

    private void hold(Seat seat, long[] held) {
        board.tree.subtract(seat, seat.held);
        board.tree.add(seat, held);
        seat.held = held;
    }

    private void refresh(AllocatorState state, Slot slot) {
        Optional<AllocatorState.Entry> found = state.agent(slot.id);
        if (found.isEmpty()) {
            if (!slot.isOfferable && slot.offers.isEmpty()) {
                board.forget(slot);
            }
            return;
        }
        AllocatorState.Entry entry = found.get();
        slot.become(entry.spec());
        slot.needs = needs(entry.spec());
        slot.isOpen = slot.isOfferable && entry.record().isOpen();
        slot.refresh(entry.unallocated(), board.names, board.policy);
        board.count(slot);
    }

    private int needs(AgentSpec spec) {
        boolean hasGpus = spec.total().quantities().getOrDefault(Resources.GPUS, 0L) > 0;
        boolean isFar = spec.domain().isPresent()
                && board.policy.region().isPresent()
                && !spec.domain().get().region().equals(board.policy.region().get());
        return (hasGpus && board.policy.gpusForGpuFrameworks() ? Client.GPUS : 0) | (isFar ? Client.OTHER_REGIONS : 0);
    }

    private static Map<String, Long> quantities(Sums sums) {
        Map<String, Long> quantities = new java.util.HashMap<>();
        sums.names().forEach(name -> quantities.put(name, sums.milli(name)));
        return quantities;
    }
}
