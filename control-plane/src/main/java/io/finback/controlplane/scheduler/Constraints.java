package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Where an app's instances may stand. Source: Marathon's Constraints (the rules up to 1.10). */
public final class Constraints {
    private static final Set<String> NEEDS_VALUE = Set.of("LIKE", "UNLIKE", "MAX_PER", "IS");
    private static final Set<String> OPERATORS =
            Set.of("UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

    private Constraints() {}

    /** Where something stands or may stand. */
    public record Spot(String host, Map<String, String> attributes) {
        public Spot {
            attributes = Map.copyOf(attributes);
        }

        Optional<String> field(String name) {
            return name.equals("hostname") || name.equals("@hostname")
                    ? Optional.of(host)
                    : Optional.ofNullable(attributes.get(name));
        }
    }

    /** Says what is wrong with a constraint; empty when nothing is. */
    public static Optional<String> problem(Constraint c) {
        if (!OPERATORS.contains(c.operator())) {
            return Optional.of(
                    "Constraint operator must be one of UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER, IS: "
                            + c.operator());
        }
        if (c.operator().equals("UNIQUE") && c.value().isPresent()) {
            return Optional.of("Value specified for UNIQUE is not allowed");
        }
        if (NEEDS_VALUE.contains(c.operator()) && c.value().isEmpty()) {
            return Optional.of("A value must be specified for " + c.operator());
        }
        boolean number = c.operator().equals("MAX_PER") || c.operator().equals("GROUP_BY");
        if (number && !c.value().map(v -> NUMBER.matcher(v).matches()).orElse(true)) {
            return Optional.of("Value was not an integer for " + c.operator() + ": "
                    + c.value().orElse(""));
        }
        if (c.operator().endsWith("LIKE")) {
            try {
                Pattern ignored = Pattern.compile(c.value().orElse(""));
                return ignored.pattern().isEmpty() ? Optional.of("Regular expression is empty") : Optional.empty();
            } catch (PatternSyntaxException e) {
                return Optional.of("'" + c.value().orElse("") + "' is not a valid regular expression");
            }
        }
        return Optional.empty();
    }

    /** True when one more instance may stand at {@code spot} beside those {@code placed}. Pure, O(constraints × placed). */
    static boolean allow(List<Constraint> constraints, Spot spot, List<Spot> placed) {
        return constraints.stream().allMatch(c -> allows(c, spot, placed));
    }

    private static boolean allows(Constraint c, Spot spot, List<Spot> placed) {
        Optional<String> here = spot.field(c.field());
        if (here.isEmpty()) {
            return c.operator().equals("UNLIKE");
        }
        String value = here.get();
        String wanted = c.value().orElse("");
        Map<String, Integer> counts = new HashMap<>();
        for (Spot other : placed) {
            other.field(c.field()).ifPresent(v -> counts.merge(v, 1, Integer::sum));
        }
        int mine = counts.getOrDefault(value, 0);
        return switch (c.operator()) {
            case "UNIQUE" -> mine == 0;
            case "CLUSTER" -> c.value().isPresent() ? value.equals(wanted) : counts.isEmpty() || mine > 0;
            case "GROUP_BY" -> {
                int least = counts.values().stream()
                        .mapToInt(Integer::intValue)
                        .min()
                        .orElse(0);
                int groups = c.value().map(Integer::parseInt).orElse(1);
                yield mine == 0 || (counts.size() >= groups && mine == least);
            }
            case "LIKE" -> Pattern.matches(wanted, value);
            case "UNLIKE" -> !Pattern.matches(wanted, value);
            case "MAX_PER" -> mine < Integer.parseInt(wanted);
            case "IS" -> value.equals(wanted) || sameScalar(value, wanted);
            default -> false;
        };
    }

    /** Scalars are compared at three decimals. */
    private static boolean sameScalar(String a, String b) {
        try {
            return Math.round(Double.parseDouble(a) * 1000) == Math.round(Double.parseDouble(b) * 1000);
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
