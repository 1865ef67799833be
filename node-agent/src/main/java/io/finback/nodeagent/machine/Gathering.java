package io.finback.nodeagent.machine;

import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.RoleName;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Collects what is written, entry by entry, and checks what holds in both forms. Every error is an IllegalArgumentException. */
final class Gathering {
    static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]+");
    private static final Set<String> KNOWN_SCALARS =
            Set.of(Resources.CPUS, Resources.MEM, Resources.DISK, Resources.GPUS);

    private record Entry(String name, Kind kind) {}

    private final Set<Entry> seen = new HashSet<>();
    private final Set<String> names = new LinkedHashSet<>();
    private Resources sum = Resources.EMPTY;

    ResourceText.Written written() {
        return new ResourceText.Written(sum, List.copyOf(names));
    }

    void scalar(String name, Kind kind, double amount) {
        begin(name, kind);
        if (name.equals(Resources.PORTS)) {
            throw wrong(name, String.valueOf(amount), "ranges, such as [31000-32000]");
        }
        if (name.equals(Resources.GPUS) && amount != Math.rint(amount)) {
            throw wrong(name, String.valueOf(amount), "a whole number");
        }
        sum = sum.plus(Resources.of(kind, Resources.EMPTY.withScalar(name, amount)));
    }

    void ranges(String name, Kind kind, List<Ranges.Range> ranges) {
        begin(name, kind);
        noScalar(name, ranges.toString());
        sum = sum.plus(Resources.of(kind, Resources.EMPTY.withRanges(name, new Ranges(ranges))));
    }

    void set(String name, Kind kind, List<String> items) {
        begin(name, kind);
        noScalar(name, items.toString());
        SortedSet<String> distinct = new TreeSet<>(items);
        if (distinct.size() < items.size() || distinct.contains("")) {
            throw wrong(name, items.toString(), "items that differ, none empty");
        }
        sum = sum.plus(Resources.of(kind, Resources.EMPTY.withSet(name, distinct)));
    }

    static Ranges.Range range(String name, long begin, long end) {
        boolean ports = name.equals(Resources.PORTS);
        if (begin > end || begin < 0 || (ports && (begin < 1 || end > 65535))) {
            throw wrong(name, "'" + begin + "-" + end + "'", "from <= to" + (ports ? ", within 1-65535" : ""));
        }
        return new Ranges.Range(begin, end);
    }

    /** What the agent's configuration keeps for a role; {@code *}: for anybody. */
    static Kind reservedFor(String role) {
        Optional<String> problem = RoleName.problem(role);
        if (problem.isPresent()) {
            throw new IllegalArgumentException(problem.get());
        }
        return role.equals("*") ? Kind.PLAIN : Kind.reserved(Reservation.fixed(role));
    }

    static IllegalArgumentException wrong(String what, String value, String expected) {
        return new IllegalArgumentException(what + ": " + value + " (expected: " + expected + ")");
    }

    private void begin(String name, Kind kind) {
        if (!NAME.matcher(name).matches()) {
            throw wrong("name", "'" + name + "'", "letters, digits, '_', '.', '-'");
        }
        if (!seen.add(new Entry(name, kind))) {
            String whose = kind.reservedTo().map(role -> "(" + role + ")").orElse("");
            throw new IllegalArgumentException("'" + name + whose + "' is given twice (expected: each once)");
        }
        names.add(name);
    }

    private static void noScalar(String name, String value) {
        if (KNOWN_SCALARS.contains(name)) {
            throw wrong(name, value, "a number");
        }
    }
}
