package io.finback.controlplane.framework;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What has been said and not been answered, with the time to say it again. Delays double from the first to the longest. Ordered by that
 * time, so that looking costs what is due and not what is waiting.
 */
final class Repeats<K> {
    private record Next(Instant at, Duration delay) {}

    private final Duration first;
    private final Duration longest;
    private final Map<K, Next> waiting = new HashMap<>();
    private final TreeMap<Instant, Set<K>> byTime = new TreeMap<>();

    Repeats(Duration first, Duration longest) {
        this.first = first;
        this.longest = longest;
    }

    /** Said now for the first time. */
    void said(K what, Instant now) {
        put(what, new Next(now.plus(first), first));
    }

    /** To be said with the next {@link #due}. */
    void sayNow(K what, Instant now) {
        put(what, new Next(now, first));
    }

    void answered(K what) {
        Next next = waiting.remove(what);
        if (next != null) {
            forget(what, next.at());
        }
    }

    boolean contains(K what) {
        return waiting.containsKey(what);
    }

    int size() {
        return waiting.size();
    }

    Set<K> all() {
        return Collections.unmodifiableSet(waiting.keySet());
    }

    /** What is due, longest due first, at most {@code most}, which counts as said again. O(result * log waiting). */
    List<K> due(Instant now, int most) {
        List<K> due = new ArrayList<>();
        while (due.size() < most && !byTime.isEmpty() && !byTime.firstKey().isAfter(now)) {
            Set<K> earliest = byTime.firstEntry().getValue();
            for (K what : earliest.stream().limit(most - due.size()).toList()) {
                due.add(what);
                again(what, now);
            }
        }
        return due;
    }

    private void again(K what, Instant now) {
        Next next = waiting.get(what);
        if (next != null) {
            Duration doubled = next.delay().multipliedBy(2);
            Duration delay = doubled.compareTo(longest) > 0 ? longest : doubled;
            put(what, new Next(now.plus(delay), delay));
        }
    }

    private void put(K what, Next next) {
        Next old = waiting.put(what, next);
        if (old != null) {
            forget(what, old.at());
        }
        byTime.computeIfAbsent(next.at(), at -> new LinkedHashSet<>()).add(what);
    }

    private void forget(K what, Instant at) {
        byTime.computeIfPresent(at, (time, set) -> {
            set.remove(what);
            return set.isEmpty() ? null : set;
        });
    }
}
