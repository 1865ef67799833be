package io.finback.controlplane.placement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** One field of all candidates, its values numbered: rules look at each value once, and at each candidate's number from then on. */
final class Field {
    static final int ABSENT = -1;

    private final int[] numbers;
    private final List<String> values = new ArrayList<>();
    private final Map<String, Integer> numberOf = new HashMap<>();
    private final Map<Rule, boolean[]> allowed = new HashMap<>();
    private final int own;
    private int[][] places = new int[0][];

    Field(String name, List<Candidate> candidates) {
        this.numbers = new int[candidates.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = candidates.get(i).spot().field(name).map(this::number).orElse(ABSENT);
        }
        this.own = values.size();
    }

    /** Of the candidate at {@code place}. */
    int at(int place) {
        return numbers[place];
    }

    /** Numbers a value that may be no candidate's. */
    int number(String value) {
        Integer known = numberOf.get(value);
        if (known != null) {
            return known;
        }
        values.add(value);
        numberOf.put(value, values.size() - 1);
        return values.size() - 1;
    }

    String value(int number) {
        return values.get(number);
    }

    /** The places of the candidates that have the value, in order. */
    int[] places(int value) {
        if (places.length < own) {
            int[] sizes = new int[own];
            for (int number : numbers) {
                if (number >= 0) {
                    sizes[number]++;
                }
            }
            places = new int[sizes.length][];
            Arrays.setAll(places, v -> new int[sizes[v]]);
            Arrays.fill(sizes, 0);
            for (int place = 0; place < numbers.length; place++) {
                int number = numbers[place];
                if (number >= 0) {
                    places[number][sizes[number]++] = place;
                }
            }
        }
        return places[value];
    }

    /** How many values candidates have: the numbers below this are theirs. */
    int size() {
        return own;
    }

    /** What a rule that looks at nothing but the value says of each. */
    boolean[] allowed(Rule rule) {
        boolean[] known = allowed.get(rule);
        if (known == null) {
            known = new boolean[own];
            String wanted = rule.value().orElse("");
            Optional<Pattern> pattern = rule.operator() == Rule.Operator.LIKE || rule.operator() == Rule.Operator.UNLIKE
                    ? Optional.of(Pattern.compile(wanted))
                    : Optional.empty();
            String text = AttributeText.of(wanted);
            for (int i = 0; i < known.length; i++) {
                String value = values.get(i);
                known[i] = pattern.map(p -> p.matcher(value).matches() == (rule.operator() == Rule.Operator.LIKE))
                        .orElseGet(() -> value.equals(wanted) || value.equals(text));
            }
            allowed.put(rule, known);
        }
        return known;
    }
}
