package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.meshrouter.traffic.Forwarded;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.Traces;
import io.finback.meshrouter.traffic.WirePolicy;
import io.finback.names.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A {@code servers} entry. */
final class ServerReader {
    private static final int MAX_CALL_DEPTH = 1000;

    private ServerReader() {}

    /** The only one of a router that says nothing of servers. */
    static ServerPlan usual(Protocol protocol, Traces traces, WirePolicy wire) {
        return new ServerPlan(
                "127.0.0.1",
                protocol.port(),
                new ServerPolicy(
                        false,
                        Integer.MAX_VALUE,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        wire,
                        traces),
                MAX_CALL_DEPTH,
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    /** {@code traces}: which headers of traces the router makes. */
    static ServerPlan read(Block block, String label, Protocol protocol, Traces traces, WirePolicy usual) {
        int port = block.integer("port", 0, 65535).orElse(protocol.port());
        String ip = block.text("ip").orElse("127.0.0.1");
        var tls = block.block("tls").flatMap(found -> TlsReader.server(found, protocol == Protocol.H2));
        int concurrent =
                block.integer("maxConcurrentRequests", 1, Integer.MAX_VALUE).orElse(Integer.MAX_VALUE);
        List<Path> announce = block.texts("announce").stream()
                .map(text -> block.checked("announce", () -> Path.parse(text)))
                .toList();
        if (!protocol.isHttp()) {
            block.refuse("clearContext", "what travels with these calls is not Linkerd's alone", "false");
        }
        boolean clear = block.flag("clearContext").orElse(false);
        var timeout = block.millis("timeoutMs", 1);
        Optional<Block> session = block.block("serverSession");
        Optional<Duration> idle = session.flatMap(found -> found.millis("idleTimeMs", 1));
        Optional<Duration> life = session.flatMap(found -> {
            if (protocol == Protocol.HTTP) {
                found.refuse("lifeTimeMs", "connections of clients have no age limit");
            }
            return found.millis("lifeTimeMs", 1);
        });
        session.ifPresent(Block::end);
        Optional<Forwarded> forwarded = Optional.empty();
        Optional<String> timestamp = Optional.empty();
        int depth = MAX_CALL_DEPTH;
        if (protocol.isHttp()) {
            forwarded = block.block("addForwardedHeader").map(add -> {
                Forwarded both = new Forwarded(label(add, "by", label), label(add, "for", label));
                add.end();
                return both;
            });
            timestamp = block.text("timestampHeader");
            depth = block.integer("maxCallDepth", 1, 1_000_000).orElse(MAX_CALL_DEPTH);
        }
        WirePolicy wire = WireReader.isThere(block, protocol) ? WireReader.read(block, protocol, usual) : usual;
        block.block("socketOptions").ifPresent(ServerReader::socketOptions);
        block.end();
        return new ServerPlan(
                ip,
                port,
                new ServerPolicy(clear, concurrent, timeout, forwarded, timestamp, tls, wire, traces),
                depth,
                idle,
                life,
                announce);
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
