package io.finback.names;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Names as the JSON values of Linkerd and namerd: maps, lists, texts, numbers. Source: linkerd/linkerd DelegateApiHandler.scala. */
public final class NamesJson {
    private final Function<Path, List<Address>> addresses;

    /** {@code addresses}: those behind a bound id, now. */
    public NamesJson(Function<Path, List<Address>> addresses) {
        this.addresses = addresses;
    }

    /** How a name came to mean what it means. */
    public Map<String, Object> delegation(Delegation node) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("type", node.type());
        out.put("path", node.path().show());
        if (!node.rule().isEmpty()) {
            int arrow = node.rule().indexOf(" => ");
            out.put(
                    "dentry",
                    dentry(node.rule().substring(0, arrow), node.rule().substring(arrow + 4)));
        }
        node.bound().forEach(bound -> out.put("bound", bound(bound)));
        if (!node.message().isEmpty()) {
            out.put("message", node.message());
        }
        List<Map<String, Object>> children =
                node.children().stream().map(this::delegation).toList();
        switch (node.type()) {
            case "delegate" -> out.put("delegate", children.get(0));
            case "alt" -> out.put("alt", children);
            case "union" -> {
                List<Map<String, Object>> weighted = new ArrayList<>();
                for (int i = 0; i < children.size(); i++) {
                    weighted.add(weighted(node.weights().get(i), children.get(i)));
                }
                out.put("union", weighted);
            }
            default -> {}
        }
        return out;
    }

    /** A bound tree. */
    public Map<String, Object> tree(NameTree<Name.Bound> tree) {
        return tree.match(new NameTree.Cases<Name.Bound, Map<String, Object>>() {
            @Override
            public Map<String, Object> leaf(Name.Bound bound) {
                return of("leaf", "bound", bound(bound));
            }

            @Override
            public Map<String, Object> neg() {
                return Map.of("type", "neg");
            }

            @Override
            public Map<String, Object> empty() {
                return Map.of("type", "empty");
            }

            @Override
            public Map<String, Object> fail() {
                return Map.of("type", "fail");
            }

            @Override
            public Map<String, Object> alt(List<NameTree<Name.Bound>> trees) {
                return of(
                        "alt", "alt", trees.stream().map(branch -> tree(branch)).toList());
            }

            @Override
            public Map<String, Object> union(List<NameTree.Weighted<Name.Bound>> trees) {
                return of(
                        "union",
                        "union",
                        trees.stream()
                                .map(branch -> weighted(branch.weight(), tree(branch.tree())))
                                .toList());
            }
        });
    }

    private static Map<String, Object> of(String type, String key, Object value) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("type", type);
        out.put(key, value);
        return out;
    }

    private static Map<String, Object> weighted(double weight, Map<String, Object> tree) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("weight", weight);
        out.put("tree", tree);
        return out;
    }

    private static Map<String, Object> dentry(String prefix, String dst) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("prefix", prefix);
        out.put("dst", dst);
        return out;
    }

    private Map<String, Object> bound(Name.Bound bound) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("addr", address(addresses.apply(bound.id())));
        out.put("id", bound.id().show());
        out.put("path", bound.residual().show());
        return out;
    }

    /** Bound addresses. */
    public static Map<String, Object> address(List<Address> addresses) {
        Map<String, Object> out = of(
                "bound",
                "addrs",
                addresses.stream()
                        .map(a -> {
                            Map<String, Object> address = new LinkedHashMap<>();
                            address.put("ip", a.host());
                            address.put("port", a.port());
                            address.put(
                                    "meta", a.weight() == 1.0 ? Map.of() : Map.of("endpoint_addr_weight", a.weight()));
                            return address;
                        })
                        .toList());
        out.put("meta", Map.of());
        return out;
    }

    /** The rules of a dtab, in order. */
    public static List<Map<String, Object>> dtab(Dtab dtab) {
        return dtab.entries().stream()
                .map(entry -> dentry(entry.prefix().show(), entry.tree().show(Path::show)))
                .toList();
    }
}
