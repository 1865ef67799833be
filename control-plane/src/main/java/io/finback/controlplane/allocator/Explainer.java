package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.Explanation.OfFramework;
import io.finback.controlplane.allocator.Explanation.Reason;
import io.finback.controlplane.allocator.Explanation.Why;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Says why, by asking what {@link Pass} asks, in the same order, of every agent. Changes nothing. */
final class Explainer {
    private static final int MAX_NAMED = 3;

    private final Board board;

    /** What was found for one reason. */
    private static final class Finding {
        private int agents;
        private long until = Long.MAX_VALUE;
        private final List<AgentId> examples = new ArrayList<>();
        private final Map<String, Integer> details = new HashMap<>();

        void add(Slot slot, String detail, OptionalLong end) {
            agents++;
            until = Math.min(until, end.orElse(Long.MAX_VALUE));
            if (examples.size() < Explanation.MAX_EXAMPLES) {
                examples.add(slot.id);
            }
            if (details.containsKey(detail) || details.size() < 100) {
                details.merge(detail, 1, Integer::sum);
            }
        }

        Reason reason(Why why) {
            String text = details.entrySet().stream()
                    .sorted(Map.Entry.<String, Integer>comparingByValue()
                            .reversed()
                            .thenComparing(Map.Entry.comparingByKey()))
                    .limit(MAX_NAMED)
                    .map(detail -> detail.getKey() + " (" + detail.getValue() + ")")
                    .collect(Collectors.joining("; "));
            return new Reason(
                    why,
                    text + (details.size() > MAX_NAMED ? "; and others" : ""),
                    agents,
                    until == Long.MAX_VALUE ? Optional.empty() : Optional.of(Instant.ofEpochMilli(until)),
                    examples);
        }
    }

    Explainer(Board board) {
        this.board = board;
    }

    Explanation explain(String path, Optional<FrameworkId> framework) {
        List<Reason> general = new ArrayList<>();
        if (board.slots.size() == 0) {
            general.add(Reason.general(Why.NO_AGENT, "the pool has no agent"));
        }
        Role role = board.tree.find(path);
        if (role == null || role.active == 0) {
            general.add(
                    Reason.general(Why.NOBODY_WANTS, "no framework in role " + path + " or below it wants offers now"));
        }
        if (role == null) {
            return new Explanation(path, general, List.of(), 0);
        }
        quota(role.top.allowance()).ifPresent(general::add);
        List<Seat> seats = role.leaf.seats.values().stream()
                .filter(seat -> framework.isEmpty() || framework.get().equals(seat.client.id))
                .sorted(Comparator.comparingDouble((Seat seat) -> seat.share()).thenComparing(seat -> seat.name))
                .toList();
        List<OfFramework> found = new ArrayList<>();
        seats.stream().limit(Explanation.MAX_FRAMEWORKS).forEach(seat -> found.add(explain(seat)));
        return new Explanation(path, general, found, Math.max(0, seats.size() - Explanation.MAX_FRAMEWORKS));
    }

    private OfFramework explain(Seat seat) {
        int offers = (int)
                seat.client.offers.stream().filter(live -> live.seat() == seat).count();
        List<Reason> reasons = new ArrayList<>();
        if (!seat.client.isJoined()) {
            reasons.add(Reason.general(Why.SUPPRESSED, "the framework is not connected; its tasks count to the role"));
        } else if (!seat.stands) {
            reasons.add(Reason.general(Why.SUPPRESSED, "the framework has suppressed offers in this role"));
        }
        Map<Why, Finding> findings = new EnumMap<>(Why.class);
        board.slots.forEach(slot -> look(seat, slot, findings));
        findings.entrySet().stream()
                .sorted(Comparator.comparingInt(entry -> -entry.getValue().agents))
                .forEach(entry -> reasons.add(entry.getValue().reason(entry.getKey())));
        return new OfFramework(seat.client.id, offers, reasons);
    }

    private void look(Seat seat, Slot slot, Map<Why, Finding> findings) {
        Why why = why(seat, slot);
        OptionalLong until = why == Why.FILTERED
                ? board.filters.until(slot, seat)
                : why == Why.OFFERED
                        ? OptionalLong.of(
                                slot.offers.get(0).offered().expiresAt().toEpochMilli())
                        : OptionalLong.empty();
        findings.computeIfAbsent(why, key -> new Finding()).add(slot, detail(why, seat, slot), until);
    }

    private Why why(Seat seat, Slot slot) {
        if (!slot.isOpen) {
            return Why.CLOSED;
        }
        Portions free = slot.free();
        if (free.isEmpty() || (!free.isWorthOffering() && seat.minimum == null)) {
            return slot.offers.isEmpty() ? Why.ALLOCATED : Why.OFFERED;
        }
        if (!seat.client.canTake(slot.needs)) {
            return Why.CAPABILITY;
        }
        Portion visible = free.of(seat.role, seat.client.visibleKinds());
        if (visible.isEmpty) {
            return Why.NOT_FOR_THIS_ROLE;
        }
        if (!isWorth(seat, visible)) {
            return slot.offers.isEmpty() ? Why.TOO_LITTLE : Why.OFFERED;
        }
        Portion left = limited(seat, visible);
        if (!isWorth(seat, left)) {
            return isAtLimit(seat, visible) ? Why.OVER_LIMIT : Why.GUARANTEED_TO_OTHERS;
        }
        if (seat.fitness != null && !slot.fits(seat.fitness)) {
            return Why.CONSTRAINTS;
        }
        return board.filters.blocks(slot, seat, left.resources) ? Why.FILTERED : Why.NEXT;
    }

    private String detail(Why why, Seat seat, Slot slot) {
        return switch (why) {
            case CLOSED ->
                slot.isOfferable
                        ? "the agent is not to be offered (unreachable, drained, deactivated or down)"
                        : "the agent does not answer";
            case ALLOCATED -> "tasks hold all of it that is worth offering";
            case OFFERED ->
                "offered to " + slot.offers.get(0).offered().framework() + " in role "
                        + slot.offers.get(0).offered().role();
            case CAPABILITY ->
                (seat.client.missing(slot.needs) & Client.GPUS) != 0
                        ? "the agent has GPUs (needed: capability GPU_RESOURCES)"
                        : "the agent is in another region (needed: capability REGION_AWARE)";
            case NOT_FOR_THIS_ROLE ->
                "what is free is reserved to other roles or of a kind the framework does not take";
            case TOO_LITTLE -> "less is free than " + minimum(seat);
            case OVER_LIMIT -> "role " + seat.role.top.name + " is at its limit: " + used(seat.role.allowance());
            case GUARANTEED_TO_OTHERS -> "kept for what other roles are guaranteed";
            case CONSTRAINTS -> "the agent does not meet the framework's offer constraints";
            case FILTERED -> "the framework refused as much of the agent";
            case NEXT -> "nothing is in the way";
            case NOBODY_WANTS, SUPPRESSED, NO_AGENT, QUOTA -> why.name();
        };
    }

    private Portion limited(Seat seat, Portion visible) {
        Allowance allowance = seat.role.allowance();
        return board.headroom.allows(allowance, visible.chargeable)
                ? visible
                : new Portion(
                        Shares.cut(
                                visible.resources, name -> board.headroom.allowed(allowance, board.names.number(name))),
                        board.names,
                        board.policy);
    }

    /** Whether the limit alone, without regard to guarantees, is in the way. */
    private boolean isAtLimit(Seat seat, Portion visible) {
        Allowance allowance = seat.role.allowance();
        Portion left = new Portion(
                Shares.cut(visible.resources, name -> allowance.room(board.names.number(name))),
                board.names,
                board.policy);
        return !isWorth(seat, left);
    }

    private static boolean isWorth(Seat seat, Portion portion) {
        return !portion.isEmpty
                && (seat.minimum == null ? portion.isWorthOffering : seat.minimum.isMet(portion.scalars));
    }

    private String minimum(Seat seat) {
        return seat.minimum == null
                ? "the pool's minimum of " + decimal(board.policy.minCpusMilli()) + " cpus or "
                        + decimal(board.policy.minMemMilli()) + " MiB"
                : "the framework's minimum " + seat.minimum;
    }

    private Optional<Reason> quota(@Nullable Allowance allowance) {
        if (allowance == null || (!allowance.hasLimit() && !allowance.hasGuarantee())) {
            return Optional.empty();
        }
        return Optional.of(Reason.general(Why.QUOTA, "role " + allowance.role + ": " + used(allowance)));
    }

    private String used(Allowance allowance) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < board.names.size(); i++) {
            if (allowance.limit(i) != Allowance.UNLIMITED || allowance.isGuaranteed(i)) {
                parts.add(board.names.name(i) + " " + decimal(allowance.consumed.get(i)) + " used"
                        + (allowance.isGuaranteed(i)
                                ? ", " + decimal(allowance.owed(i)) + " of the guarantee missing"
                                : "")
                        + (allowance.limit(i) == Allowance.UNLIMITED ? "" : ", limit " + decimal(allowance.limit(i))));
            }
        }
        return String.join("; ", parts);
    }

    private static String decimal(long thousandths) {
        return BigDecimal.valueOf(thousandths, 3).stripTrailingZeros().toPlainString();
    }
}
