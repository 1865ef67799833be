package io.finback.controlplane.placement;

import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * One constraint: what {@code field} must be for an instance to stand somewhere. A place without the field is refused by every operator
 * but UNLIKE. Source: Marathon's {@code Constraints} (the rules up to 1.10).
 *
 * @param value empty where none was given
 */
public record Rule(String field, Operator operator, Optional<String> value) {
    /** What is compared. */
    public enum Operator {
        /** No instance of the app has this value yet. */
        UNIQUE,
        /** The value given; without one, that of the first instance. */
        CLUSTER,
        /** A value not used yet; or, once as many values are used as asked for, one that is used least. */
        GROUP_BY,
        /** The regular expression matches all of the value. */
        LIKE,
        /** The regular expression does not match all of the value. */
        UNLIKE,
        /** Fewer instances than this have the value. */
        MAX_PER,
        /** Equal; scalars to three decimals. */
        IS;

        static Optional<Operator> parse(String name) {
            for (Operator operator : values()) {
                if (operator.name().equals(name)) {
                    return Optional.of(operator);
                }
            }
            return Optional.empty();
        }
    }

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

    /** Says what is wrong with a constraint; empty when nothing is. {@code operator} in upper case. */
    public static Optional<String> problem(String operator, Optional<String> value) {
        Optional<Operator> known = Operator.parse(operator);
        if (known.isEmpty()) {
            return Optional.of(
                    "Constraint operator must be one of UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER, IS: "
                            + operator);
        }
        return switch (known.get()) {
            case UNIQUE ->
                value.isPresent() ? Optional.of("Value specified for UNIQUE is not allowed") : Optional.empty();
            case CLUSTER -> Optional.empty();
            case GROUP_BY -> value.flatMap(v -> number(operator, v));
            case MAX_PER -> required(operator, value).or(() -> number(operator, value.orElse("")));
            case IS -> required(operator, value);
            case LIKE, UNLIKE -> required(operator, value).or(() -> regex(value.orElse("")));
        };
    }

    /** Throws when {@link #problem} has something to say. */
    public static Rule of(String field, String operator, Optional<String> value) {
        problem(operator, value).ifPresent(why -> {
            throw new IllegalArgumentException(why);
        });
        return new Rule(field, Operator.parse(operator).orElseThrow(), value);
    }

    /** As people write it, such as {@code rack GROUP_BY 3}. */
    @Override
    public String toString() {
        return field + " " + operator + value.map(v -> " " + v).orElse("");
    }

    /** The first instance of an app may stand there. */
    public boolean allowsFirst(Spot spot) {
        Optional<String> here = spot.field(field);
        if (here.isEmpty()) {
            return operator == Operator.UNLIKE;
        }
        String wanted = value.orElse("");
        return switch (operator) {
            case UNIQUE, GROUP_BY -> true;
            case MAX_PER -> number(0) > 0;
            case LIKE -> Pattern.matches(wanted, here.get());
            case UNLIKE -> !Pattern.matches(wanted, here.get());
            case CLUSTER, IS ->
                value.isEmpty() || here.get().equals(wanted) || here.get().equals(AttributeText.of(wanted));
        };
    }

    /** The value as a number; {@code otherwise} without one. */
    int number(int otherwise) {
        return value.map(Integer::parseInt).orElse(otherwise);
    }

    private static Optional<String> required(String operator, Optional<String> value) {
        return value.isEmpty() ? Optional.of("A value must be specified for " + operator) : Optional.empty();
    }

    private static Optional<String> number(String operator, String value) {
        return NUMBER.matcher(value).matches()
                ? Optional.empty()
                : Optional.of("Value was not an integer for " + operator + ": " + value);
    }

    private static Optional<String> regex(String value) {
        try {
            return Pattern.compile(value).pattern().isEmpty()
                    ? Optional.of("Regular expression is empty")
                    : Optional.empty();
        } catch (PatternSyntaxException e) {
            return Optional.of("'" + value + "' is not a valid regular expression");
        }
    }
}
