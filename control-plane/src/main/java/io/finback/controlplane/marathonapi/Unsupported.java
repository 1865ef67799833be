package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;

/** Refuses what this server cannot do yet and would be silently wrong if it were only kept. Empty values pass. */
final class Unsupported {
    private static final List<String> FIELDS = List.of("storeUrls", "ipAddress", "executorResources", "taskRateLimit");
    private static final List<String> CONTAINER = List.of("linuxInfo");
    private static final Set<String> EXECUTORS = Set.of("", "//cmd");
    private static final String NOT_YET = "is not supported yet";

    private Unsupported() {}

    static void check(Fields fields, Problems problems) {
        for (String name : FIELDS) {
            if (fields.any(name).filter(n -> !blank(n)).isPresent()) {
                problems.rule("/" + name, NOT_YET);
            }
        }
        fields.any("container").filter(JsonNode::isObject).ifPresent(container -> {
            for (String name : CONTAINER) {
                if (container.hasNonNull(name) && !blank(container.get(name))) {
                    problems.rule("/container/" + name, NOT_YET);
                }
            }
        });
        fields.text("executor")
                .filter(e -> !EXECUTORS.contains(e))
                .ifPresent(e -> problems.rule(
                        "/executor", "'" + e + "' (expected: '' or '//cmd'; custom executors are not supported yet)"));
        if (fields.bool("tty").orElse(false)) {
            problems.rule("/tty", NOT_YET);
        }
    }

    private static boolean blank(JsonNode node) {
        return node.isNull() || (node.isContainerNode() && node.isEmpty());
    }
}
