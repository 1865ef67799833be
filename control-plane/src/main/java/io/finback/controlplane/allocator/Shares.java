package io.finback.controlplane.allocator;

import io.finback.resources.Kind;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/** Which part of an amount of resources counts to what. */
final class Shares {
    private Shares() {}

    /** Everything but shared volumes. */
    static Resources exclusive(Resources amount) {
        return amount.isPlain() ? amount : amount.filter(kind -> !kind.shared());
    }

    /** What a quota counts: unreserved and not revocable. */
    static Resources chargeable(Resources amount) {
        return amount.isPlain() ? amount : amount.filter(Shares::isChargeable);
    }

    static boolean isChargeable(Kind kind) {
        return !kind.isReserved() && !kind.revocable() && !kind.shared();
    }

    /**
     * The amount with what a quota counts cut to {@code allowed} thousandths per scalar. What is indivisible is left out if it does not
     * fit. Ranges, sets, and what no quota counts stay.
     */
    static Resources cut(Resources amount, ToLongFunction<String> allowed) {
        Map<String, Long> left = new TreeMap<>();
        SortedMap<String, Long> plain = cut(amount.milli(), left, allowed);
        List<Special> special = new ArrayList<>();
        for (Special entry : amount.special()) {
            if (!isChargeable(entry.kind())) {
                special.add(entry);
                continue;
            }
            Map<String, Long> before = new TreeMap<>(left);
            SortedMap<String, Long> kept = cut(entry.amount().milli(), left, allowed);
            Resources rest =
                    new Resources(kept, entry.amount().ranges(), entry.amount().sets(), List.of());
            if (entry.kind().isIndivisible() && !rest.equals(entry.amount())) {
                left = before;
            } else if (!rest.isEmpty()) {
                special.add(new Special(entry.kind(), rest));
            }
        }
        return new Resources(plain, amount.ranges(), amount.sets(), special);
    }

    private static SortedMap<String, Long> cut(
            Map<String, Long> milli, Map<String, Long> left, ToLongFunction<String> allowed) {
        TreeMap<String, Long> kept = new TreeMap<>();
        milli.forEach((name, value) -> {
            long most = left.computeIfAbsent(name, allowed::applyAsLong);
            long taken = Math.min(value, most);
            left.put(name, most - taken);
            if (taken > 0) {
                kept.put(name, taken);
            }
        });
        return kept;
    }
}
