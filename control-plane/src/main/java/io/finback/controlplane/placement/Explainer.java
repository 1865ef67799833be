package io.finback.controlplane.placement;

import io.finback.controlplane.placement.Explanation.Lack;
import io.finback.controlplane.placement.Explanation.Refused;
import io.finback.resources.Ranges;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Counts what speaks against each candidate. The nearest fit is the one with the least against it: a role weighs more than maintenance,
 * that more than any rule, and a rule more than any lack of resources. Source: Apache Aurora's NearestFit and Veto scores.
 */
final class Explainer {
    private static final double ROLE = 1_000_000;
    private static final double LEAVING = 100_000;
    private static final double RULE = 10_000;
    private static final double RESOURCE = 1_000;

    private static final List<RejectReason> LACKING = List.of(
            RejectReason.INSUFFICIENT_CPUS,
            RejectReason.INSUFFICIENT_MEMORY,
            RejectReason.INSUFFICIENT_DISK,
            RejectReason.INSUFFICIENT_GPUS,
            RejectReason.INSUFFICIENT_PORTS);
    private static final List<String> NAMES = List.of("cpus", "mem", "disk", "gpus", "ports");

    private final Turn turn;
    private final Board board;
    private final Map<RejectReason, Integer> reasons = new EnumMap<>(RejectReason.class);
    private final Map<String, Integer> rules = new HashMap<>();
    private double score;
    private RejectReason first = RejectReason.UNFULFILLED_ROLE;

    private Explainer(Turn turn, Board board) {
        this.turn = turn;
        this.board = board;
    }

    static Explanation explain(Turn turn, Board board, int samples) {
        return new Explainer(turn, board).all(samples);
    }

    private Explanation all(int samples) {
        List<Refused> some = new ArrayList<>();
        int nearest = -1;
        double least = Double.MAX_VALUE;
        for (int place = 0; place < board.size(); place++) {
            boolean named = some.size() < samples;
            List<Lack> lacks = look(place, named);
            if (score == 0) {
                continue; // it would fit
            }
            reasons.merge(first, 1, Integer::sum);
            if (named) {
                some.add(new Refused(board.at(place), lacks));
            }
            if (score < least) {
                least = score;
                nearest = place;
            }
        }
        Map<String, Integer> perRule = new HashMap<>(rules);
        Optional<Refused> best =
                nearest < 0 ? Optional.empty() : Optional.of(new Refused(board.at(nearest), look(nearest, true)));
        return new Explanation(turn.request.group(), turn.waiting.size(), board.size(), reasons, perRule, best, some);
    }

    /** Sets {@link #score} and {@link #first}; returns the words only if they are wanted. */
    private List<Lack> look(int place, boolean words) {
        score = 0;
        List<Lack> lacks = words ? new ArrayList<>() : List.of();
        Request request = turn.request;
        Candidate candidate = board.at(place);
        if (!candidate.role().equals(request.role())) {
            against(lacks, words, RejectReason.UNFULFILLED_ROLE, ROLE, "offered to role " + candidate.role());
        }
        for (Check check : turn.checks) {
            if (!check.allows(place)) {
                rules.merge(check.rule.toString(), 1, Integer::sum);
                against(
                        lacks,
                        words,
                        RejectReason.UNFULFILLED_CONSTRAINT,
                        RULE,
                        words ? check.rule + ": " + check.why(place) : "");
            }
        }
        if (!request.takesUnreserved() && !board.holdsReserved(place, request)) {
            against(
                    lacks,
                    words,
                    RejectReason.NO_CORRESPONDING_RESERVATION_FOUND,
                    ROLE,
                    "nothing is reserved for role " + request.role());
        }
        if (candidate.leaving()) {
            against(lacks, words, RejectReason.AGENT_MAINTENANCE, LEAVING, "its machine goes into maintenance");
        }
        resources(place, lacks, words);
        if (candidate.isHeldFrom(request.group())) {
            against(
                    lacks,
                    words,
                    RejectReason.DECLINED_SCARCE_RESOURCES,
                    RULE,
                    "held for " + candidate.heldFor().orElse("") + ", for which others were ended");
        }
        return lacks;
    }

    private void resources(int place, List<Lack> lacks, boolean words) {
        long[] left = board.left(place, turn.request);
        for (int i = 0; i < left.length; i++) {
            long missing = turn.needs[i] - left[i];
            if (missing > 0) {
                String text = words
                        ? NAMES.get(i) + ": " + amount(i, left[i]) + " of " + amount(i, turn.needs[i]) + " ("
                                + amount(i, missing) + " missing)"
                        : "";
                against(lacks, words, LACKING.get(i), RESOURCE * (1 + 0.9 * missing / turn.needs[i]), text);
            }
        }
        List<Integer> fixed = turn.request.fixedPorts();
        if (!fixed.isEmpty()) {
            Ranges free = board.ports(place, turn.request);
            for (int port : fixed) {
                if (!free.contains(port)) {
                    against(lacks, words, RejectReason.INSUFFICIENT_PORTS, RESOURCE, "port " + port + " is not free");
                }
            }
        }
    }

    private void against(List<Lack> lacks, boolean words, RejectReason reason, double weight, String missing) {
        if (score == 0) {
            first = reason;
        }
        score += weight;
        if (words) {
            lacks.add(new Lack(reason, missing));
        }
    }

    private static String amount(int which, long number) {
        return which == Pool.PORTS
                ? Long.toString(number)
                : BigDecimal.valueOf(number, 3).stripTrailingZeros().toPlainString();
    }
}
