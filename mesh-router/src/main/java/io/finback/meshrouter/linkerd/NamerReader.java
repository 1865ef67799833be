package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.NamerPlan;
import io.finback.meshrouter.linkerd.Plan.TransformerPlan;
import io.finback.meshrouter.namers.ConsulNamer;
import io.finback.meshrouter.namers.DnsSrvNamer;
import io.finback.meshrouter.namers.FsNamer;
import io.finback.meshrouter.namers.K8sExternal;
import io.finback.meshrouter.namers.K8sNamer;
import io.finback.meshrouter.namers.MarathonNamer;
import io.finback.meshrouter.namers.Origin;
import io.finback.meshrouter.namers.RewriteNamer;
import io.finback.meshrouter.namers.Transformed;
import io.finback.meshrouter.namers.ZkNamer;
import io.finback.names.Path;
import io.finback.names.PathPattern;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** An entry of {@code namers}. */
final class NamerReader {
    private static final String SUPPORTED =
            "io.l5d.fs, io.l5d.consul, io.l5d.k8s, io.l5d.k8s.ns, io.l5d.k8s.external, io.l5d.marathon,"
                    + " io.l5d.dnssrv, io.l5d.rewrite, io.l5d.serversets, io.l5d.zkLeader, io.l5d.curator";
    private static final Set<String> STATUSES = Set.of("passing", "warning", "critical", "maintenance");

    private NamerReader() {}

    static NamerPlan read(Block block) {
        String kind = Kinds.of(block, SUPPORTED);
        Path prefix =
                Path.of("#").concat(block.parsed("prefix", NamerReader::prefix).orElseGet(() -> Path.of(kind)));
        List<TransformerPlan> transformers = TransformerReader.read(block);
        NamerPlan.Start start =
                switch (kind) {
                    case "io.l5d.fs" -> fs(block, prefix);
                    case "io.l5d.consul" -> consul(block, prefix);
                    case "io.l5d.k8s" -> k8s(block, prefix, Optional.empty());
                    case "io.l5d.k8s.ns" -> k8s(block, prefix, Optional.of(namespace(block)));
                    case "io.l5d.k8s.external" -> external(block, prefix);
                    case "io.l5d.marathon" -> marathon(block, prefix);
                    case "io.l5d.dnssrv" -> dnssrv(block, prefix);
                    case "io.l5d.rewrite" -> rewrite(block, prefix);
                    case "io.l5d.serversets" -> serversets(block, prefix);
                    case "io.l5d.zkLeader" -> leaders(block, prefix);
                    case "io.l5d.curator" -> curator(block, prefix);
                    default -> throw Kinds.missing(block, kind, SUPPORTED);
                };
        block.end();
        return new NamerPlan(
                kind,
                prefix,
                environment ->
                        Transformed.source(start.start(environment), TransformerPlan.all(transformers, environment)));
    }

    static Path prefix(String text) {
        Path path = Path.parse(text.startsWith("/") ? text : "/" + text);
        if (path.isEmpty()) {
            throw new IllegalArgumentException("'" + text + "' (expected: a path such as /io.l5d.fs)");
        }
        return path;
    }

    private static NamerPlan.Start fs(Block block, Path prefix) {
        String text = block.required("rootDir", "a directory");
        java.nio.file.Path root = java.nio.file.Path.of(text);
        if (!Files.isDirectory(root)) {
            throw block.wrong("rootDir", "'" + text + "' (expected: an existing directory)");
        }
        return environment -> FsNamer.start(prefix, root, environment.changes());
    }

    private static NamerPlan.Start consul(Block block, Path prefix) {
        Set<String> statuses = new HashSet<>(block.texts("healthStatuses"));
        for (String status : statuses) {
            if (!STATUSES.contains(status)) {
                throw block.wrong(
                        "healthStatuses", "'" + status + "' (expected: passing, warning, critical or maintenance)");
            }
        }
        Map<String, Double> weights = new HashMap<>();
        for (Block weight : block.blocks("weights")) {
            weights.put(
                    weight.required("tag", "a tag"),
                    weight.number("weight")
                            .orElseThrow(() -> weight.wrong("weight", "is missing (expected: a number)")));
            weight.end();
        }
        String consistency = block.text("consistencyMode").orElse("default");
        if (!List.of("default", "stale", "consistent").contains(consistency)) {
            throw block.wrong("consistencyMode", "'" + consistency + "' (expected: default, stale or consistent)");
        }
        block.refuse("setHost", "the Host header stays the client's", "false");
        block.refuse("failFast", "", "false");
        block.refuse("transferMetadata", "", "false");
        block.refuse("fixedLengthStreamedAfterKB", "answers are read up to 5120 KB", "5120");
        ConsulNamer.Options options = new ConsulNamer.Options(
                origin(block, "localhost", 8500),
                block.flag("includeTag").orElse(false),
                block.flag("useHealthCheck").orElse(false),
                statuses.isEmpty() ? Set.of("passing") : statuses,
                block.text("token"),
                consistency,
                block.flag("preferServiceAddress").orElse(true),
                weights);
        return environment -> ConsulNamer.start(prefix, options, environment.streams(), environment.changes());
    }

    /** {@code host}, {@code port} and {@code tls}. */
    static Origin origin(Block block, String host, int port) {
        return new Origin(
                block.text("host").orElse(host),
                block.integer("port", 1, 65535).orElse(port),
                TlsReader.alone(block, false));
    }

    private static String namespace(Block block) {
        String variable = block.text("envVar").orElse("POD_NAMESPACE");
        String value = System.getenv(variable);
        if (value == null || value.isEmpty()) {
            throw block.wrong("envVar", "the environment variable " + variable + " is not set (expected: a namespace)");
        }
        return value;
    }

    private static NamerPlan.Start k8s(Block block, Path prefix, Optional<String> namespace) {
        String host = block.text("host").orElse("localhost");
        int port = block.integer("port", 1, 65535).orElse(8001);
        Optional<String> label = block.text("labelSelector");
        return environment ->
                K8sNamer.start(prefix, host, port, namespace, label, environment.streams(), environment.changes());
    }

    private static NamerPlan.Start external(Block block, Path prefix) {
        String host = block.text("host").orElse("localhost");
        int port = block.integer("port", 1, 65535).orElse(8001);
        Optional<String> label = block.text("labelSelector");
        return environment ->
                K8sExternal.start(prefix, host, port, label, environment.streams(), environment.changes());
    }

    private static NamerPlan.Start marathon(Block block, Path prefix) {
        Origin origin = origin(block, "marathon.mesos", 80);
        String uriPrefix = block.text("uriPrefix").orElse("");
        Duration ttl = block.millis("ttlMs", 1).orElse(Duration.ofSeconds(5));
        boolean healthy = block.flag("useHealthCheck").orElse(false);
        block.refuse("dst", "write host and port");
        MarathonNamer.Options options = new MarathonNamer.Options(origin, uriPrefix, ttl, healthy);
        return environment -> MarathonNamer.start(prefix, options, environment.streams(), environment.changes());
    }

    private static NamerPlan.Start dnssrv(Block block, Path prefix) {
        Duration refresh = Duration.ofSeconds(
                block.integer("refreshIntervalSeconds", 1, Integer.MAX_VALUE).orElse(5));
        List<String> hosts = block.texts("dnsHosts");
        return environment -> DnsSrvNamer.start(prefix, hosts, refresh, environment.streams(), environment.changes());
    }

    private static NamerPlan.Start rewrite(Block block, Path prefix) {
        PathPattern pattern = block.checked(
                "pattern", () -> PathPattern.parse(block.required("pattern", "a pattern such as /{service}/api")));
        String name = block.required("name", "a path such as /srv/{service}");
        Path checked = block.checked("name", () -> Path.parse(name.replaceAll("\\{[^{}]*}", "x")));
        Objects.requireNonNull(checked);
        return environment -> new RewriteNamer(prefix, pattern, name);
    }

    private static NamerPlan.Start serversets(Block block, Path prefix) {
        String servers = zkAddrs(block);
        return environment -> ZkNamer.serversets(prefix, servers, environment.streams(), environment.changes());
    }

    private static NamerPlan.Start leaders(Block block, Path prefix) {
        String servers = zkAddrs(block);
        return environment -> ZkNamer.leaders(prefix, servers, environment.streams(), environment.changes());
    }

    private static NamerPlan.Start curator(Block block, Path prefix) {
        String servers = zkAddrs(block);
        String base = block.text("basePath").orElse("/");
        if (!base.matches("/|(/[^/]+)+")) {
            throw block.wrong("basePath", "'" + base + "' (expected: a path such as /services)");
        }
        return environment -> ZkNamer.curator(prefix, servers, base, environment.streams(), environment.changes());
    }

    /** {@code zkAddrs}, as ZooKeeper's clients take them: {@code host:port,host:port}. */
    static String zkAddrs(Block owner) {
        List<String> servers = new ArrayList<>();
        for (Block block : owner.blocks("zkAddrs")) {
            String host = block.required("host", "a host name or an IP");
            if (!host.matches("[A-Za-z0-9._:-]+")) {
                throw block.wrong("host", "'" + host + "' (expected: a host name or an IP)");
            }
            int port = block.integer("port", 1, 65535).orElse(2181);
            servers.add((host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port);
            block.end();
        }
        if (servers.isEmpty()) {
            throw owner.wrong("zkAddrs", "is missing (expected: a list of host and port)");
        }
        return String.join(",", servers);
    }
}
