package io.finback.controlplane.chronosapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the fields of one JSON object as Chronos' reader does: null is absent, and numbers and truth values may come as text. Anything else
 * that does not fit is a {@link Failure} that names field, value and expectation.
 */
final class Fields {
    private final JsonNode node;
    private final String path;

    Fields(JsonNode node, String path) {
        this.node = node;
        this.path = path;
        if (!node.isObject()) {
            throw Failure.bad(path + ": " + shown(node) + " (expected: an object)");
        }
    }

    String name(String field) {
        return path.isEmpty() ? field : path + "." + field;
    }

    Optional<JsonNode> any(String field) {
        return node.hasNonNull(field) ? Optional.of(node.get(field)) : Optional.empty();
    }

    /** Empty text is absent. */
    Optional<String> text(String field) {
        return any(field)
                .map(n -> {
                    if (!n.isTextual() && !n.isNumber() && !n.isBoolean()) {
                        throw bad(field, n, "text");
                    }
                    return n.asText();
                })
                .filter(t -> !t.isEmpty());
    }

    boolean flag(String field, boolean otherwise) {
        return any(field)
                .map(n -> {
                    if (n.isBoolean()) {
                        return n.booleanValue();
                    }
                    if (n.isTextual()
                            && (n.asText().equals("true") || n.asText().equals("false"))) {
                        return n.asText().equals("true");
                    }
                    throw bad(field, n, "true or false");
                })
                .orElse(otherwise);
    }

    double number(String field, double otherwise, double min) {
        return any(field)
                .map(n -> {
                    double value = parsed(field, n, min);
                    if (!(value >= min) || value > 1e9) {
                        throw bad(field, n, "a number " + min + "..1e9");
                    }
                    return value;
                })
                .orElse(otherwise);
    }

    private double parsed(String field, JsonNode n, double min) {
        if (n.isNumber()) {
            return n.doubleValue();
        }
        try {
            return Double.parseDouble(n.asText());
        } catch (NumberFormatException e) {
            throw bad(field, n, "a number >= " + min);
        }
    }

    long whole(String field, long otherwise, long max) {
        return any(field)
                .map(n -> {
                    double value = parsed(field, n, 0);
                    if (value != Math.rint(value) || value < 0 || value > max) {
                        throw bad(field, n, "a whole number 0.." + max);
                    }
                    return (long) value;
                })
                .orElse(otherwise);
    }

    List<JsonNode> list(String field) {
        return any(field)
                .map(n -> {
                    if (!n.isArray()) {
                        throw bad(field, n, "an array");
                    }
                    List<JsonNode> all = new ArrayList<>();
                    n.forEach(all::add);
                    return all;
                })
                .orElse(List.of());
    }

    List<String> texts(String field) {
        List<String> all = new ArrayList<>();
        for (JsonNode n : list(field)) {
            if (!n.isTextual() && !n.isNumber()) {
                throw bad(field, n, "text");
            }
            all.add(n.asText());
        }
        return all;
    }

    List<Fields> objects(String field) {
        List<Fields> all = new ArrayList<>();
        for (JsonNode n : list(field)) {
            all.add(new Fields(n, name(field)));
        }
        return all;
    }

    Optional<Fields> object(String field) {
        return any(field).map(n -> new Fields(n, name(field)));
    }

    <E extends Enum<E>> Optional<E> oneOf(String field, Class<E> type) {
        return text(field).map(t -> {
            for (E constant : type.getEnumConstants()) {
                if (constant.name().equalsIgnoreCase(t)) {
                    return constant;
                }
            }
            throw Failure.bad(name(field) + ": '" + t + "' (expected: one of "
                    + List.of(type.getEnumConstants()).toString().replaceAll("[\\[\\]]", "") + ")");
        });
    }

    Failure bad(String field, JsonNode value, String expected) {
        return Failure.bad(name(field) + ": " + shown(value) + " (expected: " + expected + ")");
    }

    private static String shown(JsonNode value) {
        String text = value.toString();
        return text.length() > 80 ? text.substring(0, 80) + "…" : text;
    }
}
