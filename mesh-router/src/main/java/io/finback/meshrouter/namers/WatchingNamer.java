package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A namer whose ids have a fixed number of elements, each watched at a far end on its own. A watch tells the addresses, or empty when there
 * is no such thing.
 */
final class WatchingNamer implements NameSource {
    /** Ids watched at once, of one namer. Linkerd's bindingCache. */
    static final int LIMIT = 1_000;

    private final Path prefix;
    private final int elements;
    private final Watches<String, Optional<List<Address>>> watches;
    private final Runnable closing;

    /**
     * A namer.
     *
     * @param elements behind the prefix
     * @param begin watches an id, given as the text of its elements behind the prefix
     */
    WatchingNamer(
            Path prefix,
            int elements,
            Changes changes,
            BiFunction<Path, Consumer<Optional<List<Address>>>, AutoCloseable> begin) {
        this(prefix, elements, changes, begin, () -> {});
    }

    /** The same; {@code closing} is done behind the end of all watches. */
    WatchingNamer(
            Path prefix,
            int elements,
            Changes changes,
            BiFunction<Path, Consumer<Optional<List<Address>>>, AutoCloseable> begin,
            Runnable closing) {
        this.closing = closing;
        this.prefix = prefix;
        this.elements = elements;
        this.watches = new Watches<>(
                prefix.show(), LIMIT, changes, Optional::isEmpty, (key, tell) -> begin.apply(Path.parse(key), tell));
    }

    @Override
    public Path prefix() {
        return prefix;
    }

    @Override
    public NameTree<Name> lookup(Path path) {
        int length = prefix.size() + elements;
        if (!path.startsWith(prefix) || path.size() < length) {
            return NameTree.neg();
        }
        return watches.get(path.take(length).drop(prefix.size()).show()).isPresent()
                ? NameTree.leaf(new Name.Bound(path.take(length), path.drop(length)))
                : NameTree.neg();
    }

    @Override
    public Optional<Supplier<List<Address>>> addresses(Path id) {
        if (!id.startsWith(prefix) || id.size() != prefix.size() + elements) {
            return Optional.empty();
        }
        Supplier<Optional<List<Address>>> live =
                watches.live(id.drop(prefix.size()).show(), Optional.empty());
        return Optional.of(() -> live.get().orElse(List.of()));
    }

    @Override
    public Map<String, Object> state() {
        return state(watches);
    }

    static Map<String, Object> state(Watches<?, Optional<List<Address>>> watches) {
        Map<String, Object> state = new TreeMap<>();
        watches.state()
                .forEach((key, value) -> state.put(
                        key,
                        value.map(found -> found.<Object>map(addresses -> addresses.stream()
                                                .map(Address::toString)
                                                .toList())
                                        .orElse("neg"))
                                .orElse("pending")));
        return state;
    }

    @Override
    public void close() {
        watches.close();
        closing.run();
    }
}
