package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.BuiltinNamers;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What names are bound to by somebody else: the tree of every question and the addresses of every id are watched on their own, and the last
 * ones stay while the far end is gone. Ids that say their address themselves are not asked for. Thread-safe.
 *
 * @param <Q> a question, whose text is shown
 */
final class FarBindings<Q> implements AutoCloseable {
    private final Watches<Q, NameTree<Name.Bound>> trees;
    private final Watches<Path, Optional<List<Address>>> addresses;

    /**
     * Begins to ask when a name is asked for.
     *
     * @param what the far end is, for people
     * @param watchTree tells the trees of a question until closed
     * @param watchAddresses tells the addresses of an id until closed; an empty answer: not known there yet
     */
    FarBindings(
            String what,
            Changes changes,
            BiFunction<Q, Consumer<NameTree<Name.Bound>>, AutoCloseable> watchTree,
            BiFunction<Path, Consumer<Optional<List<Address>>>, AutoCloseable> watchAddresses) {
        trees = new Watches<>(what + " bind", WatchingNamer.LIMIT, changes, NameTree::isNeg, watchTree);
        addresses = new Watches<>(what + " addr", WatchingNamer.LIMIT, changes, v -> false, watchAddresses);
    }

    /** Throws {@link io.finback.names.NotYetKnown} before the tree and the addresses of all its leaves have been heard. */
    NameTree<Name.Bound> bind(Q question) {
        NameTree<Name.Bound> tree = trees.get(question);
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

    /** Questions and what they mean, as texts; {@code pending} before that is known. */
    Map<String, Object> trees() {
        Map<String, Object> bound = new TreeMap<>();
        trees.state()
                .forEach((question, tree) -> bound.put(
                        question,
                        tree.map(known -> known.show(name -> name.id().show())).orElse("pending")));
        return bound;
    }

    /** Ids and their addresses. */
    Map<String, Object> addresses() {
        return WatchingNamer.state(addresses);
    }

    @Override
    public void close() {
        trees.close();
        addresses.close();
    }
}
