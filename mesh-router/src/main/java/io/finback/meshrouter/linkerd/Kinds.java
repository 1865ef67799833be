package io.finback.meshrouter.linkerd;

import java.util.Set;

/** Which kinds Linkerd calls experimental: they need {@code experimental: true}. */
final class Kinds {
    private static final Set<String> EXPERIMENTAL = Set.of(
            "io.l5d.dnssrv",
            "io.l5d.curator",
            "io.l5d.rancher",
            "io.l5d.namerd.http",
            "io.l5d.k8s.configMap",
            "io.l5d.k8s.external",
            "io.l5d.statsd");

    private Kinds() {}

    /** The block's kind, with {@code experimental} checked. */
    static String of(Block block, String known) {
        String kind = block.required("kind", known);
        boolean allowed = block.flag("experimental").orElse(false);
        if (EXPERIMENTAL.contains(kind) && !allowed) {
            throw block.wrong("kind", kind + " is experimental in Linkerd (expected: experimental: true beside it)");
        }
        return kind;
    }

    /** A kind that Linkerd has and this router has not. */
    static YamlFailure missing(Block block, String kind, String supported) {
        return block.wrong("kind", "'" + kind + "' is not supported by this router yet (supported: " + supported + ")");
    }
}
