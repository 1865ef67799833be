package io.finback.controlplane.placement;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The constraints as the reference describes them, one instance and one place at a time, with no index of anything. */
final class NaiveRules {
    private NaiveRules() {}

    static boolean allow(List<Rule> rules, Spot spot, List<Spot> placed) {
        return rules.stream().allMatch(rule -> allow(rule, spot, placed));
    }

    private static boolean allow(Rule rule, Spot spot, List<Spot> placed) {
        if (spot.field(rule.field()).isEmpty()) {
            return rule.operator() == Rule.Operator.UNLIKE;
        }
        String here = spot.field(rule.field()).get();
        String wanted = rule.value().orElse("");
        Map<String, Integer> counts = new HashMap<>();
        placed.forEach(other -> other.field(rule.field()).ifPresent(value -> counts.merge(value, 1, Integer::sum)));
        int mine = counts.getOrDefault(here, 0);
        return switch (rule.operator()) {
            case UNIQUE -> mine == 0;
            case CLUSTER -> rule.value().isPresent() ? here.equals(wanted) : counts.isEmpty() || mine > 0;
            case GROUP_BY ->
                mine == 0
                        || (counts.size() >= rule.value().map(Integer::parseInt).orElse(1)
                                && mine
                                        == counts.values().stream()
                                                .mapToInt(Integer::intValue)
                                                .min()
                                                .orElse(0));
            case LIKE -> Pattern.matches(wanted, here);
            case UNLIKE -> !Pattern.matches(wanted, here);
            case MAX_PER -> mine < Integer.parseInt(wanted);
            case IS -> here.equals(AttributeText.of(wanted));
        };
    }
}
