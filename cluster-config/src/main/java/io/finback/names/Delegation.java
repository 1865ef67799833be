package io.finback.names;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * How a name came to mean what it means, for people: every branch is evaluated, also those that binding never reaches, and each node
 * keeps the path it stands for and the rule that led to it. Source: linkerd/linkerd Delegator.scala.
 *
 * @param type one of {@code leaf, neg, empty, fail, exception, delegate, alt, union}
 * @param path the name at this node
 * @param rule the dentry that led here; empty when a namer or the question did
 * @param bound for a leaf, what it is bound to
 * @param message for an exception, why
 * @param children for delegate (one), alt and union; weights only in unions
 */
public record Delegation(
        String type,
        Path path,
        String rule,
        List<Name.Bound> bound,
        String message,
        List<Double> weights,
        List<Delegation> children) {
    /** A node of the answer costs some bytes of JSON: enough for any table people read. */
    static final int MAX_NODES = 2_000;

    public Delegation {
        bound = List.copyOf(bound);
        weights = List.copyOf(weights);
        children = List.copyOf(children);
    }

    public static Delegation of(Dtab dtab, Namer namers, Path path) {
        return new Walk(dtab, namers).path(path, "", 0);
    }

    /** The same with every bound name replaced. */
    public Delegation mapBound(UnaryOperator<Name.Bound> f) {
        return new Delegation(
                type,
                path,
                rule,
                bound.stream().map(f).toList(),
                message,
                weights,
                children.stream().map(child -> child.mapBound(f)).toList());
    }

    private static final class Walk {
        private final Dtab dtab;
        private final Namer namers;
        private int nodes;

        Walk(Dtab dtab, Namer namers) {
            this.dtab = dtab;
            this.namers = namers;
        }

        Delegation path(Path path, String rule, int depth) {
            if (depth > Binder.MAX_DEPTH) {
                return exception(path, rule, "exceeded max depth " + Binder.MAX_DEPTH);
            }
            if (++nodes > MAX_NODES) {
                return exception(path, rule, "more than " + MAX_NODES + " nodes");
            }
            List<Delegation> children = new ArrayList<>();
            for (int i = dtab.entries().size() - 1; i >= 0; i--) {
                Dtab.Dentry entry = dtab.entries().get(i);
                if (entry.prefix().matches(path)) {
                    Path rest = path.drop(entry.prefix().elements().size());
                    NameTree<Name> tree = entry.tree().map(leaf -> new Name.Unbound(leaf.concat(rest)));
                    children.add(tree(tree, path, entry.show(), depth + 1));
                }
            }
            if (children.isEmpty()
                    || (children.size() == 1 && children.get(0).type().equals("neg") && literalNeg(path))) {
                return tree(namers.lookup(path), path, rule, depth + 1);
            }
            if (children.size() == 1) {
                return node("delegate", path, rule, children);
            }
            return node("alt", path, rule, children);
        }

        private boolean literalNeg(Path path) {
            return dtab.lookup(path).isNeg();
        }

        private Delegation tree(NameTree<Name> tree, Path path, String rule, int depth) {
            return tree.match(new NameTree.Cases<Name, Delegation>() {
                @Override
                public Delegation leaf(Name name) {
                    return name.match(
                            next -> path(next, rule, depth),
                            bound -> new Delegation("leaf", path, rule, List.of(bound), "", List.of(), List.of()));
                }

                @Override
                public Delegation neg() {
                    return node("neg", path, rule, List.of());
                }

                @Override
                public Delegation empty() {
                    return node("empty", path, rule, List.of());
                }

                @Override
                public Delegation fail() {
                    return node("fail", path, rule, List.of());
                }

                @Override
                public Delegation alt(List<NameTree<Name>> trees) {
                    return node(
                            "alt",
                            path,
                            rule,
                            trees.stream()
                                    .map(branch -> tree(branch, path, rule, depth))
                                    .toList());
                }

                @Override
                public Delegation union(List<NameTree.Weighted<Name>> trees) {
                    List<Double> weights =
                            trees.stream().map(NameTree.Weighted::weight).toList();
                    List<Delegation> children = trees.stream()
                            .map(w -> tree(w.tree(), path, rule, depth))
                            .toList();
                    return new Delegation("union", path, rule, List.of(), "", weights, children);
                }
            });
        }

        private static Delegation node(String type, Path path, String rule, List<Delegation> children) {
            return new Delegation(type, path, rule, List.of(), "", List.of(), children);
        }

        private static Delegation exception(Path path, String rule, String message) {
            return new Delegation("exception", path, rule, List.of(), message, List.of(), List.of());
        }
    }
}
