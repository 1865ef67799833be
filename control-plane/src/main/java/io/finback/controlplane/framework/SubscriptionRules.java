package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.resources.RoleName;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * What is wrong with a subscription, or with its update. Every answer names the field, the value and what was expected. Pure. Source:
 * apache/mesos {@code src/master/validation.cpp}, {@code framework::validate}.
 */
final class SubscriptionRules {
    static final int MOST_ROLES = 1000;
    static final int LONGEST_TEXT = 1024;
    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(365 * 292L);

    private SubscriptionRules() {}

    /** What is wrong whoever subscribes; empty: nothing. */
    static Optional<String> check(FrameworkInfo info, Collection<String> suppressed, OfferConstraints constraints) {
        return roles(info)
                .or(() -> timeout(info.failoverTimeout()))
                .or(() -> text("framework_info.name", info.name()))
                .or(() -> text("framework_info.user", info.user()))
                .or(() -> text("framework_info.principal", info.principal()))
                .or(() -> within("suppressed_roles", suppressed, info))
                .or(() -> within("framework_info.offer_filters", info.minimums().keySet(), info))
                .or(() -> minimums(info))
                .or(() -> within(
                        "offer_constraints.role_constraints",
                        constraints.byRole().keySet(),
                        info))
                .or(() -> constraints(constraints));
    }

    /** What may not change between two subscriptions of one framework; empty: nothing does. One that never said who it is may begin to. */
    static Optional<String> change(FrameworkInfo before, FrameworkInfo after) {
        return before.principal().isEmpty() ? Optional.empty() : principal(before, after);
    }

    private static Optional<String> principal(FrameworkInfo before, FrameworkInfo after) {
        return before.principal().equals(after.principal())
                ? Optional.empty()
                : Optional.of("framework_info.principal: '" + after.principal() + "' (expected: '" + before.principal()
                        + "'): Changing framework's principal is not allowed");
    }

    /** What an update may not change either, and is told so; empty: nothing does. A new subscription is not told. */
    static Optional<String> fixed(FrameworkInfo before, FrameworkInfo after) {
        Optional<String> principal = principal(before, after);
        if (principal.isPresent()) {
            return principal;
        }
        if (!before.user().equals(after.user())) {
            return Optional.of("framework_info.user: '" + after.user() + "' (expected: '" + before.user()
                    + "', which cannot be updated)");
        }
        return before.checkpoint() == after.checkpoint()
                ? Optional.empty()
                : Optional.of("framework_info.checkpoint: " + after.checkpoint() + " (expected: " + before.checkpoint()
                        + ", which cannot be updated)");
    }

    /** {@code after} with what can never change as it was {@code before}: silently, as Mesos has it. */
    static FrameworkInfo merged(FrameworkInfo before, FrameworkInfo after) {
        return new FrameworkInfo(
                after.name(),
                after.principal(),
                after.roles(),
                after.failoverTimeout(),
                before.user(),
                after.capabilities(),
                before.checkpoint(),
                after.hostname(),
                after.webuiUrl(),
                after.labels(),
                after.minimums());
    }

    private static Optional<String> roles(FrameworkInfo info) {
        if (info.roles().size() > MOST_ROLES) {
            return Optional.of(
                    "framework_info.roles: " + info.roles().size() + " roles (expected: at most " + MOST_ROLES + ")");
        }
        if (!info.has(Capability.MULTI_ROLE) && info.roles().size() != 1) {
            return Optional.of("framework_info.roles: " + info.roles().size()
                    + " roles (expected: one, or the capability MULTI_ROLE)");
        }
        Set<String> seen = new HashSet<>();
        for (String role : info.roles()) {
            Optional<String> problem = RoleName.problem(role).map(why -> "framework_info.roles: " + why);
            if (problem.isPresent()) {
                return problem;
            }
            if (!seen.add(role)) {
                return Optional.of("framework_info.roles: '" + role + "' twice (expected: each role once)");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> timeout(Duration timeout) {
        return timeout.isNegative() || timeout.compareTo(LONGEST_TIMEOUT) > 0
                ? Optional.of("framework_info.failover_timeout: " + timeout.toSeconds() + " s (expected: 0 to "
                        + LONGEST_TIMEOUT.toSeconds() + ")")
                : Optional.empty();
    }

    private static Optional<String> text(String field, String value) {
        return value.length() > LONGEST_TEXT
                ? Optional.of(field + ": " + value.length() + " characters (expected: at most " + LONGEST_TEXT + ")")
                : Optional.empty();
    }

    private static Optional<String> within(String field, Collection<String> roles, FrameworkInfo info) {
        Set<String> subscribed = new HashSet<>(info.roles());
        return roles.stream()
                .filter(role -> !subscribed.contains(role))
                .findFirst()
                .map(role ->
                        field + ": role '" + role + "' (expected: one of the framework's roles " + info.roles() + ")");
    }

    private static Optional<String> minimums(FrameworkInfo info) {
        for (Map.Entry<String, List<SortedMap<String, Long>>> entry :
                info.minimums().entrySet()) {
            for (SortedMap<String, Long> amounts : entry.getValue()) {
                for (Map.Entry<String, Long> amount : amounts.entrySet()) {
                    if (amount.getValue() < 0) {
                        return Optional.of("framework_info.offer_filters: role '" + entry.getKey() + "': "
                                + amount.getKey() + ": " + amount.getValue() / 1000.0 + " (expected: >= 0)");
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> constraints(OfferConstraints constraints) {
        for (Map.Entry<String, List<OfferConstraints.Group>> entry :
                constraints.byRole().entrySet()) {
            for (OfferConstraints.Group group : entry.getValue()) {
                for (OfferConstraints.AttributeConstraint one : group.all()) {
                    Optional<String> problem = constraint(one);
                    if (problem.isPresent()) {
                        return problem.map(why -> "offer_constraints: role '" + entry.getKey() + "': " + why);
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> constraint(OfferConstraints.AttributeConstraint one) {
        if (one.pseudo().isPresent() == one.attribute().isPresent()) {
            return Optional.of("selector: " + one.pseudo().map(Enum::name).orElse("neither")
                    + one.attribute().map(name -> " and '" + name + "'").orElse("")
                    + " (expected: either pseudoattribute_type or attribute_name)");
        }
        boolean textless = one.test() == OfferConstraints.Test.EXISTS || one.test() == OfferConstraints.Test.NOT_EXISTS;
        if (textless == one.text().isPresent()) {
            return Optional.of("predicate " + one.test() + (textless ? ": has a text" : ": has no text")
                    + " (expected: " + (textless ? "none" : "one") + ")");
        }
        return Optional.empty();
    }
}
