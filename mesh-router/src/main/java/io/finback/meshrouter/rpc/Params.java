package io.finback.meshrouter.rpc;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Settings of a stack, each found by its key, which knows the default. An immutable value. */
public final class Params {
    public static final Params EMPTY = new Params(Map.of());

    /** What a setting is called, and what it is unless set. Two of the same name are two. */
    public static final class Key<T> {
        private final String name;
        private final Supplier<T> otherwise;

        private Key(String name, Supplier<T> otherwise) {
            this.name = name;
            this.otherwise = otherwise;
        }

        public static <T> Key<T> of(String name, T otherwise) {
            return new Key<>(name, () -> otherwise);
        }

        /** With a default that is made for each who asks. */
        public static <T> Key<T> made(String name, Supplier<T> otherwise) {
            return new Key<>(name, otherwise);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private final Map<Key<?>, Object> values;

    private Params(Map<Key<?>, Object> values) {
        this.values = values;
    }

    @SuppressWarnings("unchecked") // with() pairs them
    public <T> T get(Key<T> key) {
        Object value = values.get(key);
        return value == null ? key.otherwise.get() : (T) value;
    }

    public boolean isSet(Key<?> key) {
        return values.containsKey(key);
    }

    /** With everything that is set in {@code others}. */
    public Params withAll(Params others) {
        Map<Key<?>, Object> all = new HashMap<>(values);
        all.putAll(others.values);
        return new Params(Map.copyOf(all));
    }

    public <T> Params with(Key<T> key, T value) {
        Map<Key<?>, Object> all = new HashMap<>(values);
        all.put(key, value);
        return new Params(Map.copyOf(all));
    }
}
