package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.OfferConstraints.Group;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Every {@link Fitness} in use. Equal constraints are one: an agent answers them once for all frameworks. */
final class FitnessBook {
    private final Slots slots;
    private final TextMatcher matcher;
    private final Map<List<Group>, Fitness> inUse = new HashMap<>();
    private final List<Integer> unused = new ArrayList<>();
    private int next;

    FitnessBook(Slots slots, TextMatcher matcher) {
        this.slots = slots;
        this.matcher = matcher;
    }

    /** Takes the fitness of these constraints into use in the place of another. */
    Fitness exchange(@Nullable Fitness old, List<Group> constraints) {
        Fitness fitness = inUse.get(constraints);
        if (fitness == null) {
            fitness = new Fitness(number(), constraints, matcher);
            inUse.put(constraints, fitness);
        }
        fitness.users++;
        release(old);
        return fitness;
    }

    void release(@Nullable Fitness fitness) {
        if (fitness != null && --fitness.users == 0) {
            inUse.remove(fitness.source());
            unused.add(fitness.number());
        }
    }

    private int number() {
        if (unused.isEmpty()) {
            return next++;
        }
        int number = unused.remove(unused.size() - 1);
        slots.forEach(slot -> slot.forgetFitness(number));
        return number;
    }
}
