package io.finback.names;

/** Knows some names. Answers at once, from what it has: looking further is a background matter. */
@FunctionalInterface
public interface Namer {
    /**
     * The tree for {@code path}, {@link NameTree#neg()} when it knows no such name. Throws {@link NotYetKnown} when it cannot tell yet;
     * being asked is then what makes it find out.
     */
    NameTree<Name> lookup(Path path);

    /** Mounts {@code namer} at {@code prefix}: it sees the whole path, and only paths that start with the prefix. */
    static Namer at(Path prefix, Namer namer) {
        return path -> path.startsWith(prefix) ? namer.lookup(path) : NameTree.neg();
    }

    /** Asks this one, and {@code next} when this one answers Neg. */
    default Namer orElse(Namer next) {
        return path -> {
            NameTree<Name> tree = lookup(path);
            return tree.isNeg() ? next.lookup(path) : tree;
        };
    }
}
