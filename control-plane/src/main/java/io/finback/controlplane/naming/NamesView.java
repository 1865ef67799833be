package io.finback.controlplane.naming;

import io.finback.names.Address;
import io.finback.names.Dtab;
import io.finback.wire.AppEndpoints;
import io.finback.wire.DtabSnapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * What this master knows about names: delegation tables, and where apps are ready. Answers from memory, some moments behind the entities.
 * Thread-safe.
 */
public final class NamesView {
    /** A table with its text read. */
    private record Table(DtabSnapshot snapshot, Dtab dtab) {}

    private final ConcurrentHashMap<String, Table> tables = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Integer, Map<String, AppEndpoints>> buckets = new ConcurrentHashMap<>();
    private volatile Map<String, List<Address>> apps = Map.of();
    private final Set<Runnable> listeners = ConcurrentHashMap.newKeySet();

    /** An older version than what is known changes nothing. */
    void apply(DtabSnapshot snapshot) {
        Dtab dtab = snapshot.dtab().map(Dtab::parse).orElse(Dtab.EMPTY);
        Table before = tables.get(snapshot.namespace());
        tables.merge(
                snapshot.namespace(),
                new Table(snapshot, dtab),
                (old, next) -> next.snapshot().version() >= old.snapshot().version() ? next : old);
        if (before == null || before.snapshot().version() < snapshot.version()) {
            changed();
        }
    }

    /** The whole content of a bucket of endpoints. */
    synchronized void apply(int bucket, Map<String, AppEndpoints> content) {
        buckets.put(bucket, Map.copyOf(content));
        Map<String, List<Address>> all = new HashMap<>();
        buckets.values().forEach(each -> each.forEach((id, app) -> all.put(id, addresses(app))));
        if (!all.equals(apps)) {
            apps = Map.copyOf(all);
            changed();
        }
    }

    private static List<Address> addresses(AppEndpoints app) {
        return app.ready().stream()
                .filter(instance -> !instance.ports().isEmpty())
                .map(instance -> new Address(instance.host(), instance.ports().get(0)))
                .toList();
    }

    private void changed() {
        listeners.forEach(Runnable::run);
    }

    /** Runs {@code listener} at every change, on any thread, until what is returned runs. */
    public Runnable follow(Runnable listener) {
        Runnable mine = () -> listener.run();
        listeners.add(mine);
        return () -> listeners.remove(mine);
    }

    /** How many follow. */
    public int followers() {
        return listeners.size();
    }

    /** Of this what may be seen, asked anew at each look. */
    public SeenNames seen(Predicate<String> namespaces, Predicate<String> appPaths) {
        return new SeenNames(this, namespaces, appPaths);
    }

    /** Namespaces there are, in order. */
    public List<String> namespaces() {
        Map<String, Table> sorted = new TreeMap<>(tables);
        return sorted.entrySet().stream()
                .filter(e -> e.getValue().snapshot().dtab().isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Whether anything was heard of a namespace, its removal included. */
    boolean knows(String namespace) {
        return tables.containsKey(namespace);
    }

    public Optional<Dtab> dtab(String namespace) {
        return Optional.ofNullable(tables.get(namespace))
                .filter(table -> table.snapshot().dtab().isPresent())
                .map(Table::dtab);
    }

    /** Where each app is ready, by its path. */
    Map<String, List<Address>> apps() {
        return apps;
    }
}
