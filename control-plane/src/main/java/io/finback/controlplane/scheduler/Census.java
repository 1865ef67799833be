package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.Instance.Phase;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * How many instances of which kind there are: what most questions about an app need, at a price that does not grow with the app. Immutable.
 */
final class Census {
    static final Census EMPTY = new Census(Map.of());

    /** What instances are counted by. {@code ready}: {@link Instance#ready()}. */
    record Kind(Instant configAt, Phase phase, boolean doomed, boolean ready) {
        static Kind of(Instance instance) {
            return new Kind(instance.configAt(), instance.phase(), instance.doomed(), instance.ready());
        }

        boolean launched() {
            return phase != Phase.SCHEDULED;
        }
    }

    private final Map<Kind, Integer> counts;

    private Census(Map<Kind, Integer> counts) {
        this.counts = counts;
    }

    /** How many are of the kinds that {@code which} takes. O(kinds), which are few. */
    int count(Predicate<Kind> which) {
        int sum = 0;
        for (Map.Entry<Kind, Integer> entry : counts.entrySet()) {
            if (which.test(entry.getKey())) {
                sum += entry.getValue();
            }
        }
        return sum;
    }

    boolean any(Predicate<Kind> which) {
        return counts.keySet().stream().anyMatch(which);
    }

    /** One that counts on. Confined to whoever asked for it. */
    Counter counter() {
        return new Counter(counts);
    }

    static final class Counter {
        private final Map<Kind, Integer> counts;

        private Counter(Map<Kind, Integer> counts) {
            this.counts = new HashMap<>(counts);
        }

        void add(Instance instance) {
            counts.merge(Kind.of(instance), 1, Integer::sum);
        }

        void remove(Instance instance) {
            counts.computeIfPresent(Kind.of(instance), (kind, count) -> count == 1 ? null : count - 1);
        }

        Census done() {
            return new Census(counts);
        }
    }
}
