package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.OfferConstraints.AttributeConstraint;
import io.finback.controlplane.allocator.OfferConstraints.Group;
import io.finback.resources.FaultDomain;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The offer constraints of one role of a framework, ready to be asked. An expression that does not compile fits no agent: an offer too few
 * is better than one against the framework's word.
 *
 * <p>An agent's attributes are compared by their text, whatever they are (Mesos lets scalars and ranges pass any text predicate).
 */
final class Fitness {
    private final int number;
    private final List<Group> source;
    private final List<List<Predicate<AgentSpec>>> groups = new ArrayList<>();

    /** How many seats ask it; kept by {@link FitnessBook}. */
    int users;

    Fitness(int number, List<Group> source, TextMatcher matcher) {
        this.number = number;
        this.source = source;
        for (Group group : source) {
            List<Predicate<AgentSpec>> all = new ArrayList<>();
            group.all().forEach(constraint -> all.add(predicate(constraint, matcher)));
            groups.add(all);
        }
    }

    /** Of all fitnesses in use at a time no two have the same. */
    int number() {
        return number;
    }

    List<Group> source() {
        return source;
    }

    boolean test(AgentSpec agent) {
        for (List<Predicate<AgentSpec>> group : groups) {
            boolean holds = true;
            for (Predicate<AgentSpec> constraint : group) {
                holds = holds && constraint.test(agent);
            }
            if (holds) {
                return true;
            }
        }
        return false;
    }

    private static Predicate<AgentSpec> predicate(AttributeConstraint constraint, TextMatcher matcher) {
        String text = constraint.text().orElse("");
        return switch (constraint.test()) {
            case EXISTS -> agent -> value(constraint, agent) != null;
            case NOT_EXISTS -> agent -> value(constraint, agent) == null;
            case TEXT_EQUALS -> agent -> text.equals(value(constraint, agent));
            case TEXT_NOT_EQUALS -> agent -> !text.equals(value(constraint, agent));
            case TEXT_MATCHES -> matches(constraint, matcher.compile(text), true);
            case TEXT_NOT_MATCHES -> matches(constraint, matcher.compile(text), false);
        };
    }

    private static Predicate<AgentSpec> matches(
            AttributeConstraint constraint, Optional<Predicate<String>> test, boolean wanted) {
        if (test.isEmpty()) {
            return agent -> false;
        }
        return agent -> {
            String value = value(constraint, agent);
            return value == null ? !wanted : test.get().test(value) == wanted;
        };
    }

    private static @Nullable String value(AttributeConstraint constraint, AgentSpec agent) {
        if (constraint.pseudo().isEmpty()) {
            return constraint.attribute().map(agent.attributes()::get).orElse(null);
        }
        return switch (constraint.pseudo().get()) {
            case HOSTNAME -> agent.hostname();
            case REGION -> agent.domain().map(FaultDomain::region).orElse(null);
            case ZONE -> agent.domain().map(FaultDomain::zone).orElse(null);
        };
    }
}
