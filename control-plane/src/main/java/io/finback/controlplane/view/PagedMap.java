package io.finback.controlplane.view;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A map whose values can be had as immutable {@link Pages} at a cost of what changed since the last time (and one reference per
 * page). Mutable, not thread-safe. A value keeps its place until it is removed; freed places are taken first.
 */
final class PagedMap<K, T> {
    private final Map<K, Integer> slots = new HashMap<>();
    private final List<List<Optional<T>>> chunks = new ArrayList<>();
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
        set(slot, Optional.of(value));
    }

    @CanIgnoreReturnValue
    boolean remove(K key) {
        Integer slot = slots.remove(key);
        if (slot == null) {
            return false;
        }
        set(slot, Optional.empty());
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
        snapshot = new Pages<>(Collections.unmodifiableList(pages), slots.size());
        return snapshot;
    }

    private int place(K key) {
        int slot = freeCount > 0 ? free[--freeCount] : used++;
        if (slot / Pages.SIZE == chunks.size()) {
            chunks.add(new ArrayList<>(Collections.nCopies(Pages.SIZE, Optional.empty())));
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

    private void set(int slot, Optional<T> value) {
        chunks.get(slot / Pages.SIZE).set(slot % Pages.SIZE, value);
        dirty.set(slot / Pages.SIZE);
    }

    private T at(int slot) {
        return chunks.get(slot / Pages.SIZE).get(slot % Pages.SIZE).orElseThrow();
    }

    private static <T> Page<T> page(List<Optional<T>> chunk) {
        return new Page<>(chunk.stream().flatMap(Optional::stream).toList());
    }
}
