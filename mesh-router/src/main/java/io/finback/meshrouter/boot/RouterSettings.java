package io.finback.meshrouter.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.finback.meshrouter.admin.Tap;
import io.finback.meshrouter.heap.HeapSettings;
import io.finback.meshrouter.http.ProxySettings;
import io.finback.meshrouter.http.Transport;
import io.finback.meshrouter.linkerd.LinkerdYaml;
import io.finback.meshrouter.linkerd.Plan;
import io.finback.meshrouter.linkerd.Plan.NamerPlan;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.meshrouter.linkerd.Protocol;
import io.finback.meshrouter.namers.DtabInterpreter;
import io.finback.meshrouter.namers.FsNamer;
import io.finback.meshrouter.namers.Streams;
import io.finback.meshrouter.relay.RelaySettings;
import io.finback.meshrouter.router.Identifiers;
import io.finback.meshrouter.router.Policies;
import io.finback.meshrouter.router.RouterSpec;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.traffic.ServerPolicy;
import io.finback.meshrouter.traffic.WireDefaults;
import io.finback.names.Dtab;
import io.finback.runtime.StartFailure;
import io.finback.settings.ClusterSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The router's settings, read and checked once: what runs, from {@code linkerd-yaml} or from the keys beside it, and what both share.
 *
 * @param linkerdYaml the file, when that is what runs
 * @param config what runs as JSON values
 */
record RouterSettings(
        Plan plan,
        Optional<Path> linkerdYaml,
        Object config,
        int ioThreads,
        Transport transport,
        HeapSettings heap,
        Shared shared,
        boolean clustered) {
    /** Linkerd's retries have no limit but their budget; this bounds what one request can cost. */
    private static final int LINKERD_RETRY_LIMIT = 100;

    /** What linkerd.yaml has no words for. */
    record Shared(
            int maxConnections,
            int maxIdlePerEndpoint,
            int retryLimit,
            int discardBytes,
            Duration discardTime,
            Duration discardWait,
            Duration connectTimeout,
            Duration clientIdleTimeout,
            Duration exchangeIdleTimeout,
            Duration upstreamIdleTimeout,
            Params wire,
            Streams.Settings namers,
            Tap.Limits tap) {}

    /** Throws {@link StartFailure} naming the key, or the file's line, the value and what was expected. */
    static RouterSettings from(Config config) {
        try {
            return read(config);
        } catch (IllegalArgumentException e) {
            throw new StartFailure("finback.router." + e.getMessage(), e);
        } catch (ConfigException e) {
            throw new StartFailure(named(e), e);
        }
    }

    /** With the whole key, of which the configuration's library knows what is below {@code finback.router}. */
    private static String named(ConfigException e) {
        String text = String.valueOf(e.getMessage());
        String where = e.origin() == null ? "" : e.origin().description() + ": ";
        String key = text.startsWith(where) ? text.substring(where.length()) : text;
        return key.startsWith("finback.") ? text : where + "finback.router." + key;
    }

    private static RouterSettings read(Config config) {
        Config router = config.getConfig("finback.router");
        boolean clustered = ClusterSettings.from(config).knowsMasters();
        int ioThreads = ioThreads(router.getString("io-threads"));
        Transport transport = Transport.of(router.getString("transport"));
        HeapSettings heap = heap(router);
        WireSettings wire = WireSettings.from(router);
        String yaml = router.getString("linkerd-yaml");
        if (!yaml.isEmpty()) {
            Path file = Path.of(yaml);
            String text = text(file);
            Plan plan = plan(file, text, wire.usual());
            RouterSettings settings = new RouterSettings(
                    plan,
                    Optional.of(file),
                    LinkerdYaml.plain(text),
                    ioThreads,
                    transport,
                    heap,
                    shared(router, LINKERD_RETRY_LIMIT, wire),
                    clustered);
            settings.check();
            return settings;
        }
        Plan plan = plan(router, wire.usual());
        RouterSettings settings = new RouterSettings(
                plan,
                Optional.empty(),
                shown(router),
                ioThreads,
                transport,
                heap,
                shared(router, router.getInt("retries.limit"), wire),
                clustered);
        settings.check();
        return settings;
    }

    /** So that what a listener refuses is refused before anything starts. */
    private void check() {
        for (RouterPlan router : plan.routers()) {
            for (ServerPlan server : router.servers()) {
                ProxySettings checked = proxy(router, server);
                if (checked.port() != server.port()) {
                    throw new IllegalStateException("port");
                }
            }
        }
    }

    ProxySettings proxy(RouterPlan router, ServerPlan server) {
        return new ProxySettings(
                server.ip(),
                server.port(),
                ioThreads,
                shared.maxConnections(),
                router.maxInitialLineBytes(),
                router.maxHeaderBytes(),
                server.maxCallDepth(),
                shared.maxIdlePerEndpoint(),
                shared.retryLimit(),
                shared.discardBytes(),
                shared.discardTime(),
                shared.discardWait(),
                shared.connectTimeout(),
                router.bindingTimeout(),
                server.clientIdle().orElse(shared.clientIdleTimeout()),
                shared.exchangeIdleTimeout(),
                shared.upstreamIdleTimeout());
    }

    /** For what does not speak HTTP/1.1. */
    RelaySettings relay(RouterPlan router, ServerPlan server) {
        return new RelaySettings(
                server.ip(),
                server.port(),
                shared.maxConnections(),
                server.maxCallDepth(),
                shared.retryLimit(),
                shared.connectTimeout(),
                router.bindingTimeout(),
                server.clientIdle().orElse(shared.clientIdleTimeout()),
                server.clientLife(),
                shared.exchangeIdleTimeout(),
                shared.upstreamIdleTimeout(),
                shared.wire());
    }

    private static Shared shared(Config router, int retryLimit, WireSettings wire) {
        return new Shared(
                router.getInt("limits.max-connections"),
                router.getInt("limits.max-idle-per-endpoint"),
                retryLimit,
                router.getInt("retries.discard-bytes"),
                router.getDuration("retries.discard-time"),
                router.getDuration("retries.discard-wait"),
                router.getDuration("connect-timeout"),
                router.getDuration("client-idle-timeout"),
                router.getDuration("exchange-idle-timeout"),
                router.getDuration("upstream-idle-timeout"),
                wire.limits(),
                new Streams.Settings(router.getDuration("namers.stream-life"), router.getInt("namers.dnssrv.lookups")),
                new Tap.Limits(
                        router.getInt("tap.viewers"), router.getInt("tap.queue"), router.getDuration("tap.longest")));
    }

    private static HeapSettings heap(Config router) {
        return new HeapSettings(
                router.getBytes("heap.busy"),
                router.getInt("heap.busy-from"),
                router.getDuration("heap.idle-after"),
                router.getBytes("heap.most-live"));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "linkerd-yaml: '" + file + "' cannot be read (" + e + ") (expected: a Linkerd configuration)", e);
        }
    }

    private static Plan plan(Path file, String text, WireDefaults usual) {
        try {
            return LinkerdYaml.read(text, usual);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("linkerd-yaml: " + file + ", " + e.getMessage(), e);
        }
    }

    private static Plan plan(Config router, WireDefaults usual) {
        Optional<Duration> totalTimeout = router.getString("total-timeout").equals("infinite")
                ? Optional.empty()
                : Optional.of(router.getDuration("total-timeout"));
        Config limits = router.getConfig("limits");
        int maxNames = limits.getInt("max-names");
        if (maxNames < 1 || maxNames > 1_000_000) {
            throw new IllegalArgumentException("limits.max-names: " + maxNames + " (expected: 1..1000000)");
        }
        List<NamerPlan> namers = fsRoot(router.getString("namers.fs.root-dir"))
                .map(root -> List.of(new NamerPlan(
                        "io.l5d.fs",
                        FsNamer.PREFIX,
                        environment -> FsNamer.start(FsNamer.PREFIX, root, environment.changes()))))
                .orElseGet(List::of);
        RouterPlan http = new RouterPlan(
                "http",
                Protocol.HTTP,
                "http",
                dtab(router.getString("dtab")),
                List.of(Plan.IdentifierPlan.of(Identifiers.finback())),
                new Plan.InterpreterPlan("default", (environment, sources) -> DtabInterpreter.of(sources)),
                List.of(),
                List.of(new ServerPlan(
                        router.getString("http.host"),
                        router.getInt("http.port"),
                        ServerPolicy.plain(usual.server()),
                        limits.getInt("max-call-depth"),
                        Optional.empty(),
                        Optional.empty(),
                        List.of())),
                Policies.of(
                        PolicySettings.client(router.getConfig("client"), usual.client()),
                        PolicySettings.service(router.getConfig("service"), totalTimeout, usual.streams())),
                router.getDuration("binding-timeout"),
                new RouterSpec.Limits(maxNames, maxNames),
                limits.getInt("max-initial-line-bytes"),
                limits.getInt("max-header-bytes"),
                Optional.empty());
        Plan.AdminPlan admin = new Plan.AdminPlan(
                router.getString("admin.host"),
                router.getInt("admin.port"),
                router.getDuration("drain-limit"),
                ADMIN_THREADS,
                new Plan.Security(true, false, true, List.of(), List.of()));
        return new Plan(admin, namers, List.of(http), Plan.Telemetry.PLAIN);
    }

    /** Linkerd's admin.workerThreads. */
    private static final int ADMIN_THREADS = 2;

    private static Map<String, Object> shown(Config router) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("dtab", router.getString("dtab"));
        shown.put("client", router.getObject("client").unwrapped());
        shown.put("service", router.getObject("service").unwrapped());
        shown.put("limits", router.getObject("limits").unwrapped());
        return shown;
    }

    private static int ioThreads(String text) {
        if (text.equals("auto")) {
            return Runtime.getRuntime().availableProcessors();
        }
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("io-threads: '" + text + "' (expected: auto or 1..1024)", e);
        }
    }

    private static Dtab dtab(String text) {
        try {
            return Dtab.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("dtab: " + e.getMessage(), e);
        }
    }

    private static Optional<Path> fsRoot(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Path root = Path.of(text);
        if (!Files.isDirectory(root)) {
            throw new IllegalArgumentException("namers.fs.root-dir: '" + text + "' (expected: an existing directory)");
        }
        return Optional.of(root);
    }
}
