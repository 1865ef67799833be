package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.TransformerPlan;
import io.finback.meshrouter.namers.Transformer;
import io.finback.names.Path;
import java.util.ArrayList;
import java.util.List;

/** The {@code transformers} of an interpreter or a namer. */
final class TransformerReader {
    private static final String SUPPORTED =
            "io.l5d.port, io.l5d.localhost, io.l5d.specificHost, io.l5d.replace, io.l5d.const, io.l5d.k8s.localnode, io.l5d.k8s.daemonset";

    private TransformerReader() {}

    static List<TransformerPlan> read(Block owner) {
        List<TransformerPlan> transformers = new ArrayList<>();
        for (Block block : owner.blocks("transformers")) {
            String kind = Kinds.of(block, SUPPORTED);
            transformers.add(
                    switch (kind) {
                        case "io.l5d.k8s.daemonset" -> daemonSet(block);
                        default -> {
                            Transformer made = fixed(block, kind);
                            yield environment -> made;
                        }
                    });
            block.end();
        }
        return transformers;
    }

    private static TransformerPlan daemonSet(Block block) {
        boolean hostNetwork = block.flag("hostNetwork").orElse(false);
        String host = block.text("k8sHost").orElse("localhost");
        int port = block.integer("k8sPort", 1, 65535).orElse(8001);
        String namespace = block.required("namespace", "the namespace of the daemon set's service");
        String portName = block.required("port", "the name or number of a port of the daemon set's service");
        String service = block.required("service", "the daemon set's service");
        return environment -> Transformer.daemonSet(
                host, port, namespace, portName, service, hostNetwork, environment.streams(), environment.changes());
    }

    private static Transformer fixed(Block block, String kind) {
        return switch (kind) {
            case "io.l5d.port" ->
                Transformer.port(block.integer("port", 1, 65535)
                        .orElseThrow(() -> block.wrong("port", "is missing (expected: 1..65535)")));
            case "io.l5d.localhost" -> Transformer.localhost();
            case "io.l5d.specificHost" -> Transformer.specificHost(block.required("host", "an IP address"));
            case "io.l5d.replace" ->
                block.checked("path", () -> Transformer.replace(Path.parse(block.required("path", "a path"))));
            case "io.l5d.const" ->
                block.checked("path", () -> Transformer.constant(Path.parse(block.required("path", "a path"))));
            case "io.l5d.k8s.localnode" -> {
                if (block.flag("hostNetwork").orElse(false)) {
                    yield Transformer.onNode(environment(block, "NODE_NAME", "this node's name"));
                }
                String podIp = environment(block, "POD_IP", "this pod's IP");
                yield block.checked("kind", () -> Transformer.localNode(podIp));
            }
            default -> throw Kinds.missing(block, kind, SUPPORTED);
        };
    }

    private static String environment(Block block, String variable, String expected) {
        String value = System.getenv(variable);
        if (value == null || value.isEmpty()) {
            throw block.wrong(
                    "kind",
                    "io.l5d.k8s.localnode needs the environment variable " + variable + " (expected: " + expected
                            + ")");
        }
        return value;
    }
}
