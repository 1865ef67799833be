package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The hosts that services shall leave, by name. Nothing is placed on them, and what is there moves as its app's availability allows. */
public record DrainBook(Map<String, Drain> hosts) {
    public static final DrainBook EMPTY = new DrainBook(Map.of());
    /** The book is one message to every master. */
    public static final int MAX_HOSTS = 5_000;

    /** {@code deadline}: from then on what is still there is ended, whatever is lost by it. */
    public record Drain(String host, Instant since, Instant deadline) {}

    public DrainBook {
        hosts = Collections.unmodifiableMap(new TreeMap<>(hosts));
    }

    DrainBook begun(List<Drain> drains) {
        Map<String, Drain> map = new TreeMap<>(hosts);
        drains.forEach(drain -> map.put(drain.host(), drain));
        return new DrainBook(map);
    }

    DrainBook ended(List<String> names) {
        Map<String, Drain> map = new TreeMap<>(hosts);
        names.forEach(map::remove);
        return new DrainBook(map);
    }

    /** The drain an instance stands in the way of. */
    public Optional<Drain> of(Instance instance) {
        return hosts.isEmpty() ? Optional.empty() : instance.place().map(place -> hosts.get(place.host()));
    }
}
