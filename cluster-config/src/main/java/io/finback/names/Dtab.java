package io.finback.names;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A delegation table: rewriting rules for names, of which later ones go first. {@code show} and {@code parse} are inverse.
 *
 * <pre>
 * dtab := [dentry] (';' [dentry])*      '#' to the end of the line is a comment wherever space may be
 * dentry := prefix '=>' tree            prefix elements may be '*' (any one element)
 * tree := union ('|' union)*            union := weighted ('&amp;' weighted)*     weighted := [number '*'] simple
 * simple := '(' tree ')' | path | '!' | '~' | '$'
 * </pre>
 */
public record Dtab(List<Dentry> entries) {
    public static final Dtab EMPTY = new Dtab(List.of());

    public Dtab {
        entries = List.copyOf(entries);
    }

    /** One rule. */
    public record Dentry(Prefix prefix, NameTree<Path> tree) {
        public String show() {
            return prefix.show() + " => " + tree.show(Path::show);
        }
    }

    /** What a rule applies to. An element that is empty text is the wildcard; everything else is compared as bytes. */
    public record Prefix(List<String> elements) {
        static final String ANY = "";

        public Prefix {
            elements = List.copyOf(elements);
        }

        boolean matches(Path path) {
            if (elements.size() > path.size()) {
                return false;
            }
            for (int i = 0; i < elements.size(); i++) {
                String element = elements.get(i);
                if (!element.equals(ANY) && !element.equals(path.elements().get(i))) {
                    return false;
                }
            }
            return true;
        }

        public String show() {
            if (elements.isEmpty()) {
                return "/";
            }
            StringBuilder out = new StringBuilder();
            for (String element : elements) {
                out.append('/');
                if (element.equals(ANY)) {
                    out.append('*');
                } else {
                    Path.showElement(element, out);
                }
            }
            return out.toString();
        }
    }

    /** Throws {@link NameSyntaxException} naming the position and what was expected. */
    public static Dtab parse(String text) {
        Scanner in = new Scanner(text);
        List<Dentry> entries = new ArrayList<>();
        in.skipSpace();
        while (!in.atEnd()) {
            if (in.peek() == '/') {
                entries.add(dentry(in));
                in.skipSpace();
            }
            if (in.atEnd()) {
                break;
            }
            in.expect(';');
            in.skipSpace();
        }
        return new Dtab(entries);
    }

    /** Reads the right side of a rule alone. */
    public static NameTree<Path> parseTree(String text) {
        Scanner in = new Scanner(text);
        in.skipSpace();
        NameTree<Path> tree = tree(in);
        in.skipSpace();
        in.expectEnd();
        return tree;
    }

    public Dtab concat(Dtab later) {
        if (later.entries.isEmpty()) {
            return this;
        }
        List<Dentry> all = new ArrayList<>(entries);
        all.addAll(later.entries);
        return new Dtab(all);
    }

    /**
     * The trees of all rules whose prefix matches, the latest first, each leaf extended by what the prefix left over: Neg for no rule,
     * the rule's own tree for one, an Alt for several.
     */
    public NameTree<Path> lookup(Path path) {
        List<NameTree<Path>> matches = new ArrayList<>();
        for (int i = entries.size() - 1; i >= 0; i--) {
            Dentry entry = entries.get(i);
            if (entry.prefix().matches(path)) {
                Path rest = path.drop(entry.prefix().elements().size());
                matches.add(entry.tree().map(leaf -> leaf.concat(rest)));
            }
        }
        if (matches.isEmpty()) {
            return NameTree.neg();
        }
        return matches.size() == 1 ? matches.get(0) : new NameTree.Alt<>(matches);
    }

    public String show() {
        return entries.stream().map(Dentry::show).collect(Collectors.joining(";"));
    }

    @Override
    public String toString() {
        return show();
    }

    private static Dentry dentry(Scanner in) {
        Prefix prefix = prefix(in);
        in.skipSpace();
        in.expect('=');
        in.expect('>');
        in.skipSpace();
        return new Dentry(prefix, tree(in));
    }

    private static Prefix prefix(Scanner in) {
        in.expect('/');
        List<String> elements = new ArrayList<>();
        if (in.peek() == '*' || in.isLabelStart()) {
            do {
                elements.add(in.take('*') ? Prefix.ANY : in.label());
            } while (in.take('/'));
        }
        return new Prefix(elements);
    }

    private static NameTree<Path> tree(Scanner in) {
        List<NameTree<Path>> trees = new ArrayList<>();
        do {
            in.skipSpace();
            trees.add(union(in));
            in.skipSpace();
        } while (in.take('|'));
        return trees.size() == 1 ? trees.get(0) : new NameTree.Alt<>(trees);
    }

    private static NameTree<Path> union(Scanner in) {
        List<NameTree.Weighted<Path>> trees = new ArrayList<>();
        do {
            in.skipSpace();
            double weight = in.weight();
            trees.add(new NameTree.Weighted<>(weight, simple(in)));
            in.skipSpace();
        } while (in.take('&'));
        return trees.size() == 1 ? trees.get(0).tree() : new NameTree.Union<>(trees);
    }

    private static NameTree<Path> simple(Scanner in) {
        if (in.take('(')) {
            in.enter();
            NameTree<Path> tree = tree(in);
            in.expect(')');
            in.leave();
            return tree;
        }
        if (in.take('~')) {
            return NameTree.neg();
        }
        if (in.take('!')) {
            return new NameTree.Fail<>();
        }
        if (in.take('$')) {
            return new NameTree.Empty<>();
        }
        if (in.peek() == '/') {
            return NameTree.leaf(in.path());
        }
        throw in.failure("'(', a path, '!', '~' or '$'");
    }
}
