package io.finback.controlplane.scheduler;

import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Divides what an instance holds, some of it reserved, among its parts: reserved amounts first. Confined to one thread. */
final class Shares {
    private Resources left;

    Shares(Resources held) {
        this.left = held;
    }

    /** So much of what is left. Throws when that is not there. */
    Resources take(Resources wanted) {
        Resources rest = wanted;
        Resources taken = Resources.EMPTY;
        List<Kind> kinds =
                new ArrayList<>(left.special().stream().map(Special::kind).toList());
        kinds.add(Kind.PLAIN);
        for (Kind kind : kinds) {
            Resources some = common(left.amountOf(kind), rest);
            rest = rest.minus(some);
            taken = taken.plus(Resources.of(kind, some));
        }
        if (!rest.isEmpty()) {
            throw new IllegalStateException("instance: " + wanted + " (expected: at most " + left + ")");
        }
        left = left.minus(taken);
        return taken;
    }

    private static Resources common(Resources a, Resources b) {
        TreeMap<String, Long> scalars = new TreeMap<>();
        b.milli().forEach((name, amount) -> scalars.put(name, Math.min(amount, a.milli(name))));
        TreeMap<String, Ranges> ranges = new TreeMap<>();
        for (Map.Entry<String, Ranges> entry : b.ranges().entrySet()) {
            ranges.put(
                    entry.getKey(), entry.getValue().intersect(a.ranges().getOrDefault(entry.getKey(), Ranges.EMPTY)));
        }
        return new Resources(scalars, ranges);
    }
}
