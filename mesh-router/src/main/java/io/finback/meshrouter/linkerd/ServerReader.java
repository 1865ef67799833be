package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.http.Forwarded;
import io.finback.meshrouter.http.ServerPolicy;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import java.util.Optional;

/** A {@code servers} entry of an HTTP router. */
final class ServerReader {
    static final int PORT = 4140;
    private static final int MAX_CALL_DEPTH = 1000;

    private ServerReader() {}

    /** {@code traces}: whether the router makes Linkerd's trace headers. */
    static ServerPlan read(Block block, String label, boolean traces) {
        int port = block.integer("port", 0, 65535).orElse(PORT);
        String ip = block.text("ip").orElse("127.0.0.1");
        var tls = block.block("tls").flatMap(TlsReader::server);
        int concurrent =
                block.integer("maxConcurrentRequests", 1, Integer.MAX_VALUE).orElse(Integer.MAX_VALUE);
        if (!block.texts("announce").isEmpty()) {
            throw block.wrong("announce", "announcers are not supported by this router yet (expected: nothing)");
        }
        boolean clear = block.flag("clearContext").orElse(false);
        var timeout = block.millis("timeoutMs", 1);
        var idle = block.block("serverSession").flatMap(session -> {
            var time = session.millis("idleTimeMs", 1);
            session.refuse("lifeTimeMs", "connections of clients have no age limit");
            session.end();
            return time;
        });
        Optional<Forwarded> forwarded = block.block("addForwardedHeader").map(add -> {
            Forwarded both = new Forwarded(label(add, "by", label), label(add, "for", label));
            add.end();
            return both;
        });
        Optional<String> timestamp = block.text("timestampHeader");
        int depth = block.integer("maxCallDepth", 1, 1_000_000).orElse(MAX_CALL_DEPTH);
        block.block("socketOptions").ifPresent(ServerReader::socketOptions);
        block.end();
        return new ServerPlan(
                ip, port, new ServerPolicy(clear, concurrent, timeout, forwarded, timestamp, tls, traces), depth, idle);
    }

    private static Forwarded.Label label(Block add, String key, String router) {
        Optional<Block> block = add.block(key);
        if (block.isEmpty()) {
            return new Forwarded.Label(Forwarded.Kind.REQUEST_RANDOM, "");
        }
        String text = block.get().required("kind", "ip, ip:port, connectionRandom, requestRandom, router or static");
        Forwarded.Kind kind = Forwarded.Kind.of(text).orElseThrow(() -> block.get()
                .wrong(
                        "kind",
                        "'" + text + "' (expected: ip, ip:port, connectionRandom, requestRandom, router or static)"));
        String name = kind == Forwarded.Kind.STATIC ? block.get().required("label", "a text") : router;
        block.get().end();
        return new Forwarded.Label(kind, name);
    }

    /** What is the default here may be said; the rest is refused. */
    static void socketOptions(Block block) {
        block.refuse("noDelay", "", "true");
        block.refuse("reuseAddr", "", "true");
        block.refuse("reusePort", "", "false");
        block.refuse("keepAlive", "", "false");
        block.refuse("readTimeoutMs", "");
        block.refuse("writeTimeoutMs", "");
        block.refuse("backlog", "");
        block.end();
    }
}
