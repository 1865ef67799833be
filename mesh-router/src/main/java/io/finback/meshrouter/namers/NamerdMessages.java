package io.finback.meshrouter.namers;

import io.finback.meshrouter.namers.ThriftBinary.Struct;
import io.finback.meshrouter.namers.ThriftBinary.Writer;
import io.finback.names.Address;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The messages of namerd's Thrift interface: questions are written, answers read. What is no such answer is an IllegalStateException. Source:
 * linkerd/linkerd namerd/iface, namer.thrift.
 */
final class NamerdMessages {
    /** Trees within trees: binding goes 100 levels deep, and a delegation may have two nodes for each. */
    private static final int MAX_DEPTH = 250;

    /** Nodes of a tree that is read; one of Thrift's may name the same node many times over. */
    private static final int MAX_NODES = 10_000;

    private NamerdMessages() {}

    /**
     * What was answered to a question.
     *
     * @param stamp to wait behind; a character for each byte
     */
    record Answer<T>(String stamp, T value) {}

    // --- questions ---

    static byte[] bind(String namespace, Path path, Dtab dtab, String stamp) {
        return ThriftBinary.call(
                "bind",
                new Writer()
                        .text(1, shown(dtab))
                        .struct(2, name(stamp, path, namespace))
                        .list(3, List.of()));
    }

    static byte[] address(String namespace, Path id, String stamp) {
        return ThriftBinary.call(
                "addr", new Writer().struct(1, name(stamp, id, namespace)).list(2, List.of()));
    }

    static byte[] dtab(String namespace, String stamp) {
        return ThriftBinary.call(
                "dtab",
                new Writer()
                        .bytes(1, stamp.getBytes(StandardCharsets.ISO_8859_1))
                        .text(2, namespace)
                        .list(3, List.of()));
    }

    static byte[] delegate(String namespace, Path path, Dtab dtab) {
        Writer leaf = new Writer()
                .list(1, elements(path))
                .text(2, "/\\x2f => ~")
                .struct(3, new Writer().list(7, elements(path)));
        return ThriftBinary.call(
                "delegate",
                new Writer()
                        .text(1, shown(dtab))
                        .struct(
                                2,
                                new Writer()
                                        .bytes(1, new byte[0])
                                        .struct(2, new Writer().struct(1, leaf).emptyMap(2))
                                        .text(3, namespace))
                        .list(3, List.of()));
    }

    private static Writer name(String stamp, Path path, String namespace) {
        return new Writer()
                .bytes(1, stamp.getBytes(StandardCharsets.ISO_8859_1))
                .list(2, elements(path))
                .text(3, namespace);
    }

    private static List<byte[]> elements(Path path) {
        return path.elements().stream()
                .map(element -> element.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
    }

    /** With weights as they are, which {@link Dtab#show} rounds. */
    private static String shown(Dtab dtab) {
        return String.join(
                ";",
                dtab.entries().stream()
                        .map(entry -> entry.prefix().show() + " => " + shown(entry.tree()))
                        .toList());
    }

    private static String shown(NameTree<Path> tree) {
        return tree.match(new NameTree.Cases<Path, String>() {
            @Override
            public String leaf(Path path) {
                return path.show();
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
            public String alt(List<NameTree<Path>> trees) {
                return joined(trees.stream().map(NamerdMessages::shown), " | ");
            }

            @Override
            public String union(List<NameTree.Weighted<Path>> trees) {
                return joined(trees.stream().map(branch -> plain(branch.weight()) + "*" + shown(branch.tree())), " & ");
            }
        });
    }

    private static String joined(Stream<String> trees, String by) {
        return "(" + String.join(by, trees.toList()) + ")";
    }

    /** Without an exponent, which dtabs have no words for. */
    private static String plain(double weight) {
        return BigDecimal.valueOf(weight).toPlainString();
    }

    // --- answers ---

    private static Struct result(byte[] message) {
        Struct answer = ThriftBinary.answer(message);
        if (answer.has(1)) {
            throw new Refused("namerd says: " + answer.struct(1).text(1));
        }
        return answer.struct(0);
    }

    private static String stamp(Struct answer) {
        return new String(answer.bytes(1), StandardCharsets.ISO_8859_1);
    }

    /** What the IDL declares: the stamp stays good. */
    static final class Refused extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    static Answer<NameTree<Name.Bound>> boundTree(byte[] message) {
        Struct bound = result(message);
        Struct tree = bound.struct(2);
        return new Answer<>(stamp(bound), new Nodes(tree).boundTree(tree.struct(1), 0));
    }

    static Answer<List<Address>> addresses(byte[] message) {
        Struct address = result(message);
        Struct value = address.struct(2);
        List<Address> all = new ArrayList<>();
        if (value.kind() == 1) {
            for (Struct endpoint : value.struct(1).list(1, Struct.class)) {
                address(endpoint).ifPresent(all::add);
            }
        } else if (value.kind() != 2) {
            throw new IllegalStateException("addresses of no kind");
        }
        return new Answer<>(stamp(address), List.copyOf(all));
    }

    private static Optional<Address> address(Struct endpoint) {
        byte[] ip = endpoint.bytes(1);
        long port = endpoint.number(2);
        Struct meta = endpoint.struct(3);
        double said = meta.has(3) ? meta.real(3) : 1.0;
        double weight = said >= 0 && !Double.isInfinite(said) ? said : 1.0;
        if (port < 1 || port > 65_535) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Address(InetAddress.getByAddress(ip).getHostAddress(), (int) port, weight)
                    .on(meta.has(2) ? meta.text(2) : ""));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + ip.length + " bytes (expected: 4 or 16)", e);
        }
    }

    static Answer<Dtab> dtab(byte[] message) {
        Struct dtab = result(message);
        try {
            return new Answer<>(stamp(dtab), Dtab.parse(dtab.text(2)));
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException("a dtab that cannot be read: " + e.getMessage(), e);
        }
    }

    static Delegation delegation(byte[] message) {
        Struct tree = result(message).struct(2);
        return new Nodes(tree).delegation(tree.struct(1), 0);
    }

    private static Path path(Struct in, int field) {
        List<String> elements = new ArrayList<>();
        for (byte[] element : in.list(field, byte[].class)) {
            if (element.length == 0) {
                throw new IllegalStateException("a path with an empty element");
            }
            elements.add(new String(element, StandardCharsets.ISO_8859_1));
        }
        return new Path(elements);
    }

    private static Name.Bound name(Struct name) {
        return new Name.Bound(path(name, 1), path(name, 2));
    }

    /** A tree whose nodes name each other by numbers. */
    private static final class Nodes {
        private final Struct tree;
        private int read;

        Nodes(Struct tree) {
            this.tree = tree;
        }

        private Struct at(long id, int depth) {
            if (depth > MAX_DEPTH || ++read > MAX_NODES) {
                throw new IllegalStateException(
                        "a tree of more than " + MAX_DEPTH + " levels or " + MAX_NODES + " nodes");
            }
            return tree.entry(2, id);
        }

        private List<Struct> all(Struct node, int field, int depth) {
            return node.list(field, Long.class).stream()
                    .map(id -> at(id, depth))
                    .toList();
        }

        NameTree<Name.Bound> boundTree(Struct node, int depth) {
            return switch (node.kind()) {
                case 1 -> NameTree.neg();
                case 2 -> new NameTree.Empty<>();
                case 3 -> new NameTree.Fail<>();
                case 4 -> NameTree.leaf(name(node.struct(4)));
                case 5 ->
                    BoundTrees.alternatives(all(node, 5, depth).stream()
                            .map(branch -> boundTree(branch, depth + 1))
                            .toList());
                case 6 ->
                    BoundTrees.union(node.list(6, Struct.class).stream()
                            .map(branch -> new NameTree.Weighted<>(
                                    weight(branch), boundTree(at(branch.number(2), depth), depth + 1)))
                            .toList());
                default -> throw new IllegalStateException("a bound tree of no kind");
            };
        }

        private static double weight(Struct branch) {
            double weight = branch.real(1);
            if (!(weight >= 0) || Double.isInfinite(weight)) {
                throw new IllegalStateException("weight: " + weight + " (expected: >= 0 and finite)");
            }
            return weight;
        }

        Delegation delegation(Struct node, int depth) {
            Path path = path(node, 1);
            String rule = rule(node.text(2));
            Struct contents = node.struct(3);
            return switch (contents.kind()) {
                case 1 -> new Delegation("exception", path, rule, List.of(), contents.text(1), List.of(), List.of());
                case 2 -> node("empty", path, rule, List.of());
                case 3 -> node("fail", path, rule, List.of());
                case 4 -> node("neg", path, rule, List.of());
                case 5 -> node("delegate", path, rule, List.of(delegation(at(contents.number(5), depth), depth + 1)));
                case 6 ->
                    new Delegation("leaf", path, rule, List.of(name(contents.struct(6))), "", List.of(), List.of());
                case 8 -> node("alt", path, rule, branches(all(contents, 8, depth), depth));
                case 9 -> {
                    List<Struct> weighted = contents.list(9, Struct.class);
                    yield new Delegation(
                            "union",
                            path,
                            rule,
                            List.of(),
                            "",
                            weighted.stream().map(Nodes::weight).toList(),
                            branches(
                                    weighted.stream()
                                            .map(branch -> at(branch.number(2), depth))
                                            .toList(),
                                    depth));
                }
                case 10 ->
                    node(
                            "delegate",
                            path,
                            rule,
                            List.of(delegation(at(contents.struct(10).number(2), depth), depth + 1)));
                default -> throw new IllegalStateException("a delegation of no kind");
            };
        }

        /** As Finagle shows it, {@code prefix=>dst}; the one that stands for none is nothing. */
        private static String rule(String said) {
            int arrow = said.indexOf("=>");
            String prefix = arrow < 0 ? "" : said.substring(0, arrow).strip();
            return prefix.isEmpty() || prefix.equals("/\\x2f")
                    ? ""
                    : prefix + " => " + said.substring(arrow + 2).strip();
        }

        private List<Delegation> branches(List<Struct> branches, int depth) {
            return branches.stream()
                    .map(branch -> delegation(branch, depth + 1))
                    .toList();
        }

        private static Delegation node(String type, Path path, String rule, List<Delegation> children) {
            return new Delegation(type, path, rule, List.of(), "", List.of(), children);
        }
    }
}
