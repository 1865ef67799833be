package io.finback.wire;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts what may be long into messages that stay below Artery's frame ({@code maximum-frame-size}, 2 MiB): what is larger than a frame
 * is dropped, silently for its sender. The order of the items is kept.
 */
public final class Parts {
    /** About a quarter of a frame: sizes are estimated, and a gateway's frames should not be long either. */
    public static final long MAX_BYTES = 512 * 1024;

    /** What a single item (a task, a status) may be at most; checked where it enters the cluster. */
    public static final long MAX_ITEM_BYTES = 1024 * 1024;

    private Parts() {}

    /** None for no items. An item that is larger than {@link #MAX_BYTES} travels alone. */
    public static <T> List<List<T>> of(List<T> items) {
        return of(items, MAX_BYTES);
    }

    static <T> List<List<T>> of(List<T> items, long maxBytes) {
        List<List<T>> parts = new ArrayList<>();
        int from = 0;
        long bytes = 0;
        for (int i = 0; i < items.size(); i++) {
            long next = WireSize.of(items.get(i));
            if (i > from && bytes + next > maxBytes) {
                parts.add(List.copyOf(items.subList(from, i)));
                from = i;
                bytes = 0;
            }
            bytes += next;
        }
        if (from < items.size()) {
            parts.add(from == 0 ? List.copyOf(items) : List.copyOf(items.subList(from, items.size())));
        }
        return parts;
    }

    /** Whether one item can travel at all. */
    public static boolean fits(Object item) {
        return WireSize.of(item) <= MAX_ITEM_BYTES;
    }
}
