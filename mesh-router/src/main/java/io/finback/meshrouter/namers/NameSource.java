package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.Namer;
import io.finback.names.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** A namer with the addresses behind its names. Thread-safe; answers from memory. */
public interface NameSource extends Namer, AutoCloseable {
    /** Where it is mounted, such as {@code /#/io.l5d.fs}. */
    Path prefix();

    /** The addresses behind a bound id, at any time; the same list object until they change. Empty if the id is not of this source. */
    Optional<Supplier<List<Address>>> addresses(Path id);

    /** What it knows, for people: JSON values. */
    default Map<String, Object> state() {
        return Map.of();
    }

    @Override
    default void close() {}
}
