package io.finback.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * How often principals may ask, in the form of Mesos' {@code --rate_limits}. A principal that is listed has a limit of its own, or none where
 * its entry has no {@code qps}; all others, and who gives no name, share the aggregate one. Immutable, pure. Source: apache/mesos
 * {@code docs/framework-rate-limiting.md}.
 */
record RateLimits(Map<String, Limit> principals, Limit others) {
    static final Limit UNLIMITED = new Limit(OptionalDouble.empty(), OptionalLong.empty());
    static final RateLimits NONE = new RateLimits(Map.of(), UNLIMITED);

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final double LEAST = 0.001;
    private static final double MOST = 1_000_000;

    /**
     * One limit.
     *
     * @param qps requests a second; empty: no limit
     * @param capacity how many may wait at most; empty: as many as may within the longest wait
     */
    record Limit(OptionalDouble qps, OptionalLong capacity) {}

    RateLimits {
        principals = Map.copyOf(principals);
    }

    Limit of(Optional<String> principal) {
        return principal.map(name -> principals.getOrDefault(name, others)).orElse(others);
    }

    /** Whether {@code principal} shares the aggregate limit. */
    boolean shares(Optional<String> principal) {
        return principal.isEmpty() || !principals.containsKey(principal.get());
    }

    /** Throws {@link IllegalArgumentException} with the place and what was expected there. */
    static RateLimits parse(String text) {
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "no JSON at line " + e.getLocation().getLineNr() + " (expected: an object with limits)", e);
        }
        known("", root, List.of("limits", "aggregate_default_qps", "aggregate_default_capacity"));
        Map<String, Limit> principals = new HashMap<>();
        JsonNode limits = root.path("limits");
        if (!limits.isMissingNode() && !limits.isArray()) {
            throw new IllegalArgumentException("limits: " + limits.getNodeType() + " (expected: a list)");
        }
        int index = 0;
        for (JsonNode limit : limits) {
            String at = "limits[" + index++ + "].";
            known(at, limit, List.of("principal", "qps", "capacity"));
            String principal = limit.path("principal").asText();
            if (principal.isEmpty()) {
                throw new IllegalArgumentException(at + "principal: missing (expected: a name)");
            }
            if (principals.put(principal, limit(at, "qps", "capacity", limit)) != null) {
                throw new IllegalArgumentException(at + "principal: " + principal + " is there twice (expected: once)");
            }
        }
        return new RateLimits(principals, limit("", "aggregate_default_qps", "aggregate_default_capacity", root));
    }

    private static void known(String at, JsonNode node, List<String> keys) {
        if (!node.isObject()) {
            throw new IllegalArgumentException(
                    (at.isEmpty() ? "" : at + " ") + node.getNodeType() + " (expected: an object with " + keys + ")");
        }
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!Set.copyOf(keys).contains(field.getKey())) {
                throw new IllegalArgumentException(at + field.getKey() + ": not known (expected: " + keys + ")");
            }
        }
    }

    private static Limit limit(String at, String qpsKey, String capacityKey, JsonNode node) {
        JsonNode qps = node.path(qpsKey);
        JsonNode capacity = node.path(capacityKey);
        if (!qps.isMissingNode() && !(qps.isNumber() && qps.asDouble() >= LEAST && qps.asDouble() <= MOST)) {
            throw new IllegalArgumentException(
                    at + qpsKey + ": " + qps + " (expected: a number from " + LEAST + " to " + (long) MOST + ")");
        }
        if (!capacity.isMissingNode() && !(capacity.canConvertToLong() && capacity.asLong() >= 0)) {
            throw new IllegalArgumentException(at + capacityKey + ": " + capacity + " (expected: a whole number >= 0)");
        }
        if (qps.isMissingNode() && !capacity.isMissingNode()) {
            throw new IllegalArgumentException(
                    at + capacityKey + ": " + capacity + " without " + qpsKey + " (expected: both, or neither)");
        }
        return new Limit(
                qps.isMissingNode() ? OptionalDouble.empty() : OptionalDouble.of(qps.asDouble()),
                capacity.isMissingNode() ? OptionalLong.empty() : OptionalLong.of(capacity.asLong()));
    }
}
