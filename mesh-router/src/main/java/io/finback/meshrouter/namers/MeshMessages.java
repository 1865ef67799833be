package io.finback.meshrouter.namers;

import com.google.protobuf.CodedOutputStream;
import io.finback.names.Address;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The messages of namerd's mesh interface, package {@code io.linkerd.mesh}: questions are written, answers read. What is no such message
 * is an IllegalStateException; unknown fields are passed over. Source: linkerd/linkerd mesh/core, its {@code .proto} files.
 */
final class MeshMessages {
    /** Trees within trees: binding goes 100 levels deep, and a delegation may have two nodes for each. */
    private static final int MAX_DEPTH = 250;

    /** Every node of a delegation has a rule; this one stands for none. Source: twitter/finagle {@code Dentry.nop}. */
    private static final Dtab.Dentry NO_RULE = new Dtab.Dentry(new Dtab.Prefix(List.of("/")), NameTree.neg());

    private MeshMessages() {}

    // --- questions ---

    /** {@code BindReq}. */
    static byte[] bind(Path root, Path name, Dtab dtab) {
        return message(out -> {
            path(out, 1, root);
            path(out, 2, name);
            dtab(out, 3, dtab);
        });
    }

    /** {@code ReplicasReq}. */
    static byte[] replicas(Path id) {
        return message(out -> path(out, 1, id));
    }

    /** {@code DtabReq}. */
    static byte[] dtab(Path root) {
        return message(out -> path(out, 1, root));
    }

    /** {@code DelegateTreeReq} of one path. */
    static byte[] delegate(Path root, Path name, Dtab dtab) {
        return message(out -> {
            path(out, 1, root);
            bytes(out, 2, message(tree -> tree(tree, NameTree.leaf(name))));
            dtab(out, 3, dtab);
        });
    }

    @FunctionalInterface
    private interface Writing {
        void to(CodedOutputStream out) throws IOException;
    }

    private static byte[] message(Writing writing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            writing.to(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("memory does not fail", e);
        }
        return bytes.toByteArray();
    }

    private static void bytes(CodedOutputStream out, int field, byte[] value) throws IOException {
        out.writeByteArray(field, value);
    }

    private static byte[] element(String element) {
        return element.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void path(CodedOutputStream out, int field, Path path) throws IOException {
        bytes(out, field, message(inner -> {
            for (String element : path.elements()) {
                bytes(inner, 1, element(element));
            }
        }));
    }

    private static void dtab(CodedOutputStream out, int field, Dtab dtab) throws IOException {
        bytes(out, field, message(inner -> {
            for (Dtab.Dentry entry : dtab.entries()) {
                bytes(inner, 1, message(dentry -> {
                    bytes(dentry, 1, message(prefix -> prefix(prefix, entry.prefix())));
                    bytes(dentry, 2, message(tree -> tree(tree, entry.tree())));
                }));
            }
        }));
    }

    private static void prefix(CodedOutputStream out, Dtab.Prefix prefix) throws IOException {
        for (String element : prefix.elements()) {
            bytes(out, 1, message(elem -> {
                boolean any = element.isEmpty();
                bytes(elem, any ? 2 : 1, element(element));
            }));
        }
    }

    /** {@code PathNameTree}. */
    private static void tree(CodedOutputStream out, NameTree<Path> tree) throws IOException {
        Writing writing = tree.match(new NameTree.Cases<Path, Writing>() {
            @Override
            public Writing leaf(Path path) {
                return to -> bytes(to, 4, message(leaf -> path(leaf, 1, path)));
            }

            @Override
            public Writing neg() {
                return to -> to.writeEnum(1, 0);
            }

            @Override
            public Writing fail() {
                return to -> to.writeEnum(1, 1);
            }

            @Override
            public Writing empty() {
                return to -> to.writeEnum(1, 2);
            }

            @Override
            public Writing alt(List<NameTree<Path>> trees) {
                return to -> bytes(to, 2, message(alt -> {
                    for (NameTree<Path> branch : trees) {
                        bytes(alt, 1, message(inner -> tree(inner, branch)));
                    }
                }));
            }

            @Override
            public Writing union(List<NameTree.Weighted<Path>> trees) {
                return to -> bytes(to, 3, message(union -> {
                    for (NameTree.Weighted<Path> branch : trees) {
                        bytes(union, 1, message(weighted -> {
                            weighted.writeDouble(1, branch.weight());
                            bytes(weighted, 2, message(inner -> tree(inner, branch.tree())));
                        }));
                    }
                }));
            }
        });
        writing.to(out);
    }

    // --- answers ---

    /** {@code BoundTreeRsp}; empty when it has no tree. */
    static Optional<NameTree<Name.Bound>> boundTree(byte[] message) {
        ProtoFields fields = ProtoFields.of(message);
        return fields.has(1) ? Optional.of(boundTree(fields.message(1), 0)) : Optional.empty();
    }

    private static NameTree<Name.Bound> boundTree(ProtoFields node, int depth) {
        checkDepth(depth);
        return switch (node.last()) {
            case 1 -> NameTree.neg();
            case 2 -> new NameTree.Fail<>();
            case 3 -> new NameTree.Empty<>();
            case 4 ->
                BoundTrees.alternatives(node.message(4).messages(1).stream()
                        .map(branch -> boundTree(branch, depth + 1))
                        .toList());
            case 5 ->
                BoundTrees.union(node.message(5).messages(1).stream()
                        .filter(branch -> branch.has(2))
                        .map(branch -> new NameTree.Weighted<>(weight(branch), boundTree(branch.message(2), depth + 1)))
                        .toList());
            case 6 -> NameTree.leaf(leaf(node.message(6)));
            default -> throw new IllegalStateException("a bound tree of no kind");
        };
    }

    private static Name.Bound leaf(ProtoFields leaf) {
        return new Name.Bound(path(leaf.message(1)), path(leaf.message(2)));
    }

    private static double weight(ProtoFields branch) {
        double weight = branch.real(1);
        if (!(weight >= 0) || Double.isInfinite(weight)) {
            throw new IllegalStateException("weight: " + weight + " (expected: >= 0 and finite)");
        }
        return weight;
    }

    private static void checkDepth(int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalStateException("a tree of more than " + MAX_DEPTH + " levels");
        }
    }

    private static Path path(ProtoFields path) {
        List<String> elements = new ArrayList<>();
        for (byte[] element : path.all(1)) {
            if (element.length == 0) {
                throw new IllegalStateException("a path with an empty element");
            }
            elements.add(new String(element, StandardCharsets.ISO_8859_1));
        }
        return new Path(elements);
    }

    /** {@code Replicas}: nobody for Neg and for what says nothing; empty while it is pending there. Throws what they say has failed. */
    static Optional<List<Address>> addresses(byte[] message) {
        ProtoFields result = ProtoFields.of(message);
        return switch (result.last()) {
            case 1 -> Optional.empty();
            case 3 ->
                throw new IllegalStateException(
                        "namerd says: " + result.message(3).text(1));
            case 4 -> {
                List<Address> all = new ArrayList<>();
                for (ProtoFields endpoint : result.message(4).messages(1)) {
                    address(endpoint).ifPresent(all::add);
                }
                yield Optional.of(List.copyOf(all));
            }
            default -> Optional.of(List.of());
        };
    }

    private static Optional<Address> address(ProtoFields endpoint) {
        byte[] ip = endpoint.bytes(2);
        long port = endpoint.number(3);
        if (port < 1 || port > 65_535) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new Address(InetAddress.getByAddress(ip).getHostAddress(), (int) port, weightOf(endpoint))
                            .on(endpoint.has(4) ? endpoint.message(4).text(1) : ""));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + ip.length + " bytes (expected: 4 or 16)", e);
        }
    }

    /** What its metadata says, as Finagle names it; 1 for what cannot be read. */
    private static double weightOf(ProtoFields endpoint) {
        for (ProtoFields entry : endpoint.messages(5)) {
            if (entry.text(1).equals("endpoint_addr_weight")) {
                try {
                    double weight = Double.parseDouble(entry.text(2));
                    return weight >= 0 && !Double.isInfinite(weight) ? weight : 1.0;
                } catch (NumberFormatException e) {
                    return 1.0;
                }
            }
        }
        return 1.0;
    }

    /** {@code DtabRsp}; empty when it has no dtab. */
    static Optional<Dtab> dtab(byte[] message) {
        ProtoFields versioned = ProtoFields.of(message).message(1);
        return versioned.has(2)
                ? Optional.of(new Dtab(versioned.message(2).messages(1).stream()
                        .map(MeshMessages::dentry)
                        .toList()))
                : Optional.empty();
    }

    private static Dtab.Dentry dentry(ProtoFields dentry) {
        List<String> prefix = new ArrayList<>();
        for (ProtoFields element : dentry.message(1).messages(1)) {
            prefix.add(element.last() == 2 ? "" : new String(element.bytes(1), StandardCharsets.ISO_8859_1));
        }
        return new Dtab.Dentry(new Dtab.Prefix(prefix), pathTree(dentry.message(2), 0));
    }

    private static NameTree<Path> pathTree(ProtoFields node, int depth) {
        checkDepth(depth);
        return switch (node.last()) {
            case 1 ->
                switch ((int) node.number(1)) {
                    case 0 -> NameTree.neg();
                    case 1 -> new NameTree.Fail<>();
                    case 2 -> new NameTree.Empty<>();
                    default -> throw new IllegalStateException("a tree of no kind");
                };
            case 2 ->
                new NameTree.Alt<>(node.message(2).messages(1).stream()
                        .map(branch -> pathTree(branch, depth + 1))
                        .toList());
            case 3 ->
                new NameTree.Union<>(node.message(3).messages(1).stream()
                        .map(branch -> new NameTree.Weighted<>(weight(branch), pathTree(branch.message(2), depth + 1)))
                        .toList());
            case 4 -> NameTree.leaf(path(node.message(4).message(1)));
            default -> throw new IllegalStateException("a tree of no kind");
        };
    }

    /** {@code DelegateTreeRsp}. */
    static Delegation delegation(byte[] message) {
        return delegation(ProtoFields.of(message).message(1), 0);
    }

    private static Delegation delegation(ProtoFields tree, int depth) {
        checkDepth(depth);
        Path path = path(tree.message(1));
        String rule = rule(tree);
        int kind = tree.lastOf(3, 11);
        return switch (kind) {
            case 3 -> node("neg", path, rule, List.of());
            case 4 -> node("fail", path, rule, List.of());
            case 5 -> node("empty", path, rule, List.of());
            case 6 -> node("alt", path, rule, branches(tree.message(6).messages(1), depth));
            case 7 -> {
                List<ProtoFields> all = tree.message(7).messages(1).stream()
                        .filter(branch -> branch.has(2))
                        .toList();
                yield new Delegation(
                        "union",
                        path,
                        rule,
                        List.of(),
                        "",
                        all.stream().map(MeshMessages::weight).toList(),
                        branches(all.stream().map(branch -> branch.message(2)).toList(), depth));
            }
            case 8 -> new Delegation("leaf", path, rule, List.of(leaf(tree.message(8))), "", List.of(), List.of());
            case 9 -> node("delegate", path, rule, branches(List.of(tree.message(9)), depth));
            // What a transformer made of it comes last; the playground shows how it came to that.
            case 10 ->
                node("delegate", path, rule, branches(List.of(tree.message(10).message(3)), depth));
            case 11 -> new Delegation("exception", path, rule, List.of(), tree.text(11), List.of(), List.of());
            default -> throw new IllegalStateException("a delegation of no kind");
        };
    }

    private static String rule(ProtoFields tree) {
        if (!tree.has(2)) {
            return "";
        }
        Dtab.Dentry dentry = dentry(tree.message(2));
        return dentry.equals(NO_RULE) ? "" : dentry.show();
    }

    private static List<Delegation> branches(List<ProtoFields> branches, int depth) {
        return branches.stream().map(branch -> delegation(branch, depth + 1)).toList();
    }

    private static Delegation node(String type, Path path, String rule, List<Delegation> children) {
        return new Delegation(type, path, rule, List.of(), "", List.of(), children);
    }
}
