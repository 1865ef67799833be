package io.finback.controlplane.allocator;

import io.finback.resources.Resources;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Running sums of scalar resources in thousandths, over all kinds. Mutable, so that one change costs one addition per resource name. */
final class Sums {
    private final Map<String, Long> milli = new HashMap<>();

    void add(Resources amount) {
        amount.quantities().forEach((name, value) -> milli.merge(name, value, Long::sum));
    }

    void subtract(Resources amount) {
        amount.quantities().forEach((name, value) -> {
            long left = milli.getOrDefault(name, 0L) - value;
            if (left < 0) {
                throw new IllegalStateException(name + ": sum " + left + " thousandths (expected: >= 0)");
            }
            milli.put(name, left);
        });
    }

    long milli(String name) {
        return milli.getOrDefault(name, 0L);
    }

    Iterable<String> names() {
        return milli.keySet();
    }

    boolean isZero() {
        return milli.values().stream().allMatch(value -> value == 0);
    }

    /** A copy without zeros. */
    SortedMap<String, Long> quantities() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(nonZero()));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Sums sums && nonZero().equals(sums.nonZero());
    }

    @Override
    public int hashCode() {
        return nonZero().hashCode();
    }

    @Override
    public String toString() {
        return nonZero().toString();
    }

    private Map<String, Long> nonZero() {
        Map<String, Long> copy = new HashMap<>(milli);
        copy.values().removeIf(value -> value == 0);
        return copy;
    }
}
