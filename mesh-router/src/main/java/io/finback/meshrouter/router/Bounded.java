package io.finback.meshrouter.router;

import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Values by name, at most {@code limit} of them: the one asked for longest ago makes room. Thread-safe. Finding is O(1), making room
 * O(limit).
 */
final class Bounded<V> {
    private static final class Entry<V> {
        final V value;
        /** By the clock, because a counter of all uses would be one place that every thread writes. */
        final AtomicLong lastUsed = new AtomicLong();

        Entry(V value) {
            this.value = value;
        }
    }

    private final int limit;
    private final Consumer<V> evicted;
    private final ConcurrentHashMap<String, Entry<V>> entries = new ConcurrentHashMap<>();
    private final LongSupplier clock;
    private final LongAdder misses = new LongAdder();
    private final LongAdder evictions = new LongAdder();

    Bounded(int limit, Consumer<V> evicted) {
        this(limit, evicted, System::nanoTime);
    }

    Bounded(int limit, Consumer<V> evicted, LongSupplier clock) {
        this.clock = clock;
        this.limit = limit;
        this.evicted = evicted;
    }

    V get(String name, Function<String, V> create) {
        Entry<V> entry = entries.get(name);
        if (entry == null) {
            entry = add(name, create);
        }
        entry.lastUsed.lazySet(clock.getAsLong());
        return entry.value;
    }

    private synchronized Entry<V> add(String name, Function<String, V> create) {
        Entry<V> entry = entries.get(name);
        if (entry != null) {
            return entry;
        }
        if (entries.size() >= limit) {
            Optional<Map.Entry<String, Entry<V>>> oldest = entries.entrySet().stream()
                    .min(Comparator.comparingLong(e -> e.getValue().lastUsed.get()));
            oldest.ifPresent(e -> {
                entries.remove(e.getKey());
                evictions.increment();
                evicted.accept(e.getValue().value);
            });
        }
        misses.increment();
        Entry<V> made = new Entry<>(create.apply(name));
        entries.put(name, made);
        return made;
    }

    /** How often a name was asked for that was not there. */
    long misses() {
        return misses.sum();
    }

    /** How often one made room for another. */
    long evictions() {
        return evictions.sum();
    }

    /** A copy, sorted by name. */
    Map<String, V> all() {
        Map<String, V> all = new TreeMap<>();
        entries.forEach((name, entry) -> all.put(name, entry.value));
        return all;
    }
}
