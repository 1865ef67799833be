package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.http.ServerPolicy;
import io.finback.meshrouter.linkerd.Plan.AccessLogPlan;
import io.finback.meshrouter.linkerd.Plan.InterpreterPlan;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.meshrouter.router.Identifier;
import io.finback.meshrouter.router.Identifiers;
import io.finback.meshrouter.router.RouterSpec;
import io.finback.names.Dtab;
import io.finback.names.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An entry of {@code routers}. */
final class RouterReader {
    private static final Set<String> PROTOCOLS = Set.of("h2", "thrift", "mux", "thriftmux");
    private static final String IDENTIFIERS =
            "io.l5d.header.token, io.l5d.header, io.l5d.methodAndHost, io.l5d.path, io.l5d.static";
    private static final int NAMES = 1_000;

    private RouterReader() {}

    static RouterPlan read(Block block, String where) {
        String protocol = block.required("protocol", "http");
        if (PROTOCOLS.contains(protocol)) {
            throw block.wrong("protocol", "'" + protocol + "' is not supported by this router yet (supported: http)");
        }
        if (!protocol.equals("http")) {
            throw block.wrong("protocol", "'" + protocol + "' (expected: http, h2, thrift, mux or thriftmux)");
        }
        String label = block.text("label").orElse(protocol);
        Dtab dtab = block.parsed("dtab", Dtab::parse).orElse(Dtab.EMPTY);
        Path prefix = block.parsed("dstPrefix", Path::parse).orElseGet(() -> Path.of("svc"));
        InterpreterPlan interpreter = InterpreterReader.read(block.block("interpreter"));
        List<Identifier> identifiers = identifiers(block, prefix);
        boolean traces = tracePropagator(block);
        List<ServerPlan> servers = new ArrayList<>();
        block.blocks("servers").forEach(server -> servers.add(ServerReader.read(server, label, traces)));
        if (servers.isEmpty()) {
            if (block.has("servers")) {
                throw block.wrong("servers", "is empty (expected: at least one)");
            }
            servers.add(new ServerPlan(
                    "127.0.0.1",
                    ServerReader.PORT,
                    new ServerPolicy(
                            false,
                            Integer.MAX_VALUE,
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            traces),
                    1000,
                    Optional.empty()));
        }
        Layers policies =
                new Layers(PolicyReader.clients(block.block("client")), PolicyReader.services(block.block("service")));
        Duration binding = block.millis("bindingTimeoutMs", 1).orElse(Duration.ofSeconds(10));
        RouterSpec.Limits limits = limits(block.block("bindingCache"));
        int line = kilobytes(block, "maxInitialLineKB", 4);
        int headers = kilobytes(block, "maxHeadersKB", 8);
        // Bodies are never collected here: these say how much of one Linkerd may collect.
        block.accepted(1, "maxErrResponseKB", "streamAfterContentLengthKB");
        block.refuse("streamingEnabled", "bodies always run as streams", "true");
        block.refuse("compressionLevel", "bodies are passed on as they are", "-1", "0");
        block.refuse("originator", "", "false");
        if (!block.blocks("announcers").isEmpty()) {
            throw block.wrong("announcers", "are not supported by this router yet (expected: nothing)");
        }
        block.refuse("loggers", "");
        Optional<AccessLogPlan> accessLog = accessLog(block);
        block.end();
        return new RouterPlan(
                where,
                label,
                dtab,
                identifiers,
                interpreter,
                servers,
                policies,
                binding,
                limits,
                line,
                headers,
                accessLog);
    }

    private static int kilobytes(Block block, String key, int usual) {
        return block.integer(key, 1, 1024).orElse(usual) * 1024;
    }

    private static boolean tracePropagator(Block block) {
        Optional<Block> propagator = block.block("tracePropagator");
        if (propagator.isEmpty()) {
            return true;
        }
        String kind = propagator.get().required("kind", "io.l5d.default or io.l5d.zipkin");
        propagator.get().end();
        return switch (kind) {
            case "io.l5d.default" -> true;
            // X-B3-* headers are passed on as they come.
            case "io.l5d.zipkin" -> throw Kinds.missing(propagator.get(), kind, "io.l5d.default");
            default -> throw propagator.get().wrong("kind", "'" + kind + "' (expected: io.l5d.default)");
        };
    }

    private static RouterSpec.Limits limits(Optional<Block> found) {
        if (found.isEmpty()) {
            return new RouterSpec.Limits(NAMES, NAMES);
        }
        Block block = found.get();
        int paths = block.integer("paths", 1, 1_000_000).orElse(NAMES);
        int clients = block.integer("clients", 1, 1_000_000).orElse(NAMES);
        // One cache of ours stands for paths and trees, one for bounds and clients.
        block.accepted(1, "trees", "bounds", "idleTtlSecs");
        block.end();
        return new RouterSpec.Limits(paths, clients);
    }

    private static List<Identifier> identifiers(Block router, Path prefix) {
        List<Identifier> identifiers = new ArrayList<>();
        for (Block block : router.blocks("identifier")) {
            String kind = block.required("kind", IDENTIFIERS);
            identifiers.add(
                    switch (kind) {
                        case "io.l5d.header.token" ->
                            Identifiers.headerToken(prefix, block.text("header").orElse("Host"));
                        case "io.l5d.header" ->
                            Identifiers.header(prefix, block.text("header").orElse("l5d-name"));
                        case "io.l5d.methodAndHost" ->
                            Identifiers.methodAndHost(
                                    prefix, block.flag("httpUriInDst").orElse(false));
                        case "io.l5d.path" ->
                            Identifiers.path(
                                    prefix,
                                    block.integer("segments", 1, 100).orElse(1),
                                    block.flag("consume").orElse(false));
                        case "io.l5d.static" ->
                            Identifiers.fixed(
                                    prefix,
                                    block.parsed("path", text -> Path.parse(text.startsWith("/") ? text : "/" + text))
                                            .orElseThrow(() -> block.wrong("path", "is missing (expected: a path)")));
                        default -> throw Kinds.missing(block, kind, IDENTIFIERS);
                    });
            block.end();
        }
        return identifiers.isEmpty() ? List.of(Identifiers.headerToken(prefix, "Host")) : identifiers;
    }

    private static Optional<AccessLogPlan> accessLog(Block block) {
        Optional<String> file = block.text("httpAccessLog");
        String roll = block.text("httpAccessLogRollPolicy").orElse("never");
        boolean append = block.flag("httpAccessLogAppend").orElse(true);
        int keep =
                block.integer("httpAccessLogRotateCount", -1, Integer.MAX_VALUE).orElse(-1);
        if (!roll.matches("never|hourly|daily|\\d+(\\.(bytes?|kilobytes?|megabytes?|gigabytes?))?")) {
            throw block.wrong(
                    "httpAccessLogRollPolicy",
                    "'" + roll + "' (expected: never, hourly, daily, or a size such as 100.megabytes)");
        }
        return file.map(text -> new AccessLogPlan(java.nio.file.Path.of(text), roll, append, keep));
    }
}
