package io.finback.controlplane.framework;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What has been said and not been answered, with the time to say it again. Delays double from the first to the longest. */
final class Repeats<K> {
    private record Next(Instant at, Duration delay) {}

    private final Duration first;
    private final Duration longest;
    private final Map<K, Next> waiting = new LinkedHashMap<>();

    Repeats(Duration first, Duration longest) {
        this.first = first;
        this.longest = longest;
    }

    /** Said now for the first time. */
    void said(K what, Instant now) {
        waiting.put(what, new Next(now.plus(first), first));
    }

    /** To be said with the next {@link #due}. */
    void sayNow(K what, Instant now) {
        waiting.put(what, new Next(now, first));
    }

    void answered(K what) {
        waiting.remove(what);
    }

    boolean contains(K what) {
        return waiting.containsKey(what);
    }

    /** What is due, which counts as said again. O(waiting). */
    List<K> due(Instant now) {
        List<K> due = new ArrayList<>();
        waiting.replaceAll((what, next) -> {
            if (next.at().isAfter(now)) {
                return next;
            }
            due.add(what);
            Duration doubled = next.delay().multipliedBy(2);
            Duration delay = doubled.compareTo(longest) > 0 ? longest : doubled;
            return new Next(now.plus(delay), delay);
        });
        return due;
    }
}
