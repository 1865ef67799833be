package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.scheduler.AppRules;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is wrong with a body, by path: wrong types are told before broken rules, as Marathon does. */
final class Problems {
    private final Map<String, List<String>> types = new LinkedHashMap<>();
    private final Map<String, List<String>> rules = new LinkedHashMap<>();

    void type(String path, String error) {
        types.computeIfAbsent(path, p -> new java.util.ArrayList<>()).add(error);
    }

    void rule(String path, String error) {
        rules.computeIfAbsent(path, p -> new java.util.ArrayList<>()).add(error);
    }

    void rules(List<AppRules.Violation> violations) {
        violations.forEach(v -> rule(v.path(), v.message()));
    }

    boolean none() {
        return types.isEmpty() && rules.isEmpty();
    }

    boolean wrongTypes() {
        return !types.isEmpty();
    }

    /** Throws what was found, if anything. */
    void check() {
        if (!types.isEmpty()) {
            throw new ApiFailure(400, body("Invalid JSON", types));
        }
        if (!rules.isEmpty()) {
            throw new ApiFailure(422, body("Object is not valid", rules));
        }
    }

    private static ObjectNode body(String message, Map<String, List<String>> problems) {
        ObjectNode body = Json.object().put("message", message);
        ArrayNode details = body.putArray("details");
        problems.forEach((path, errors) -> {
            ArrayNode list = details.addObject().put("path", path).putArray("errors");
            errors.forEach(list::add);
        });
        return body;
    }
}
