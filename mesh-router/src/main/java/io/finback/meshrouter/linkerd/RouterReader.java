package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.AccessLogPlan;
import io.finback.meshrouter.linkerd.Plan.AnnouncerPlan;
import io.finback.meshrouter.linkerd.Plan.IdentifierPlan;
import io.finback.meshrouter.linkerd.Plan.InterpreterPlan;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.meshrouter.namers.Ingresses;
import io.finback.meshrouter.router.Identifiers;
import io.finback.meshrouter.router.IngressIdentifier;
import io.finback.meshrouter.router.RouterSpec;
import io.finback.meshrouter.traffic.Traces;
import io.finback.meshrouter.traffic.WireDefaults;
import io.finback.names.Dtab;
import io.finback.names.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An entry of {@code routers}. */
final class RouterReader {
    private static final String IDENTIFIERS =
            "io.l5d.header.token, io.l5d.header, io.l5d.methodAndHost, io.l5d.path, io.l5d.static, io.l5d.ingress";
    private static final String H2_IDENTIFIERS =
            "io.l5d.header.token, io.l5d.header, io.l5d.header.path, io.l5d.path, io.l5d.static, io.l5d.ingress";
    private static final int NAMES = 1_000;

    private RouterReader() {}

    static RouterPlan read(Block block, String where, WireDefaults usual) {
        String text = block.required("protocol", "http, h2, thrift, mux or thriftmux");
        Protocol protocol = Protocol.of(text)
                .orElseThrow(
                        () -> block.wrong("protocol", "'" + text + "' (expected: http, h2, thrift, mux or thriftmux)"));
        if (!block.flag("experimental").orElse(false) && protocol.isExperimental()) {
            throw block.wrong(
                    "protocol", text + " is experimental in Linkerd (expected: experimental: true beside it)");
        }
        String label = block.text("label").orElse(text);
        Dtab dtab = block.parsed("dtab", Dtab::parse).orElse(Dtab.EMPTY);
        Path prefix = block.parsed("dstPrefix", Path::parse).orElseGet(() -> Path.of("svc"));
        InterpreterPlan interpreter = InterpreterReader.read(block.block("interpreter"));
        List<IdentifierPlan> identifiers = protocol.isHttp()
                ? identifiers(block, prefix, protocol)
                : List.of(IdentifierPlan.of(Identifiers.named(
                        prefix,
                        protocol.isThrift() && block.flag("thriftMethodInDst").orElse(false))));
        Traces traces = protocol.isHttp() ? Traces.of(tracePropagator(block)) : Traces.NONE;
        List<ServerPlan> servers = new ArrayList<>();
        block.blocks("servers")
                .forEach(server -> servers.add(ServerReader.read(server, label, protocol, traces, usual.server())));
        if (servers.isEmpty()) {
            if (block.has("servers")) {
                throw block.wrong("servers", "is empty (expected: at least one)");
            }
            servers.add(ServerReader.usual(protocol, traces, usual.server()));
        }
        Layers policies = new Layers(
                usual,
                PolicyReader.clients(block.block("client"), protocol, usual),
                PolicyReader.services(block.block("service"), protocol, usual));
        Duration binding = block.millis("bindingTimeoutMs", 1).orElse(Duration.ofSeconds(10));
        RouterSpec.Limits limits = limits(block.block("bindingCache"));
        int line = 4 << 10;
        int headers = 8 << 10;
        if (protocol == Protocol.HTTP) {
            line = kilobytes(block, "maxInitialLineKB", 4);
            headers = kilobytes(block, "maxHeadersKB", 8);
            // Bodies are never collected here: these say how much of one Linkerd may collect.
            block.accepted(1, "maxErrResponseKB", "streamAfterContentLengthKB");
            block.refuse("streamingEnabled", "bodies always run as streams", "true");
            block.refuse("compressionLevel", "bodies are passed on as they are", "-1", "0");
        }
        block.refuse("originator", "", "false");
        List<AnnouncerPlan> announcers =
                block.blocks("announcers").stream().map(AnnouncerReader::read).toList();
        for (ServerPlan server : servers) {
            server.announce().forEach(name -> {
                if (announcers.stream().noneMatch(announcer -> AnnouncerReader.announces(announcer, name))) {
                    throw block.wrong(
                            "servers",
                            "no announcer is for '" + name
                                    + "' (expected: an entry of announcers whose prefix it has)");
                }
            });
        }
        if (protocol.isHttp()) {
            block.refuse("loggers", "");
        }
        Optional<AccessLogPlan> accessLog =
                protocol.isHttp() ? accessLog(block, protocol.text() + "AccessLog") : Optional.empty();
        block.end();
        return new RouterPlan(
                where,
                protocol,
                label,
                dtab,
                identifiers,
                interpreter,
                announcers,
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

    private static Traces.Propagation tracePropagator(Block block) {
        Optional<Block> propagator = block.block("tracePropagator");
        if (propagator.isEmpty()) {
            return Traces.Propagation.LINKERD;
        }
        String kind = propagator.get().required("kind", "io.l5d.default or io.l5d.zipkin");
        propagator.get().end();
        return switch (kind) {
            case "io.l5d.default" -> Traces.Propagation.LINKERD;
            case "io.l5d.zipkin" -> Traces.Propagation.ZIPKIN;
            default ->
                throw propagator.get().wrong("kind", "'" + kind + "' (expected: io.l5d.default or io.l5d.zipkin)");
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

    private static List<IdentifierPlan> identifiers(Block router, Path prefix, Protocol protocol) {
        boolean h2 = protocol == Protocol.H2;
        String known = h2 ? H2_IDENTIFIERS : IDENTIFIERS;
        String host = h2 ? ":authority" : "Host";
        List<IdentifierPlan> identifiers = new ArrayList<>();
        for (Block block : router.blocks("identifier")) {
            String kind = block.required("kind", known);
            if (kind.equals("io.l5d.ingress")) {
                identifiers.add(ingress(block, prefix, host));
                block.end();
                continue;
            }
            identifiers.add(IdentifierPlan.of(
                    switch (h2 ? kind.replace("io.l5d.methodAndHost", "?") : kind.replace("io.l5d.header.path", "?")) {
                        case "io.l5d.header.token" ->
                            Identifiers.headerToken(prefix, block.text("header").orElse(host));
                        case "io.l5d.header" ->
                            Identifiers.header(prefix, block.text("header").orElse("l5d-name"));
                        case "io.l5d.methodAndHost" ->
                            Identifiers.methodAndHost(
                                    prefix, block.flag("httpUriInDst").orElse(false));
                        case "io.l5d.path", "io.l5d.header.path" ->
                            Identifiers.path(
                                    prefix,
                                    block.integer("segments", 1, 100).orElse(1),
                                    block.flag("consume").orElse(false));
                        case "io.l5d.static" ->
                            Identifiers.fixed(
                                    prefix,
                                    block.parsed("path", text -> Path.parse(text.startsWith("/") ? text : "/" + text))
                                            .orElseThrow(() -> block.wrong("path", "is missing (expected: a path)")));
                        default -> throw Kinds.missing(block, kind, known);
                    }));
            block.end();
        }
        return identifiers.isEmpty() ? List.of(IdentifierPlan.of(Identifiers.headerToken(prefix, host))) : identifiers;
    }

    private static IdentifierPlan ingress(Block block, Path prefix, String host) {
        Ingresses.Options options = new Ingresses.Options(
                block.text("host").orElse("localhost"),
                block.integer("port", 1, 65535).orElse(8001),
                block.text("namespace"),
                block.text("ingressClassAnnotation").orElse("linkerd"),
                block.flag("ignoreDefaultBackends").orElse(false));
        return (environment, closing) -> {
            Ingresses ingresses = Ingresses.start(options, environment.streams(), environment.changes());
            closing.accept(ingresses);
            return new IngressIdentifier(prefix, host, ingresses);
        };
    }

    private static Optional<AccessLogPlan> accessLog(Block block, String key) {
        Optional<String> file = block.text(key);
        String roll = block.text(key + "RollPolicy").orElse("never");
        boolean append = block.flag(key + "Append").orElse(true);
        int keep = block.integer(key + "RotateCount", -1, Integer.MAX_VALUE).orElse(-1);
        if (!roll.matches("never|hourly|daily|\\d+(\\.(bytes?|kilobytes?|megabytes?|gigabytes?))?")) {
            throw block.wrong(
                    key + "RollPolicy",
                    "'" + roll + "' (expected: never, hourly, daily, or a size such as 100.megabytes)");
        }
        return file.map(text -> new AccessLogPlan(java.nio.file.Path.of(text), roll, append, keep));
    }
}
