package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.InterpreterPlan;
import io.finback.meshrouter.linkerd.Plan.TransformerPlan;
import io.finback.meshrouter.namers.Credentials;
import io.finback.meshrouter.namers.DtabInterpreter;
import io.finback.meshrouter.namers.FsDtab;
import io.finback.meshrouter.namers.MeshInterpreter;
import io.finback.meshrouter.namers.NamerdHttp;
import io.finback.meshrouter.namers.NamerdThrift;
import io.finback.meshrouter.namers.Origin;
import io.finback.meshrouter.namers.Transformed;
import io.finback.meshrouter.namers.WatchedDtab;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.rpc.h2.H2Params;
import io.finback.meshrouter.rpc.mux.MuxParams;
import io.finback.meshrouter.traffic.Tls;
import io.finback.names.Address;
import io.finback.names.BuiltinNamers;
import io.finback.names.Path;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A router's {@code interpreter}. */
final class InterpreterReader {
    private static final String SUPPORTED =
            "default, io.l5d.fs, io.l5d.namerd, io.l5d.namerd.http, io.l5d.mesh, io.l5d.k8s.configMap, io.l5d.consul.interpreter";
    static final InterpreterPlan DEFAULT =
            new InterpreterPlan("default", (environment, sources) -> DtabInterpreter.of(sources));

    private static final Duration LONGEST_RETRY = Duration.ofMinutes(10);

    private InterpreterReader() {}

    static InterpreterPlan read(Optional<Block> found) {
        if (found.isEmpty()) {
            return DEFAULT;
        }
        Block block = found.get();
        String kind = Kinds.of(block, SUPPORTED);
        List<TransformerPlan> transformers = TransformerReader.read(block);
        InterpreterPlan.Opening start =
                switch (kind) {
                    case "default" -> DEFAULT.start();
                    case "io.l5d.fs" -> fs(block);
                    case "io.l5d.namerd.http" -> namerd(block);
                    case "io.l5d.namerd" -> namerdThrift(block);
                    case "io.l5d.mesh" -> mesh(block);
                    case "io.l5d.k8s.configMap" -> configMap(block);
                    case "io.l5d.consul.interpreter" -> consul(block);
                    default -> throw Kinds.missing(block, kind, SUPPORTED);
                };
        block.end();
        return new InterpreterPlan(
                kind,
                (environment, sources) -> Transformed.interpreter(
                        start.start(environment, sources), TransformerPlan.all(transformers, environment)));
    }

    private static InterpreterPlan.Opening fs(Block block) {
        String text = block.required("dtabFile", "a file with a dtab");
        java.nio.file.Path file = java.nio.file.Path.of(text);
        if (!Files.isRegularFile(file)) {
            throw block.wrong("dtabFile", "'" + text + "' (expected: an existing file)");
        }
        return (environment, sources) -> {
            FsDtab dtab =
                    block.checked("dtabFile", () -> FsDtab.start(file, environment.streams(), environment.changes()));
            return DtabInterpreter.of("io.l5d.fs", dtab, sources, dtab);
        };
    }

    private static InterpreterPlan.Opening namerd(Block block) {
        Address address = dst(block);
        String namespace = block.text("namespace").orElse("default");
        Optional<Backoff> retry = block.has("retry") ? Optional.of(retry(block, 5)) : Optional.empty();
        Credentials credentials =
                block.block("credentials").map(InterpreterReader::credentials).orElse(Credentials.NONE);
        Origin origin = new Origin(address.host(), address.port(), TlsReader.alone(block, false));
        return (environment, sources) ->
                NamerdHttp.start(origin, namespace, credentials, retry, environment.streams(), environment.changes());
    }

    /** Ours: {@code principal} and {@code secretFile}, or {@code tokenFile}. */
    private static Credentials credentials(Block block) {
        Optional<String> principal = block.text("principal");
        String key = principal.isPresent() ? "secretFile" : "tokenFile";
        String text = block.required(key, "a file with the secret of `principal`, or `tokenFile` without one");
        java.nio.file.Path file = java.nio.file.Path.of(text);
        if (!Files.isReadable(file)) {
            throw block.wrong(key, "'" + text + "' (expected: a file that can be read)");
        }
        if (principal.filter(who -> who.contains(":")).isPresent()) {
            throw block.wrong("principal", "'" + principal.get() + "' (expected: a name without a colon)");
        }
        block.end();
        return principal.map(who -> Credentials.of(who, file)).orElseGet(() -> Credentials.token(file));
    }

    private static InterpreterPlan.Opening configMap(Block block) {
        String host = block.text("host").orElse("localhost");
        int port = block.integer("port", 1, 65535).orElse(8001);
        String namespace = block.text("namespace").orElse("default");
        String name = block.required("name", "the name of a ConfigMap");
        String key = block.required("filename", "the key of its data that is a dtab");
        return (environment, sources) -> {
            WatchedDtab dtab = WatchedDtab.configMap(
                    host, port, namespace, name, key, environment.streams(), environment.changes());
            return DtabInterpreter.of("io.l5d.k8s.configMap", dtab, sources, dtab);
        };
    }

    private static InterpreterPlan.Opening consul(Block block) {
        Path prefix = block.parsed("pathPrefix", Path::parse).orElseGet(() -> Path.of("namerd", "dtabs"));
        String namespace = block.text("namespace").orElse("default");
        if (!namespace.matches("[A-Za-z0-9_.-]+")) {
            throw block.wrong("namespace", "'" + namespace + "' (expected: letters, digits, '.', '-', '_')");
        }
        String read = consistency(block, "readConsistencyMode");
        // Dtabs are never written here.
        String unused = consistency(block, "writeConsistencyMode");
        Objects.requireNonNull(unused);
        block.refuse("failFast", "", "false");
        WatchedDtab.ConsulKey at = new WatchedDtab.ConsulKey(
                NamerReader.origin(block, "localhost", 8500),
                prefix.concat(Path.of(namespace)).show().substring(1),
                block.text("token"),
                block.text("datacenter"),
                read,
                block.block("backoff")
                        .map(PolicyReader::backoff)
                        .orElseGet(
                                () -> new Backoff.DecorrelatedJittered(Duration.ofMillis(1), Duration.ofMinutes(1))));
        return (environment, sources) -> {
            WatchedDtab dtab = WatchedDtab.consul(at, environment.streams(), environment.changes());
            return DtabInterpreter.of("io.l5d.consul.interpreter", dtab, sources, dtab);
        };
    }

    private static String consistency(Block block, String key) {
        String mode = block.text(key).orElse("default");
        if (!List.of("default", "stale", "consistent").contains(mode)) {
            throw block.wrong(key, "'" + mode + "' (expected: default, stale or consistent)");
        }
        return mode;
    }

    private static Address dst(Block block) {
        Path dst = block.checked("dst", () -> Path.parse(block.required("dst", "/$/inet/<host>/<port>")));
        Optional<Address> address;
        try {
            address = BuiltinNamers.address(dst);
        } catch (NumberFormatException e) {
            address = Optional.empty();
        }
        return address.filter(found -> found.port() > 0 && found.port() < 65536)
                .orElseThrow(() -> block.wrong("dst", "'" + dst + "' (expected: /$/inet/<host>/<port>)"));
    }

    private static InterpreterPlan.Opening namerdThrift(Block block) {
        Address address = dst(block);
        String namespace = block.text("namespace").orElse("default");
        Optional<Tls.Client> tls = block.block("tls").map(InterpreterReader::namerdTls);
        Duration every = Duration.ofSeconds(5);
        Duration answer = Duration.ofSeconds(4);
        Optional<Block> threshold = block.block("failureThreshold");
        if (threshold.isPresent()) {
            every = threshold.get().millis("minPeriodMs", 1).orElse(every);
            answer = threshold.get().millis("closeTimeoutMs", 1).orElse(answer);
            threshold.get().end();
        }
        NamerdThrift.Options options = new NamerdThrift.Options(
                new Origin(address.host(), address.port(), tls),
                namespace,
                retry(block, 5),
                new MuxParams.Pings(every, answer));
        return (environment, sources) -> NamerdThrift.start(options, environment.streams(), environment.changes());
    }

    /** This interpreter has keys of its own for it. */
    private static Tls.Client namerdTls(Block block) {
        String name = block.required("commonName", "the name in namerd's certificate");
        List<java.nio.file.Path> trusted =
                block.text("caCert").map(java.nio.file.Path::of).stream().toList();
        block.end();
        return block.checked(
                "caCert", () -> Tls.Client.of(Optional.of(name), false, trusted, Optional.empty(), List.of(), false));
    }

    private static InterpreterPlan.Opening mesh(Block block) {
        Address address = dst(block);
        Path root = block.parsed("root", Path::parse).orElseGet(() -> Path.of("default"));
        if (root.size() != 1) {
            throw block.wrong("root", "'" + root + "' (expected: a path of one element, such as /default)");
        }
        Optional<Tls.Client> tls = TlsReader.alone(block, true);
        MeshInterpreter.Options options = new MeshInterpreter.Options(
                new Origin(address.host(), address.port(), tls),
                root,
                retry(block, 1),
                pings(block),
                block.integer("initialStreamWindowSizeKB", 1, 1 << 20).orElse(1024) * 1024);
        return (environment, sources) -> MeshInterpreter.start(options, environment.streams(), environment.changes());
    }

    /** {@code retry}, as namerd's interpreters have it. */
    private static Backoff retry(Block owner, int usualBase) {
        Optional<Block> found = owner.block("retry");
        if (found.isEmpty()) {
            return new Backoff.ExponentialJittered(Duration.ofSeconds(usualBase), LONGEST_RETRY);
        }
        Block block = found.get();
        int base = block.integer("baseSeconds", 1, Integer.MAX_VALUE).orElse(usualBase);
        int most = block.integer("maxSeconds", 1, Integer.MAX_VALUE).orElse((int) LONGEST_RETRY.toSeconds());
        if (most < base) {
            throw block.wrong("maxSeconds", "'" + most + "' (expected: >= baseSeconds, " + base + ")");
        }
        block.end();
        return new Backoff.ExponentialJittered(Duration.ofSeconds(base), Duration.ofSeconds(most));
    }

    private static H2Params.Pings pings(Block owner) {
        Duration every = Duration.ofSeconds(5);
        Duration answer = Duration.ofSeconds(4);
        Optional<Block> found = owner.block("failureThreshold");
        if (found.isPresent()) {
            Block block = found.get();
            every = block.millis("minPeriodMs", 1).orElse(every);
            // Without a word of its own the block of this interpreter waits longer than none at all.
            answer = block.millis("closeTimeoutMs", 1).orElse(Duration.ofSeconds(6));
            block.end();
        }
        return new H2Params.Pings(every, answer);
    }
}
