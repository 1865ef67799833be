package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A sum of resources over kinds and agents, and its form in Mesos' endpoints: scalars as numbers, ranges and sets as text, revocable ones
 * with {@code _revocable} behind the name. Not thread-safe.
 */
final class Amounts {
    private static final List<String> ALWAYS = List.of(Resources.CPUS, Resources.GPUS, Resources.MEM, Resources.DISK);

    private final Map<String, Long> milli = new TreeMap<>();
    private final Map<String, Ranges> ranges = new TreeMap<>();
    private final Map<String, SortedSet<String>> sets = new TreeMap<>();

    static Amounts of(Resources resources) {
        return new Amounts().add(resources);
    }

    @CanIgnoreReturnValue
    Amounts add(Resources resources) {
        return add(resources, kind -> true);
    }

    @CanIgnoreReturnValue
    Amounts add(Resources resources, Predicate<Kind> wanted) {
        if (wanted.test(Kind.PLAIN)) {
            addPlain(resources, "");
        }
        for (Special special : resources.special()) {
            if (wanted.test(special.kind())) {
                addPlain(special.amount(), special.kind().revocable() ? "_revocable" : "");
            }
        }
        return this;
    }

    @CanIgnoreReturnValue
    Amounts add(Amounts other) {
        other.milli.forEach((name, value) -> milli.merge(name, value, Long::sum));
        other.ranges.forEach((name, numbers) -> ranges.merge(name, numbers, Ranges::plus));
        other.sets.forEach((name, items) ->
                sets.computeIfAbsent(name, n -> new TreeSet<>()).addAll(items));
        return this;
    }

    /** Thousandths by name. */
    Map<String, Long> milli() {
        return milli;
    }

    double scalar(String name) {
        return milli.getOrDefault(name, 0L) / 1000.0;
    }

    boolean isEmpty() {
        return milli.isEmpty() && ranges.isEmpty() && sets.isEmpty();
    }

    /** As the value of a field whose name was written; the four well-known scalars always. */
    void write(JsonGenerator to) throws IOException {
        to.writeStartObject();
        for (String name : ALWAYS) {
            to.writeNumberField(name, scalar(name));
        }
        for (String name : milli.keySet()) {
            if (!ALWAYS.contains(name)) {
                to.writeNumberField(name, scalar(name));
            }
        }
        for (Map.Entry<String, Ranges> entry : ranges.entrySet()) {
            to.writeStringField(entry.getKey(), entry.getValue().toString());
        }
        for (Map.Entry<String, SortedSet<String>> entry : sets.entrySet()) {
            to.writeStringField(entry.getKey(), "{" + String.join(", ", entry.getValue()) + "}");
        }
        to.writeEndObject();
    }

    void write(String field, JsonGenerator to) throws IOException {
        to.writeFieldName(field);
        write(to);
    }

    private void addPlain(Resources plain, String suffix) {
        plain.milli().forEach((name, value) -> milli.merge(name + suffix, value, Long::sum));
        plain.ranges().forEach((name, numbers) -> ranges.merge(name + suffix, numbers, Ranges::plus));
        plain.sets().forEach((name, items) -> sets.computeIfAbsent(name + suffix, n -> new TreeSet<>())
                .addAll(items));
    }
}
