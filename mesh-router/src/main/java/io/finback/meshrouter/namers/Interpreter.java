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

/** Says what a path means under a dtab. Thread-safe; answers from memory. Source: twitter/finagle NameInterpreter.scala. */
public interface Interpreter extends AutoCloseable {
    /** Linkerd's name of the kind, such as {@code io.l5d.fs}. */
    String kind();

    /**
     * The bound tree, without Alt. {@code dtab} goes before this interpreter's own. Throws {@link io.finback.names.NotYetKnown}, {@link
     * io.finback.names.NamingException}.
     */
    NameTree<Name.Bound> bind(Dtab dtab, Path path);

    /** How {@code path} comes to mean that; throws as {@link #bind}. */
    Delegation delegate(Dtab dtab, Path path);

    /** The addresses behind a bound id of this interpreter; the same list object until they change. Nobody for other ids. */
    Supplier<List<Address>> addresses(Path id);

    /** Its own dtab, which comes before all others; empty when it has none or does not know it yet. */
    Optional<Dtab> dtab();

    /** What it knows, for people: JSON values. */
    default Map<String, Object> state() {
        return Map.of();
    }

    @Override
    default void close() {}
}
