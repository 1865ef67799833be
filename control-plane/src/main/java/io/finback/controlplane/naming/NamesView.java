package io.finback.controlplane.naming;

import io.finback.names.Address;
import io.finback.names.Binder;
import io.finback.names.BuiltinNamers;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Namer;
import io.finback.names.Path;
import io.finback.wire.AppEndpoints;
import io.finback.wire.DtabSnapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What this master knows about names: delegation tables, and where apps are ready. Answers from memory, some moments behind the entities.
 * Thread-safe.
 */
public final class NamesView {
    private static final Path APPS = Path.of("#", "io.finback");

    /** A table with its text read. */
    private record Table(DtabSnapshot snapshot, Dtab dtab) {}

    private final ConcurrentHashMap<String, Table> tables = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Integer, Map<String, AppEndpoints>> buckets = new ConcurrentHashMap<>();
    private volatile Map<String, List<Address>> apps = Map.of();
    private final Set<Runnable> listeners = ConcurrentHashMap.newKeySet();
    private final Namer namer = Namer.at(APPS, this::app).orElse(BuiltinNamers.all());

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

    /** What {@code path} means in a namespace, {@code more} before its table. Throws {@link io.finback.names.NamingException}. */
    public NameTree<Name.Bound> bind(String namespace, Dtab more, Path path) {
        return Binder.bind(dtab(namespace).orElse(Dtab.EMPTY).concat(more), namer, path);
    }

    /** How it comes to mean that. */
    public Delegation delegate(String namespace, Dtab more, Path path) {
        return Delegation.of(dtab(namespace).orElse(Dtab.EMPTY).concat(more), namer, path);
    }

    /** The addresses behind a bound id; empty: it has none of these. Transformers' prefixes are looked through. */
    public Optional<List<Address>> addresses(Path id) {
        if (id.startsWith(APPS)) {
            return Optional.ofNullable(apps.get(appId(id)));
        }
        return BuiltinNamers.address(id).map(List::of);
    }

    /** Bound ids of all apps, in order. */
    public List<Path> apps() {
        return apps.keySet().stream()
                .sorted()
                .map(id -> APPS.concat(Path.of(id.substring(1).split("/", -1))))
                .toList();
    }

    /** As the routers' own namer: the longest known app path is the id. */
    private NameTree<Name> app(Path path) {
        Map<String, List<Address>> known = apps;
        for (int length = path.size(); length > APPS.size(); length--) {
            if (known.containsKey(appId(path.take(length)))) {
                return NameTree.leaf(new Name.Bound(path.take(length), path.drop(length)));
            }
        }
        return NameTree.neg();
    }

    private static String appId(Path id) {
        return "/" + String.join("/", id.elements().subList(APPS.size(), id.size()));
    }
}
