package io.finback.meshrouter.namers;

import io.finback.names.NotYetKnown;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Values that are watched elsewhere, by key, whose text is shown: asking for one begins to watch it. At most {@code limit} watches; room is
 * made by ending one whose value is nothing, else the one asked for longest ago. The last value stays while its far end is gone. Thread-safe.
 */
final class Watches<K, T> implements AutoCloseable {
    private final class Held {
        final K key;
        volatile @Nullable T value;
        volatile long asked;
        volatile boolean ended;
        volatile @Nullable AutoCloseable watch;

        Held(K key) {
            this.key = key;
        }
    }

    private final int limit;
    private final BiFunction<K, Consumer<T>, AutoCloseable> begin;
    private final Predicate<T> nothing;
    private final String what;
    private final Changes changes;
    private final ConcurrentHashMap<K, Held> all = new ConcurrentHashMap<>();
    private final AtomicLong asks = new AtomicLong();
    private volatile boolean closed;

    /**
     * A table of watches.
     *
     * @param what is watched, for people, such as {@code consul service}
     * @param begin begins to watch a key; tells values until closed, the first perhaps at once
     * @param nothing whether a value says that there is no such thing
     */
    Watches(
            String what,
            int limit,
            Changes changes,
            Predicate<T> nothing,
            BiFunction<K, Consumer<T>, AutoCloseable> begin) {
        this.what = what;
        this.limit = limit;
        this.changes = changes;
        this.nothing = nothing;
        this.begin = begin;
    }

    /** The last value. Throws {@link NotYetKnown} before there is one. */
    T get(K key) {
        T value = held(key).value;
        if (value == null) {
            throw new NotYetKnown(what + " " + key);
        }
        return value;
    }

    /** The last value at any time, also after its watch had to make room; {@code otherwise} before the first. */
    Supplier<T> live(K key, T otherwise) {
        return new Supplier<>() {
            private volatile Held mine = held(key);

            @Override
            public T get() {
                Held current = mine;
                T value = current.value;
                if (current.ended) {
                    Held next = held(key);
                    if (next.value != null) {
                        mine = next;
                        value = next.value;
                    }
                }
                return value == null ? otherwise : value;
            }
        };
    }

    private Held held(K key) {
        Held known = all.get(key);
        if (known == null) {
            known = add(key);
        }
        known.asked = asks.incrementAndGet();
        return known;
    }

    private synchronized Held add(K key) {
        Held known = all.get(key);
        if (known != null) {
            return known;
        }
        if (all.size() >= limit) {
            makeRoom();
        }
        Held held = new Held(key);
        if (closed) {
            return held;
        }
        all.put(key, held);
        held.watch = begin.apply(key, value -> update(held, value));
        return held;
    }

    private void update(Held held, T value) {
        T before = held.value;
        if (held.ended) {
            return;
        }
        held.value = value;
        if (before == null || nothing.test(before) != nothing.test(value) || !sameMeaning(before, value)) {
            changes.happened();
        }
    }

    /** Whether bindings stay true: lists of addresses are followed by who uses them, everything else is not. */
    private boolean sameMeaning(T before, T after) {
        return before instanceof Optional<?> || before.equals(after);
    }

    private void makeRoom() {
        Comparator<Held> first = Comparator.comparing(h -> {
            T value = h.value;
            return value == null || !nothing.test(value);
        });
        Optional<Held> out = all.values().stream().min(first.thenComparingLong(h -> h.asked));
        out.ifPresent(held -> {
            all.remove(held.key);
            end(held);
            changes.happened();
        });
    }

    private void end(Held held) {
        held.ended = true;
        Streams.close(held.watch);
    }

    /** Keys and last values; empty where there is none yet. */
    Map<String, Optional<T>> state() {
        Map<String, Optional<T>> state = new TreeMap<>();
        all.forEach((key, held) -> state.put(key.toString(), Optional.ofNullable(held.value)));
        return state;
    }

    @Override
    public synchronized void close() {
        closed = true;
        all.values().forEach(this::end);
        all.clear();
    }
}
