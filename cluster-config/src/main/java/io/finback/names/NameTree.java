package io.finback.names;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * What a name may mean. Neg ({@code ~}): no such name, look on. Empty ({@code $}): it exists and nobody is there. Fail ({@code !}):
 * stop looking. Alt: the first that is not Neg. Union: each by weight. Source: twitter/finagle NameTree.scala.
 */
public sealed interface NameTree<T> {
    <R> R match(Cases<T, R> cases);

    /** One function per case, so that a new case breaks every reader. */
    interface Cases<T, R> {
        R leaf(T value);

        R neg();

        R empty();

        R fail();

        R alt(List<NameTree<T>> trees);

        R union(List<Weighted<T>> trees);
    }

    record Leaf<T>(T value) implements NameTree<T> {
        @Override
        public <R> R match(Cases<T, R> cases) {
            return cases.leaf(value);
        }
    }

    record Neg<T>() implements NameTree<T> {
        @Override
        public <R> R match(Cases<T, R> cases) {
            return cases.neg();
        }
    }

    record Empty<T>() implements NameTree<T> {
        @Override
        public <R> R match(Cases<T, R> cases) {
            return cases.empty();
        }
    }

    record Fail<T>() implements NameTree<T> {
        @Override
        public <R> R match(Cases<T, R> cases) {
            return cases.fail();
        }
    }

    record Alt<T>(List<NameTree<T>> trees) implements NameTree<T> {
        public Alt {
            trees = List.copyOf(trees);
        }

        @Override
        public <R> R match(Cases<T, R> cases) {
            return cases.alt(trees);
        }
    }

    record Union<T>(List<Weighted<T>> trees) implements NameTree<T> {
        public Union {
            trees = List.copyOf(trees);
        }

        @Override
        public <R> R match(Cases<T, R> cases) {
            return cases.union(trees);
        }
    }

    /** A branch of a union; weight is finite and not negative, 1.0 unless written. */
    record Weighted<T>(double weight, NameTree<T> tree) {
        public Weighted {
            if (!(weight >= 0) || Double.isInfinite(weight)) {
                throw new IllegalArgumentException("weight: " + weight + " (expected: >= 0 and finite)");
            }
        }
    }

    static <T> NameTree<T> leaf(T value) {
        return new Leaf<>(value);
    }

    static <T> NameTree<T> neg() {
        return new Neg<>();
    }

    default boolean isNeg() {
        return this instanceof Neg;
    }

    /** The same tree with every leaf replaced. */
    default <U> NameTree<U> map(Function<T, U> f) {
        return match(new Cases<T, NameTree<U>>() {
            @Override
            public NameTree<U> leaf(T value) {
                return new Leaf<>(f.apply(value));
            }

            @Override
            public NameTree<U> neg() {
                return new Neg<>();
            }

            @Override
            public NameTree<U> empty() {
                return new Empty<>();
            }

            @Override
            public NameTree<U> fail() {
                return new Fail<>();
            }

            @Override
            public NameTree<U> alt(List<NameTree<T>> trees) {
                return new Alt<>(trees.stream().map(tree -> tree.map(f)).toList());
            }

            @Override
            public NameTree<U> union(List<Weighted<T>> trees) {
                return new Union<>(trees.stream()
                        .map(w -> new Weighted<>(w.weight(), w.tree().map(f)))
                        .toList());
            }
        });
    }

    /** As dtabs are written: weights as {@code %.2f*} unless 1, nested Alt and Union in parentheses. */
    default String show(Function<T, String> leaf) {
        return match(new Cases<T, String>() {
            @Override
            public String leaf(T value) {
                return leaf.apply(value);
            }

            @Override
            public String neg() {
                return "~";
            }

            @Override
            public String empty() {
                return "$";
            }

            @Override
            public String fail() {
                return "!";
            }

            @Override
            public String alt(List<NameTree<T>> trees) {
                return String.join(
                        " | ", trees.stream().map(tree -> nested(tree, leaf)).toList());
            }

            @Override
            public String union(List<Weighted<T>> trees) {
                return String.join(
                        " & ",
                        trees.stream()
                                .map(w -> (w.weight() == 1.0 ? "" : String.format(Locale.ROOT, "%.2f*", w.weight()))
                                        + nested(w.tree(), leaf))
                                .toList());
            }
        });
    }

    private static <T> String nested(NameTree<T> tree, Function<T, String> leaf) {
        String text = tree.show(leaf);
        return tree instanceof Alt || tree instanceof Union ? "(" + text + ")" : text;
    }
}
