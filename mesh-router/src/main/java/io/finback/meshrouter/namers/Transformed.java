package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** What a transformer wraps: an interpreter, or a source of names. */
public final class Transformed {
    private Transformed() {}

    /** {@code transformers} in the order they are applied. */
    public static Interpreter interpreter(Interpreter inner, List<Transformer> transformers) {
        Interpreter result = inner;
        for (Transformer transformer : transformers) {
            result = new OfInterpreter(result, transformer);
        }
        return result;
    }

    /** {@code transformers} in the order they are applied. */
    public static NameSource source(NameSource inner, List<Transformer> transformers) {
        NameSource result = inner;
        for (Transformer transformer : transformers) {
            result = new OfSource(result, transformer);
        }
        return result;
    }

    private record OfInterpreter(Interpreter inner, Transformer transformer) implements Interpreter {
        @Override
        public String kind() {
            return inner.kind();
        }

        @Override
        public NameTree<Name.Bound> bind(Dtab dtab, Path path) {
            return transformer.transform(inner.bind(dtab, path));
        }

        @Override
        public Delegation delegate(Dtab dtab, Path path) {
            return inner.delegate(dtab, path)
                    .mapBound(bound ->
                            transformer.transform(NameTree.leaf(bound)) instanceof NameTree.Leaf<Name.Bound> leaf
                                    ? leaf.value()
                                    : bound);
        }

        @Override
        public Supplier<List<Address>> addresses(Path id) {
            return transformer
                    .original(id)
                    .map(original -> transformer.transform(inner.addresses(original)))
                    .orElseGet(() -> inner.addresses(id));
        }

        @Override
        public Optional<Dtab> dtab() {
            return inner.dtab();
        }

        @Override
        public Map<String, Object> state() {
            return inner.state();
        }

        @Override
        public void close() {
            transformer.close();
            inner.close();
        }
    }

    private record OfSource(NameSource inner, Transformer transformer) implements NameSource {
        @Override
        public Path prefix() {
            return inner.prefix();
        }

        @Override
        public NameTree<Name> lookup(Path path) {
            return inner.lookup(path).map(this::transformed);
        }

        private Name transformed(Name name) {
            return name instanceof Name.Bound bound ? transformer.transform(bound) : name;
        }

        @Override
        public Optional<Supplier<List<Address>>> addresses(Path id) {
            return transformer
                    .original(id)
                    .flatMap(inner::addresses)
                    .map(transformer::transform)
                    .or(() -> inner.addresses(id));
        }

        @Override
        public Map<String, Object> state() {
            return inner.state();
        }

        @Override
        public void close() {
            transformer.close();
            inner.close();
        }
    }
}
