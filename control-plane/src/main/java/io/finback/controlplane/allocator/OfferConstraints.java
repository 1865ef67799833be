package io.finback.controlplane.allocator;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which agents a framework wants to be offered, per role: at least one group must hold, and in it every constraint. A role without
 * entry is offered any agent. Source: Mesos 1.11 {@code OfferConstraints}.
 */
public record OfferConstraints(Map<String, List<Group>> byRole) {
    public static final OfferConstraints NONE = new OfferConstraints(Map.of());

    public OfferConstraints {
        Map<String, List<Group>> copy = new HashMap<>();
        byRole.forEach((role, groups) -> copy.put(role, List.copyOf(groups)));
        byRole = Map.copyOf(copy);
    }

    /** Every one of these must hold. */
    public record Group(List<AttributeConstraint> all) {
        public Group {
            all = List.copyOf(all);
        }
    }

    /** What of an agent is looked at, besides its attributes. */
    public enum Pseudo {
        HOSTNAME,
        REGION,
        ZONE
    }

    /** The text predicates hold for an attribute that is no text, or is not there, as Mesos has it: {@code NOT_EQUALS} and such do. */
    public enum Test {
        EXISTS,
        NOT_EXISTS,
        TEXT_EQUALS,
        TEXT_NOT_EQUALS,
        TEXT_MATCHES,
        TEXT_NOT_MATCHES
    }

    /**
     * One condition.
     *
     * @param pseudo looked at if present, else the attribute of this name
     * @param text what to compare with, or the regular expression (RE2); empty for EXISTS and NOT_EXISTS
     */
    public record AttributeConstraint(
            Optional<Pseudo> pseudo, Optional<String> attribute, Test test, Optional<String> text) {}

    public boolean isEmpty() {
        return byRole.isEmpty();
    }
}
