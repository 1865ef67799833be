package io.finback.controlplane.allocator;

import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Scalar resource names as small numbers, so that sums are arrays and not maps. One per {@link OfferBook}; a name that was seen once
 * stays, as the names of a pool are few.
 */
final class Scalars {
    /** Those every pass asks about. */
    static final int CPUS = 0;

    static final int MEM = 1;

    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<String> names = new ArrayList<>();

    Scalars() {
        if (number(Resources.CPUS) != CPUS || number(Resources.MEM) != MEM) {
            throw new IllegalStateException("cpus and mem are numbered first");
        }
    }

    /** The number of this name; the next free one if it is new. */
    int number(String name) {
        Integer known = numbers.get(name);
        if (known != null) {
            return known;
        }
        numbers.put(name, names.size());
        names.add(name);
        return names.size() - 1;
    }

    String name(int number) {
        return names.get(number);
    }

    int size() {
        return names.size();
    }

    /** An array of these amounts (thousandths) by number. */
    long[] vector(Map<String, Long> milli) {
        int highest = -1;
        for (String name : milli.keySet()) {
            highest = Math.max(highest, number(name));
        }
        long[] vector = new long[highest + 1];
        milli.forEach((name, amount) -> vector[number(name)] += amount);
        return vector;
    }
}
