package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.BuiltinNamers;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a namerd has said, whichever way it was asked: every name, every bound id and the dtab is watched on its own, and the last answers
 * stay. Ids that say their address themselves are not asked for.
 */
final class NamerdNames implements AutoCloseable {
    /** What a path means under a dtab. */
    record Question(Dtab dtab, Path path) {
        @Override
        public String toString() {
            return path.show() + (dtab.entries().isEmpty() ? "" : " under " + dtab.show());
        }
    }

    private final Watches<Question, NameTree<Name.Bound>> trees;
    private final Watches<Path, Optional<List<Address>>> addresses;
    private final Watches<Path, Dtab> dtabs;
    private final Path namespace;
    private volatile @Nullable String trouble;

    NamerdNames(
            String kind,
            Path namespace,
            Changes changes,
            BiFunction<Question, Consumer<NameTree<Name.Bound>>, AutoCloseable> watchTree,
            BiFunction<Path, Consumer<Optional<List<Address>>>, AutoCloseable> watchAddresses,
            BiFunction<Path, Consumer<Dtab>, AutoCloseable> watchDtab) {
        this.namespace = namespace;
        this.trees = new Watches<>(kind + " bind", WatchingNamer.LIMIT, changes, NameTree::isNeg, watchTree);
        this.addresses = new Watches<>(kind + " addr", WatchingNamer.LIMIT, changes, v -> false, watchAddresses);
        this.dtabs = new Watches<>(kind + " dtab", 1, changes, v -> false, watchDtab);
    }

    NameTree<Name.Bound> bind(Dtab dtab, Path path) {
        NameTree<Name.Bound> tree = trees.get(new Question(dtab, path));
        return tree.map(bound -> {
            if (BuiltinNamers.address(bound.id()).isEmpty()) {
                // Not bound before its addresses have been heard, so that nobody finds an empty place.
                var known = addresses.get(bound.id());
                Objects.requireNonNull(known);
            }
            return bound;
        });
    }

    Supplier<List<Address>> addresses(Path id) {
        Optional<List<Address>> written = BuiltinNamers.address(id).map(List::of);
        if (written.isPresent()) {
            return written::get;
        }
        Supplier<Optional<List<Address>>> live = addresses.live(id, Optional.empty());
        return () -> live.get().orElse(List.of());
    }

    Optional<Dtab> dtab() {
        try {
            return Optional.of(dtabs.get(namespace));
        } catch (NotYetKnown e) {
            return Optional.empty();
        }
    }

    /** The last failure, until something works again. */
    void trouble(@Nullable String reason) {
        trouble = reason;
    }

    void show(Map<String, Object> state) {
        state.put("trouble", Objects.requireNonNullElse(trouble, "none"));
        Map<String, Object> bound = new TreeMap<>();
        trees.state()
                .forEach((question, tree) -> bound.put(
                        question,
                        tree.map(known -> known.show(name -> name.id().show())).orElse("pending")));
        state.put("bind", bound);
        state.put("resolve", WatchingNamer.state(addresses));
        dtabs.state()
                .forEach((root, dtab) -> state.put("dtab", dtab.map(Dtab::show).orElse("pending")));
    }

    @Override
    public void close() {
        trees.close();
        addresses.close();
        dtabs.close();
    }
}
