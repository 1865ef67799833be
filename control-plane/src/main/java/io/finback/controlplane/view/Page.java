package io.finback.controlplane.view;

import java.lang.ref.SoftReference;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A few items of a {@link Pages}, together with what readers made of them: a page that did not change between two snapshots is the
 * same object in both, so whatever was derived from it need not be made again. Immutable to its users; thread-safe.
 */
public final class Page<T> {
    private final List<T> items;
    private final AtomicReference<@Nullable Made> made = new AtomicReference<>();

    Page(List<T> items) {
        this.items = List.copyOf(items);
    }

    /** Something that can be made of a page. Equal only to itself: keep one and use it again. */
    public static final class Derivation<T, R> {
        private final Function<List<T>, R> how;

        private Derivation(Function<List<T>, R> how) {
            this.how = how;
        }

        /** {@code how} must depend on the items alone. */
        public static <T, R> Derivation<T, R> of(Function<List<T>, R> how) {
            return new Derivation<>(how);
        }
    }

    private record Made(
            Object derivation,
            SoftReference<?> value,
            @Nullable Made older) {}

    public List<T> items() {
        return items;
    }

    /** What {@code derivation} makes of this page; kept for the next who asks, as long as memory allows. */
    // The cast: what is stored under a derivation was made by it.
    @SuppressWarnings("unchecked")
    public <R> R derived(Derivation<T, R> derivation) {
        for (Made known = made.get(); known != null; known = known.older()) {
            if (known.derivation() == derivation) {
                Object value = known.value().get();
                if (value != null) {
                    return (R) value;
                }
            }
        }
        R value = derivation.how.apply(items);
        SoftReference<?> reference = new SoftReference<>(value);
        made.updateAndGet(known -> new Made(derivation, reference, without(known, derivation)));
        return value;
    }

    private static @Nullable Made without(@Nullable Made known, Object derivation) {
        if (known == null) {
            return null;
        }
        Made older = without(known.older(), derivation);
        return known.derivation() == derivation ? older : new Made(known.derivation(), known.value(), older);
    }
}
