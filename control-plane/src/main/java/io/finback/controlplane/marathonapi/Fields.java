package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** Reads the fields of one JSON object. Null is absent; a wrong type is noted under the field's path and read as absent. */
final class Fields {
    private final JsonNode node;
    private final String path;
    private final Problems problems;

    Fields(JsonNode node, String path, Problems problems) {
        this.node = node;
        this.path = path;
        this.problems = problems;
        if (!node.isObject()) {
            problems.type(path.isEmpty() ? "/" : path, "error.expected.jsobject");
        }
    }

    String path(String name) {
        return path + "/" + name;
    }

    boolean has(String name) {
        return node.hasNonNull(name);
    }

    Optional<JsonNode> any(String name) {
        return has(name) ? Optional.of(node.get(name)) : Optional.empty();
    }

    Optional<String> text(String name) {
        return any(name)
                .filter(n -> expect(n.isTextual(), path(name), "error.expected.jsstring"))
                .map(JsonNode::textValue);
    }

    Optional<Boolean> bool(String name) {
        return any(name)
                .filter(n -> expect(n.isBoolean(), path(name), "error.expected.jsboolean"))
                .map(JsonNode::booleanValue);
    }

    Optional<Double> number(String name) {
        return any(name)
                .filter(n -> expect(n.isNumber(), path(name), "error.expected.jsnumber"))
                .map(JsonNode::doubleValue);
    }

    Optional<Integer> integer(String name) {
        return any(name).flatMap(n -> integer(n, path(name)));
    }

    Optional<Duration> seconds(String name) {
        return number(name).map(s -> Duration.ofMillis(Math.round(Math.max(-1e12, Math.min(1e12, s)) * 1000)));
    }

    Optional<Fields> object(String name) {
        return any(name)
                .filter(n -> expect(n.isObject(), path(name), "error.expected.jsobject"))
                .map(n -> new Fields(n, path(name), problems));
    }

    /** Each element by {@code read}(element, path); empty results are left out. */
    <T> Optional<List<T>> list(String name, BiFunction<JsonNode, String, Optional<T>> read) {
        return any(name)
                .filter(n -> expect(n.isArray(), path(name), "error.expected.jsarray"))
                .map(n -> elements(n, path(name), read));
    }

    Optional<List<String>> texts(String name) {
        return list(name, this::text);
    }

    Optional<List<Integer>> integers(String name) {
        return list(name, this::integer);
    }

    Optional<Map<String, String>> map(String name) {
        return object(name).map(fields -> {
            Map<String, String> map = new TreeMap<>();
            fields.node.properties().forEach(e -> text(e.getValue(), fields.path(e.getKey()))
                    .ifPresent(value -> map.put(e.getKey(), value)));
            return map;
        });
    }

    Optional<String> text(JsonNode element, String at) {
        return expect(element.isTextual(), at, "error.expected.jsstring")
                ? Optional.of(element.textValue())
                : Optional.empty();
    }

    Optional<Integer> integer(JsonNode element, String at) {
        if (!expect(element.isNumber(), at, "error.expected.jsnumber")) {
            return Optional.empty();
        }
        double value = element.doubleValue();
        boolean whole = value == Math.rint(value) && Math.abs(value) <= Integer.MAX_VALUE;
        return expect(whole, at, "error.expected.int") ? Optional.of((int) value) : Optional.empty();
    }

    <T> List<T> elements(JsonNode array, String at, BiFunction<JsonNode, String, Optional<T>> read) {
        List<T> values = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            read.apply(array.get(i), at + "(" + i + ")").ifPresent(values::add);
        }
        return values;
    }

    Fields element(JsonNode element, String at) {
        return new Fields(element, at, problems);
    }

    private boolean expect(boolean holds, String at, String error) {
        if (!holds) {
            problems.type(at, error);
        }
        return holds;
    }
}
