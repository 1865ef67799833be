package io.finback.controlplane.scheduler;

import io.finback.controlplane.placement.Rule;
import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import java.util.Optional;

/** Constraints as definitions have them, and as placing knows them. */
public final class Constraints {
    private Constraints() {}

    /** Says what is wrong with a constraint; empty when nothing is. */
    public static Optional<String> problem(Constraint c) {
        return Rule.problem(c.operator(), c.value());
    }

    /** {@code c} has no {@link #problem}. */
    static Rule rule(Constraint c) {
        return Rule.of(c.field(), c.operator(), c.value());
    }
}
