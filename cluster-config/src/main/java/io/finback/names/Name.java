package io.finback.names;

import java.util.function.Function;

/** What a leaf of a name tree holds while it is being bound: another path to look up, or something that has addresses. */
public sealed interface Name {
    <R> R match(Function<Path, R> unbound, Function<Bound, R> bound);

    /** A path that is looked up again. */
    record Unbound(Path path) implements Name {
        @Override
        public <R> R match(Function<Path, R> unbound, Function<Bound, R> bound) {
            return unbound.apply(path);
        }
    }

    /**
     * A replica set.
     *
     * @param id its name, such as {@code /#/io.finback/shop/api}; what clients, pools and metrics are kept by
     * @param residual what is left of the path behind the id
     */
    record Bound(Path id, Path residual) implements Name {
        @Override
        public <R> R match(Function<Path, R> unbound, Function<Bound, R> bound) {
            return bound.apply(this);
        }
    }
}
