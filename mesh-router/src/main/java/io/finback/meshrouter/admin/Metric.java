package io.finback.meshrouter.admin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One number, or one distribution, with Linkerd's name.
 *
 * @param scope from the outside in, such as {@code rt, http, service, svc/web}: what contains slashes is one element
 * @param name of the metric within it, such as {@code requests} or {@code status/200}
 * @param values of a counter or gauge, one under the empty name; of a distribution, by {@code count}, {@code p50} and so on
 */
record Metric(List<String> scope, String name, Kind kind, Map<String, Number> values) {
    enum Kind {
        COUNTER,
        GAUGE,
        STAT
    }

    Metric {
        scope = List.copyOf(scope);
    }

    /** Its key in {@code metrics.json}. */
    String key() {
        return String.join("/", scope) + "/" + name;
    }

    /** Its values by their keys in {@code metrics.json}. */
    Map<String, Number> flat() {
        Map<String, Number> flat = new LinkedHashMap<>();
        values.forEach((name, value) -> flat.put(name.isEmpty() ? key() : key() + "." + name, value));
        return flat;
    }

    /** Its values by the names they have in a tree. */
    Map<String, Number> leaf() {
        Map<String, Number> leaf = new LinkedHashMap<>();
        values.forEach((name, value) -> leaf.put(
                switch (kind) {
                    case COUNTER -> "counter";
                    case GAUGE -> "gauge";
                    case STAT -> "stat." + name;
                },
                value));
        return leaf;
    }
}
