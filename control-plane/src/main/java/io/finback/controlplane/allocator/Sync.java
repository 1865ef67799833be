package io.finback.controlplane.allocator;

import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings the {@link Board} up to what the {@link AllocatorState} says: the pool's total, weights and quotas, who holds how much, what is
 * unallocated on the agents that were touched. Cost grows with what changed; a new state, and a new maintenance schedule, cost a walk
 * over all agents.
 */
final class Sync {
    private final Board board;
    private @Nullable AllocatorState seen;
    private long seenTotal = -1;
    private long seenPolicy = -1;
    private Maintenance seenMaintenance = Maintenance.NONE;
    private final Set<String> quotaRoles = new HashSet<>();

    Sync(Board board) {
        this.board = board;
    }

    void read(AllocatorState state) {
        Collection<Accounts.Account> moved = state.accounts().takeMoved();
        Collection<String> movedTops = state.accounts().takeMovedTops();
        if (seen != state) {
            seen = state;
            seenTotal = -1;
            seenPolicy = -1;
            state.agents()
                    .forEach(entry -> board.touch(board.slots.get(entry.spec().id())));
            moved = state.accounts().all();
            movedTops = state.accounts().tops();
        }
        if (seenTotal != state.totalVersion()) {
            seenTotal = state.totalVersion();
            board.tree.setTotal(board.names.vector(state.total().quantities()));
        }
        moved.forEach(account -> hold(state, account));
        movedTops.forEach(top -> consume(state, top));
        if (seenPolicy != state.policyVersion()) {
            seenPolicy = state.policyVersion();
            readPolicy(state);
        }
        List<Slot> touched = new ArrayList<>(board.dirty);
        touched.forEach(slot -> refresh(state, slot));
        board.tree.settle();
    }

    private void hold(AllocatorState state, Accounts.Account account) {
        long[] held = board.names.vector(
                state.accounts().of(account.role(), account.framework()).quantities());
        Client client = board.client(account.framework());
        Seat seat = board.seat(client, account.role());
        board.tree.subtract(seat, seat.held);
        board.tree.add(seat, held);
        seat.held = held;
        board.prune(seat);
    }

    private void consume(AllocatorState state, String top) {
        long[] consumed = board.names.vector(state.accounts().consumed(top).quantities());
        Role role = board.tree.role(top);
        board.headroom.discharge(role.allowance(), role.allowance().base);
        board.headroom.charge(role.allowance(), consumed);
        role.allowance().base = consumed;
        board.tree.prune(role);
    }

    private void readPolicy(AllocatorState state) {
        board.tree.setWeights(state.weights());
        // Whatever a quota has held back is handed out anew: quotas change so seldom that nothing finer pays.
        board.heldBack.forEach(board::touch);
        Map<String, Quota> quotas = new HashMap<>();
        state.quotas().forEach(quota -> quotas.put(quota.role(), quota));
        for (String ended : Set.copyOf(quotaRoles)) {
            if (!quotas.containsKey(ended)) {
                Role role = board.tree.role(ended);
                board.headroom.setQuota(role.allowance(), new long[0], new long[0]);
                board.tree.prune(role);
                quotaRoles.remove(ended);
            }
        }
        quotas.forEach((path, quota) -> {
            quotaRoles.add(path);
            long[] guarantee = board.names.vector(quota.guarantees());
            long[] limit = limits(quota);
            Allowance allowance = board.tree.role(path).allowance();
            if (!allowance.isSet(guarantee, limit)) {
                board.headroom.setQuota(allowance, guarantee, limit);
            }
        });
        if (!seenMaintenance.equals(state.maintenance())) {
            seenMaintenance = state.maintenance();
            state.agents()
                    .forEach(entry -> board.touch(board.slots.get(entry.spec().id())));
        }
    }

    private long[] limits(Quota quota) {
        long[] given = board.names.vector(quota.limits());
        long[] limits = new long[given.length];
        Arrays.fill(limits, Allowance.UNLIMITED);
        quota.limits().forEach((name, amount) -> limits[board.names.number(name)] = amount);
        return limits;
    }

    private void refresh(AllocatorState state, Slot slot) {
        Optional<AllocatorState.Entry> found = state.agent(slot.id);
        if (found.isEmpty()) {
            slot.unavailability = Optional.empty();
            slot.isOpen = false;
            board.count(slot);
            if (!slot.isOfferable && slot.offers.isEmpty()) {
                board.forget(slot);
            }
            return;
        }
        AllocatorState.Entry entry = found.get();
        slot.become(entry.spec());
        slot.needs = needs(entry.spec());
        slot.unavailability = state.unavailability(entry.spec());
        slot.isOpen = slot.isOfferable && entry.record().isOpen() && !state.isDown(entry.spec());
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
}
