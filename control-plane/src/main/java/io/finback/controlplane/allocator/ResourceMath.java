package io.finback.controlplane.allocator;

import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Arithmetic on resources that only the allocator needs. */
final class ResourceMath {
    private ResourceMath() {}

    /** Everything but shared volumes, which are there however often they are used. */
    static Resources exclusive(Resources amount) {
        return amount.isPlain() ? amount : amount.filter(kind -> !kind.shared());
    }

    static Resources shared(Resources amount) {
        return amount.isPlain() ? Resources.EMPTY : amount.filter(Kind::shared);
    }

    /** What {@code wanted} has that {@code there} has not, kind by kind; empty when it is contained. */
    static Resources missing(Resources wanted, Resources there) {
        Resources left = plainMissing(wanted.plain(), there.plain());
        List<Special> special = new ArrayList<>();
        for (Special entry : wanted.special()) {
            Resources mine = there.amountOf(entry.kind());
            boolean whole = entry.kind().isIndivisible();
            Resources lack = !whole
                    ? plainMissing(entry.amount(), mine)
                    : mine.equals(entry.amount()) ? Resources.EMPTY : entry.amount();
            if (!lack.isEmpty()) {
                special.add(new Special(entry.kind(), lack));
            }
        }
        return new Resources(left.milli(), left.ranges(), left.sets(), special);
    }

    /** The part of {@code wanted} that is in {@code there}. */
    static Resources present(Resources wanted, Resources there) {
        return wanted.minus(missing(wanted, there));
    }

    private static Resources plainMissing(Resources wanted, Resources there) {
        TreeMap<String, Long> milli = new TreeMap<>();
        wanted.milli().forEach((name, value) -> milli.put(name, Math.max(0, value - there.milli(name))));
        TreeMap<String, Ranges> ranges = new TreeMap<>();
        wanted.ranges()
                .forEach(
                        (name, set) -> ranges.put(name, set.minus(there.ranges().getOrDefault(name, Ranges.EMPTY))));
        TreeMap<String, SortedSet<String>> sets = new TreeMap<>();
        wanted.sets().forEach((name, items) -> {
            TreeSet<String> left = new TreeSet<>(items);
            left.removeAll(there.sets().getOrDefault(name, new TreeSet<>()));
            sets.put(name, left);
        });
        return new Resources(milli, ranges, sets, List.of());
    }
}
