package io.finback.controlplane.view;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A map whose values can be had as immutable {@link Pages} at a cost of what changed since the last time (and one reference per
 * page). Mutable, not thread-safe. A value keeps its place until it is removed; freed places are taken first.
 */
final class PagedMap<K, T> {
    private final Map<K, Integer> slots = new HashMap<>();
    private final List<@Nullable Object[]> chunks = new ArrayList<>();
    private final BitSet dirty = new BitSet();
    private int[] free = new int[16];
    private int freeCount;
    private int used;
    private List<Page<T>> published = List.of();
    private Pages<T> snapshot = new Pages<>(List.of(), 0);

    int size() {
        return slots.size();
    }

    boolean contains(K key) {
        return slots.containsKey(key);
    }

    Optional<T> get(K key) {
        Integer slot = slots.get(key);
        return slot == null ? Optional.empty() : Optional.of(at(slot));
    }

    void put(K key, T value) {
        Integer known = slots.get(key);
        int slot = known == null ? place(key) : known;
        chunks.get(slot / Pages.SIZE)[slot % Pages.SIZE] = value;
        dirty.set(slot / Pages.SIZE);
    }

    boolean remove(K key) {
        Integer slot = slots.remove(key);
        if (slot == null) {
            return false;
        }
        chunks.get(slot / Pages.SIZE)[slot % Pages.SIZE] = null;
        dirty.set(slot / Pages.SIZE);
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, freeCount * 2);
        }
        free[freeCount++] = slot;
        return true;
    }

    List<K> keys() {
        return new ArrayList<>(slots.keySet());
    }

    Pages<T> snapshot() {
        if (used > 64 * Pages.SIZE && slots.size() < used / 4) {
            compact();
        }
        if (dirty.isEmpty()) {
            return snapshot;
        }
        List<Page<T>> pages = new ArrayList<>(published);
        while (pages.size() < chunks.size()) {
            pages.add(new Page<>(List.of()));
        }
        dirty.stream().forEach(index -> pages.set(index, page(chunks.get(index))));
        dirty.clear();
        published = pages;
        snapshot = new Pages<>(java.util.Collections.unmodifiableList(pages), slots.size());
        return snapshot;
    }

    private int place(K key) {
        int slot = freeCount > 0 ? free[--freeCount] : used++;
        if (slot / Pages.SIZE == chunks.size()) {
            chunks.add(new Object[Pages.SIZE]);
        }
        slots.put(key, slot);
        return slot;
    }

    /** After a large decline: what is left moves together. */
    private void compact() {
        Map<K, T> left = new HashMap<>();
        slots.forEach((key, slot) -> left.put(key, at(slot)));
        slots.clear();
        chunks.clear();
        dirty.clear();
        freeCount = 0;
        used = 0;
        published = List.of();
        snapshot = new Pages<>(List.of(), 0);
        left.forEach(this::put);
    }

    // The cast: only values are ever stored.
    @SuppressWarnings("unchecked")
    private T at(int slot) {
        return (T) Objects.requireNonNull(chunks.get(slot / Pages.SIZE)[slot % Pages.SIZE]);
    }

    // The cast: as above.
    @SuppressWarnings("unchecked")
    private Page<T> page(@Nullable Object[] chunk) {
        List<T> items = new ArrayList<>(Pages.SIZE);
        for (Object item : chunk) {
            if (item != null) {
                items.add((T) item);
            }
        }
        return new Page<>(items);
    }
}
