package io.finback.meshrouter.admin;

import io.finback.meshrouter.namers.Interpreter;
import io.finback.names.Address;
import io.finback.names.Delegation;
import io.finback.names.Name;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A delegation as Linkerd's JSON. Source: linkerd/linkerd DelegateApiHandler.scala. */
final class DelegationJson {
    private final Interpreter interpreter;

    DelegationJson(Interpreter interpreter) {
        this.interpreter = interpreter;
    }

    Map<String, Object> show(Delegation node) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("type", node.type());
        out.put("path", node.path().show());
        if (!node.rule().isEmpty()) {
            out.put("dentry", dentry(node.rule()));
        }
        node.bound().forEach(bound -> out.put("bound", bound(bound)));
        if (!node.message().isEmpty()) {
            out.put("message", node.message());
        }
        List<Map<String, Object>> children =
                node.children().stream().map(this::show).toList();
        switch (node.type()) {
            case "delegate" -> out.put("delegate", children.get(0));
            case "alt" -> out.put("alt", children);
            case "union" -> {
                List<Map<String, Object>> weighted = new ArrayList<>();
                for (int i = 0; i < children.size(); i++) {
                    weighted.add(Map.of("weight", node.weights().get(i), "tree", children.get(i)));
                }
                out.put("union", weighted);
            }
            default -> {}
        }
        return out;
    }

    private static Map<String, Object> dentry(String rule) {
        int arrow = rule.indexOf(" => ");
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("prefix", rule.substring(0, arrow));
        out.put("dst", rule.substring(arrow + 4));
        return out;
    }

    private Map<String, Object> bound(Name.Bound bound) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("id", bound.id().show());
        out.put("path", bound.residual().show());
        out.put("addr", address(interpreter.addresses(bound.id()).get()));
        return out;
    }

    static Map<String, Object> address(List<Address> addresses) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("type", "bound");
        out.put(
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
}
