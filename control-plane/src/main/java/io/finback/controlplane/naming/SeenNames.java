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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A {@link NamesView} as somebody may see it: a table that is hidden is as one that is not there, and names of apps that are hidden are bound to nothing.
 * Thread-safe.
 */
public final class SeenNames {
    private static final Path APPS = Path.of("#", "io.finback");

    private final NamesView view;
    private final Predicate<String> namespaces;
    private final Predicate<String> appPaths;
    private final Namer namer = Namer.at(APPS, this::app).orElse(BuiltinNamers.all());

    SeenNames(NamesView view, Predicate<String> namespaces, Predicate<String> appPaths) {
        this.view = view;
        this.namespaces = namespaces;
        this.appPaths = appPaths;
    }

    /** Namespaces there are, in order. */
    public List<String> namespaces() {
        return view.namespaces().stream().filter(namespaces).toList();
    }

    public Optional<Dtab> dtab(String namespace) {
        return view.dtab(namespace).filter(any -> namespaces.test(namespace));
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
            String app = appId(id);
            return appPaths.test(app) ? Optional.ofNullable(view.apps().get(app)) : Optional.empty();
        }
        return BuiltinNamers.address(id).map(List::of);
    }

    /** Bound ids of all apps, in order. */
    public List<Path> apps() {
        return view.apps().keySet().stream()
                .filter(appPaths)
                .sorted()
                .map(id -> APPS.concat(Path.of(id.substring(1).split("/", -1))))
                .toList();
    }

    /** As the routers' own namer: the longest known app path is the id. */
    private NameTree<Name> app(Path path) {
        Map<String, List<Address>> known = view.apps();
        for (int length = path.size(); length > APPS.size(); length--) {
            String app = appId(path.take(length));
            if (known.containsKey(app) && appPaths.test(app)) {
                return NameTree.leaf(new Name.Bound(path.take(length), path.drop(length)));
            }
        }
        return NameTree.neg();
    }

    private static String appId(Path id) {
        return "/" + String.join("/", id.elements().subList(APPS.size(), id.size()));
    }
}
