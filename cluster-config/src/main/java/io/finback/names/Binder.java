package io.finback.names;

import java.util.ArrayList;
import java.util.List;

/**
 * Binds a name: looks it up in the dtab, and what the dtab does not know in the namers, until only bound leaves are left. Pure but for
 * the namers. Source: twitter/finagle Namer.scala ({@code bind}).
 *
 * <p>Two limits: {@link #MAX_DEPTH} as Finagle has it, and {@link #MAX_STEPS} lookups in all, because a request may bring a dtab whose
 * unions double at every level.
 */
public final class Binder {
    public static final int MAX_DEPTH = 100;
    public static final int MAX_STEPS = 5_000;

    private final Dtab dtab;
    private final Namer namers;
    private int steps;

    private Binder(Dtab dtab, Namer namers) {
        this.dtab = dtab;
        this.namers = namers;
    }

    /**
     * The bound tree: Leaf, Union, Neg, Empty or Fail, never Alt. Throws {@link NamingException} when it does not end, {@link NotYetKnown}
     * when it depends on a name nobody has said anything about yet.
     */
    public static NameTree<Name.Bound> bind(Dtab dtab, Namer namers, Path path) {
        return new Binder(dtab, namers).bindPath(path, 0);
    }

    /** One step: the dtab's tree; if that is literally Neg, what the namers say. */
    static NameTree<Name> lookup(Dtab dtab, Namer namers, Path path) {
        NameTree<Path> delegated = dtab.lookup(path);
        return delegated.isNeg() ? namers.lookup(path) : delegated.map(Name.Unbound::new);
    }

    private NameTree<Name.Bound> bindPath(Path path, int depth) {
        if (depth > MAX_DEPTH) {
            throw new NamingException("name " + cut(path) + " exceeded max depth " + MAX_DEPTH);
        }
        if (++steps > MAX_STEPS) {
            throw new NamingException("name " + cut(path) + " needs more than " + MAX_STEPS + " lookups");
        }
        return bindTree(lookup(dtab, namers, path), depth + 1);
    }

    private NameTree<Name.Bound> bindTree(NameTree<Name> tree, int depth) {
        return tree.match(new NameTree.Cases<Name, NameTree<Name.Bound>>() {
            @Override
            public NameTree<Name.Bound> leaf(Name name) {
                return name.match(path -> bindPath(path, depth), NameTree::leaf);
            }

            @Override
            public NameTree<Name.Bound> neg() {
                return NameTree.neg();
            }

            @Override
            public NameTree<Name.Bound> empty() {
                return new NameTree.Empty<>();
            }

            @Override
            public NameTree<Name.Bound> fail() {
                return new NameTree.Fail<>();
            }

            @Override
            public NameTree<Name.Bound> alt(List<NameTree<Name>> trees) {
                for (NameTree<Name> branch : trees) {
                    NameTree<Name.Bound> bound = bindTree(branch, depth);
                    if (!bound.isNeg()) {
                        return bound;
                    }
                }
                return NameTree.neg();
            }

            @Override
            public NameTree<Name.Bound> union(List<NameTree.Weighted<Name>> trees) {
                return bindUnion(trees, depth);
            }
        });
    }

    /** Branches that are Neg or Fail, do not end or are not known yet, drop out; a lone survivor loses its weight. */
    private NameTree<Name.Bound> bindUnion(List<NameTree.Weighted<Name>> trees, int depth) {
        List<NameTree.Weighted<Name.Bound>> survivors = new ArrayList<>();
        List<NamingException> failures = new ArrayList<>();
        List<NotYetKnown> pending = new ArrayList<>();
        for (NameTree.Weighted<Name> branch : trees) {
            try {
                NameTree<Name.Bound> bound = bindTree(branch.tree(), depth);
                if (!bound.isNeg() && !(bound instanceof NameTree.Fail)) {
                    survivors.add(new NameTree.Weighted<>(branch.weight(), bound));
                }
            } catch (NamingException e) {
                failures.add(e);
            } catch (NotYetKnown e) {
                pending.add(e);
            }
        }
        if (survivors.isEmpty()) {
            if (!failures.isEmpty()) {
                throw failures.get(0);
            }
            if (!pending.isEmpty()) {
                throw pending.get(0);
            }
            return NameTree.neg();
        }
        return survivors.size() == 1 ? survivors.get(0).tree() : new NameTree.Union<>(survivors);
    }

    private static String cut(Path path) {
        String text = path.show();
        return text.length() > 200 ? text.substring(0, 200) + "..." : text;
    }
}
