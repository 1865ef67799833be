package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.namers.Transformer;
import io.finback.names.Path;
import java.util.ArrayList;
import java.util.List;

/** The {@code transformers} of an interpreter or a namer. */
final class TransformerReader {
    private static final String SUPPORTED =
            "io.l5d.port, io.l5d.localhost, io.l5d.specificHost, io.l5d.replace, io.l5d.const, io.l5d.k8s.localnode";

    private TransformerReader() {}

    static List<Transformer> read(Block owner) {
        List<Transformer> transformers = new ArrayList<>();
        for (Block block : owner.blocks("transformers")) {
            String kind = Kinds.of(block, SUPPORTED);
            transformers.add(
                    switch (kind) {
                        case "io.l5d.port" ->
                            Transformer.port(block.integer("port", 1, 65535)
                                    .orElseThrow(() -> block.wrong("port", "is missing (expected: 1..65535)")));
                        case "io.l5d.localhost" -> Transformer.localhost();
                        case "io.l5d.specificHost" -> Transformer.specificHost(block.required("host", "an IP address"));
                        case "io.l5d.replace" ->
                            block.checked(
                                    "path", () -> Transformer.replace(Path.parse(block.required("path", "a path"))));
                        case "io.l5d.const" ->
                            block.checked(
                                    "path", () -> Transformer.constant(Path.parse(block.required("path", "a path"))));
                        case "io.l5d.k8s.localnode" -> {
                            block.refuse("hostNetwork", "nodes are told apart by the addresses of their pods", "false");
                            String podIp = System.getenv("POD_IP");
                            if (podIp == null) {
                                throw block.wrong(
                                        "kind",
                                        "io.l5d.k8s.localnode needs the environment variable POD_IP (expected: this pod's IP)");
                            }
                            yield block.checked("kind", () -> Transformer.localNode(podIp));
                        }
                        default -> throw Kinds.missing(block, kind, SUPPORTED);
                    });
            block.end();
        }
        return transformers;
    }
}
