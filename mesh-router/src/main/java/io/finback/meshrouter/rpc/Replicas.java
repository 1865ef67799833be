package io.finback.meshrouter.rpc;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The endpoints of one destination, as they come and go. Empty until the first {@link #set}: callers wait for that. Thread-safe;
 * listeners are told in order, one change at a time.
 */
public final class Replicas {
    private final CopyOnWriteArrayList<Consumer<List<Address>>> listeners = new CopyOnWriteArrayList<>();
    private Optional<List<Address>> current = Optional.empty();

    /** Whose endpoints are not known yet. */
    public static Replicas pending() {
        return new Replicas();
    }

    public static Replicas of(List<Address> addresses) {
        Replicas replicas = new Replicas();
        replicas.set(addresses);
        return replicas;
    }

    public synchronized Optional<List<Address>> current() {
        return current;
    }

    public synchronized void set(List<Address> addresses) {
        List<Address> copy = List.copyOf(addresses);
        if (current.isPresent() && current.get().equals(copy)) {
            return;
        }
        current = Optional.of(copy);
        listeners.forEach(listener -> listener.accept(copy));
    }

    /** Tells {@code listener} now, if they are known, and at each change until the result is run. */
    @CanIgnoreReturnValue
    public synchronized Runnable watch(Consumer<List<Address>> listener) {
        listeners.add(listener);
        current.ifPresent(listener);
        return () -> listeners.remove(listener);
    }
}
