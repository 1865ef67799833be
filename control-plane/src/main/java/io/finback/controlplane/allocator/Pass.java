package io.finback.controlplane.allocator;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Hands agents out. Two stages, as in Mesos: first every agent goes to roles that are owed some of it, then what is left to all, in both
 * neediest first. Who is offered an agent gets all of it that his role may see and his quota leaves; the rest goes on to the next.
 *
 * <p>Only agents something happened to are handed out to everybody: on the others whatever is left was refused by all, so only those are asked
 * who could or would not take it then: seats that were roused, a seat whose filter on just this agent has ended, and, where a quota
 * left something, those whose quota leaves more now. Source: apache/mesos {@code src/master/allocator/mesos/hierarchical.cpp}.
 */
final class Pass {
    /** Makes one offer; afterwards it is counted everywhere. */
    interface Maker {
        void make(Slot slot, Seat seat, Portion portion);
    }

    private final Board board;
    private final Maker maker;

    /** Whether the quota of the top-level role that is being asked leaves less than all of the agent, and what it leaves of a plain one. */
    private boolean isLimited;

    private @Nullable Portion limited;
    private final List<Slot> unfiltered = new ArrayList<>();

    Pass(Board board, Maker maker) {
        this.board = board;
        this.maker = maker;
    }

    /** Hands out {@code agents}, which were touched and refreshed, and what is left on others to those who can take it now. */
    void run(List<Slot> agents, long nowMillis) {
        board.filters.expire(nowMillis, this::noteUnfiltered);
        boolean surplusGrew = board.headroom.takeSurplusGrew();
        Set<Allowance> loosened = board.headroom.takeLoosened();
        if (board.headroom.hasGuarantees()) {
            agents.forEach(this::handOutWhatIsOwed);
        }
        agents.forEach(slot -> handOut(slot, board.tree.root, false));
        askRoused();
        askUnfiltered();
        askLoosened(loosened);
        if (surplusGrew) {
            askForSurplus();
        }
        board.headroom.noteSurplus();
    }

    private void noteUnfiltered(Slot slot, Seat seat) {
        if (slot.isDirty) {
            return;
        }
        if (slot.unfiltered == null) {
            unfiltered.add(slot);
            slot.unfiltered = seat;
        } else if (slot.unfiltered != seat) {
            slot.hasMoreUnfiltered = true;
        }
    }

    private void handOutWhatIsOwed(Slot slot) {
        Order<Place> roles = board.tree.root.order;
        for (int i = 0; i < roles.size() && owesAny(slot); i++) {
            Role role = (Role) roles.get(i);
            if (role.allowance().isOwedAny(slot.free().chargeable())) {
                visit(slot, role, false);
            }
        }
        board.tree.settle();
    }

    private boolean owesAny(Slot slot) {
        return !isFutile(slot) && board.headroom.owesAny(slot.free().chargeable());
    }

    private void handOut(Slot slot, Role role, boolean rousedOnly) {
        if (!isFutile(slot)) {
            if (!rousedOnly && role.isRoot()) {
                slot.isHeldBack = false;
            }
            visit(slot, role, rousedOnly);
            board.tree.settle();
        }
    }

    private void askRoused() {
        if (board.tree.isAnyAwake()) {
            board.forEachWithLeftovers(slot -> {
                if (!slot.isDirty) {
                    handOut(slot, board.tree.root, true);
                }
            });
        }
        board.tree.calm();
    }

    private void askUnfiltered() {
        for (Slot slot : unfiltered) {
            Seat seat = slot.unfiltered;
            boolean isOne = !slot.hasMoreUnfiltered;
            slot.unfiltered = null;
            slot.hasMoreUnfiltered = false;
            if (seat == null || isFutile(slot)) {
                continue;
            }
            if (!isOne) {
                handOut(slot, board.tree.root, false);
            } else if (seat.stands && ask(slot, seat.role.top)) {
                tryOffer(slot, seat);
                board.tree.settle();
            }
        }
        unfiltered.clear();
    }

    private void askLoosened(Set<Allowance> loosened) {
        board.heldBack.removeIf(slot -> !slot.isHeldBack);
        if (board.heldBack.isEmpty()) {
            return;
        }
        for (Allowance allowance : loosened) {
            Role role = board.tree.find(allowance.role);
            if (role == null || role.active == 0) {
                continue;
            }
            for (Slot slot : List.copyOf(board.heldBack)) {
                if (isAtLimit(allowance)) {
                    break;
                }
                handOut(slot, role, false);
            }
        }
    }

    private void askForSurplus() {
        for (Slot slot : List.copyOf(board.heldBack)) {
            if (!board.headroom.hasSurplus()) {
                break;
            }
            handOut(slot, board.tree.root, false);
        }
    }

    private boolean isAtLimit(Allowance allowance) {
        return board.ownMinimums == 0
                && !board.policy.isWorthOffering(
                        board.headroom.allowed(allowance, Scalars.CPUS),
                        board.headroom.allowed(allowance, Scalars.MEM));
    }

    /** Whether nobody can be offered anything of this agent. */
    private boolean isFutile(Slot slot) {
        return !slot.isOpen
                || slot.free().isEmpty()
                || (board.ownMinimums == 0 && !slot.free().isWorthOffering());
    }

    /** Asks everybody in and below the role in turn. Returns whether nothing is left. */
    @CanIgnoreReturnValue
    private boolean visit(Slot slot, Role role, boolean rousedOnly) {
        if (rousedOnly && role.awake == 0) {
            return false;
        }
        if (!role.isRoot() && role.top == role && !ask(slot, role)) {
            return false;
        }
        for (int i = 0; i < role.order.size(); i++) {
            Place place = role.order.get(i);
            boolean isDone = place instanceof Role below
                    ? visit(slot, below, rousedOnly)
                    : visit(slot, rousedOnly ? role.leaf.awake : role.leaf.order);
            if (isDone) {
                return true;
            }
        }
        return false;
    }

    private boolean visit(Slot slot, Order<Seat> seats) {
        for (int i = 0; i < seats.size(); i++) {
            if (tryOffer(slot, seats.get(i)) && isFutile(slot)) {
                return true;
            }
        }
        return false;
    }

    /** Finds out what the quota of this top-level role leaves of the agent. Returns whether it is worth asking anybody in it. */
    @CanIgnoreReturnValue
    private boolean ask(Slot slot, Role top) {
        limited = null;
        isLimited = !board.headroom.allows(top.allowance(), slot.free().chargeable());
        if (!isLimited) {
            return true;
        }
        if (!slot.isHeldBack) {
            slot.isHeldBack = true;
            board.heldBack.add(slot);
        }
        return board.ownMinimums > 0 || !slot.free().isPlain() || isWorthLimited(slot, top.allowance());
    }

    private boolean isWorthLimited(Slot slot, Allowance allowance) {
        long[] free = slot.free().chargeable();
        return board.policy.isWorthOffering(
                Math.min(Portion.at(free, Scalars.CPUS), board.headroom.allowed(allowance, Scalars.CPUS)),
                Math.min(Portion.at(free, Scalars.MEM), board.headroom.allowed(allowance, Scalars.MEM)));
    }

    @CanIgnoreReturnValue
    private boolean tryOffer(Slot slot, Seat seat) {
        Client client = seat.client;
        if (!client.canTake(slot.needs)) {
            return false;
        }
        Portion portion = slot.free().of(seat.role, client.visibleKinds());
        if (isLimited) {
            portion = limit(slot, seat, portion);
        }
        if (!isWorth(seat, portion)
                || board.filters.blocks(slot, seat, portion.resources)
                || (seat.fitness != null && !slot.fits(seat.fitness))) {
            return false;
        }
        maker.make(slot, seat, portion);
        if (isLimited || board.headroom.hasGuarantees() || seat.role.allowance().hasLimit()) {
            ask(slot, seat.role.top);
        }
        return true;
    }

    private static boolean isWorth(Seat seat, Portion portion) {
        return !portion.isEmpty
                && (seat.minimum == null ? portion.isWorthOffering : seat.minimum.isMet(portion.scalars));
    }

    private Portion limit(Slot slot, Seat seat, Portion portion) {
        Portion known = limited;
        if (known != null && slot.free().isPlain()) {
            return known;
        }
        Allowance allowance = seat.role.allowance();
        Resources cut =
                Shares.cut(portion.resources, name -> board.headroom.allowed(allowance, board.names.number(name)));
        Portion made = new Portion(cut, board.names, board.policy);
        limited = made;
        return made;
    }
}
