package io.finback.controlplane.allocator;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * What an offer must hold to be worth making: at least one of several amounts. None at all: anything is worth it. Source: Mesos {@code
 * FrameworkInfo.offer_filters}.
 */
final class Minimum {
    private final List<long[]> amounts = new ArrayList<>();
    private final List<SortedMap<String, Long>> shown;

    Minimum(List<SortedMap<String, Long>> amounts, Scalars names) {
        amounts.forEach(amount -> this.amounts.add(names.vector(amount)));
        this.shown = amounts;
    }

    boolean isMet(long[] scalars) {
        for (long[] amount : amounts) {
            if (holds(scalars, amount)) {
                return true;
            }
        }
        return amounts.isEmpty();
    }

    boolean isOf(List<SortedMap<String, Long>> others) {
        return shown.equals(others);
    }

    private static boolean holds(long[] scalars, long[] amount) {
        for (int i = 0; i < amount.length; i++) {
            if (amount[i] > Portion.at(scalars, i)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return shown.toString();
    }
}
