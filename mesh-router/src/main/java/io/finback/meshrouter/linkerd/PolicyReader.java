package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.balance.Aperture;
import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.linkerd.Layers.Layer;
import io.finback.meshrouter.linkerd.Layers.Setting;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.traffic.PoolPolicy;
import io.finback.meshrouter.traffic.StreamRetries;
import io.finback.meshrouter.traffic.WireDefaults;
import io.finback.meshrouter.traffic.WirePolicy;
import io.finback.names.PathPattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The {@code client} and {@code service} blocks of a router. */
final class PolicyReader {
    private static final PathPattern EVERYTHING = PathPattern.parse("/");

    /** Of one stream, bytes. */
    private static final int MOST_HELD = 16 << 20;

    private PolicyReader() {}

    static List<Layer<ClientDraft>> clients(Optional<Block> block, Protocol protocol, WireDefaults usual) {
        return layers(block, found -> client(found, protocol, usual));
    }

    static List<Layer<ServiceDraft>> services(Optional<Block> block, Protocol protocol, WireDefaults usual) {
        return layers(block, found -> service(found, protocol, usual));
    }

    private static <D> List<Layer<D>> layers(Optional<Block> found, Function<Block, List<Setting<D>>> read) {
        if (found.isEmpty()) {
            return List.of();
        }
        Block block = found.get();
        String kind = block.text("kind").orElse("io.l5d.global");
        List<Layer<D>> layers = new ArrayList<>();
        switch (kind) {
            case "io.l5d.global" -> layers.add(new Layer<>(EVERYTHING, read.apply(block)));
            case "io.l5d.static" -> {
                for (Block config : block.blocks("configs")) {
                    PathPattern prefix = config.checked(
                            "prefix",
                            () -> PathPattern.parse(
                                    config.required("prefix", "a path such as /#/io.l5d.fs/{service}")));
                    layers.add(new Layer<>(prefix, read.apply(config)));
                    config.end();
                }
            }
            default -> throw block.wrong("kind", "'" + kind + "' (expected: io.l5d.global or io.l5d.static)");
        }
        block.end();
        return layers;
    }

    private static List<Setting<ClientDraft>> client(Block block, Protocol protocol, WireDefaults usual) {
        List<Setting<ClientDraft>> settings = new ArrayList<>();
        block.block("loadBalancer").ifPresent(b -> {
            Balancer.Spec spec = balancer(b);
            settings.add((draft, captures) -> draft.balancer = spec);
        });
        block.block("failureAccrual").ifPresent(b -> {
            AccrualPolicy.Spec spec = accrual(b);
            settings.add((draft, captures) -> draft.accrual = spec);
        });
        block.block("requeueBudget").ifPresent(b -> {
            RetryBudget.Spec spec = budget(b);
            settings.add((draft, captures) -> draft.requeues = spec);
        });
        block.flag("failFast").ifPresent(on -> settings.add((draft, captures) -> draft.failFast = on));
        block.millis("requestAttemptTimeoutMs", 1)
                .ifPresent(limit -> settings.add((draft, captures) -> draft.attemptTimeout = Optional.of(limit)));
        block.block("hostConnectionPool").ifPresent(b -> {
            PoolPolicy pool = pool(b);
            settings.add((draft, captures) -> draft.pool = pool);
        });
        block.block("clientSession").ifPresent(b -> {
            Optional<Duration> idle = b.millis("idleTimeMs", 1);
            Optional<Duration> life = b.millis("lifeTimeMs", 1);
            b.end();
            settings.add((draft, captures) -> {
                draft.idle = idle;
                draft.life = life;
            });
        });
        block.block("tls").ifPresent(b -> settings.add(TlsReader.client(b, protocol == Protocol.H2)));
        if (WireReader.isThere(block, protocol)) {
            WirePolicy wire = WireReader.read(block, protocol, usual.client());
            settings.add((draft, captures) -> draft.wire = wire);
        }
        block.refuse("forwardClientCert", "", "false");
        block.refuse("requestAuthorizers", "");
        block.block("socketOptions").ifPresent(ServerReader::socketOptions);
        return settings;
    }

    private static List<Setting<ServiceDraft>> service(Block block, Protocol protocol, WireDefaults usual) {
        List<Setting<ServiceDraft>> settings = new ArrayList<>();
        if (protocol.isHttp()) {
            block.block("responseClassifier").ifPresent(b -> settings.add(ClassifierReader.read(b, protocol)));
        } else {
            block.refuse("responseClassifier", "answers are failures when the protocol says so");
        }
        if (protocol == Protocol.H2) {
            StreamRetries before = usual.streams();
            Optional<Duration> wait = block.millis("classificationTimeoutMs", 1);
            Optional<Block> sizes = block.block("retryBufferSize");
            int request =
                    sizes.flatMap(b -> b.integer("requestBytes", 0, MOST_HELD)).orElse(before.requestBytes());
            int response =
                    sizes.flatMap(b -> b.integer("responseBytes", 0, MOST_HELD)).orElse(before.responseBytes());
            sizes.ifPresent(Block::end);
            StreamRetries streams = new StreamRetries(request, response, wait.orElse(before.classification()));
            if (wait.isPresent() || sizes.isPresent()) {
                settings.add((draft, captures) -> draft.streams = streams);
            }
        }
        block.block("retries").ifPresent(b -> {
            Optional<RetryBudget.Spec> budget = b.block("budget").map(PolicyReader::budget);
            Optional<Backoff> backoff = b.block("backoff").map(PolicyReader::backoff);
            b.end();
            settings.add((draft, captures) -> {
                draft.retries = budget.orElse(draft.retries);
                draft.backoff = backoff.orElse(draft.backoff);
            });
        });
        block.millis("totalTimeoutMs", 1)
                .ifPresent(limit -> settings.add((draft, captures) -> draft.totalTimeout = Optional.of(limit)));
        return settings;
    }

    private static Balancer.Spec balancer(Block block) {
        String text = block.required("kind", "p2c, ewma, aperture, heap or roundRobin");
        Balancer.Kind kind = Balancer.Kind.of(text)
                .filter(known -> known != Balancer.Kind.DETERMINISTIC_APERTURE)
                .orElseThrow(() ->
                        block.wrong("kind", "'" + text + "' (expected: p2c, ewma, aperture, heap or roundRobin)"));
        // Ours looks at all instances before it takes one that is marked: no effort is too small.
        block.accepted(1, "maxEffort");
        block.refuse("enableProbation", "instances that are no longer listed are not called", "false");
        Balancer.Spec spec =
                switch (kind) {
                    case P2C -> Balancer.Spec.P2C;
                    case EWMA ->
                        Balancer.Spec.ewma(block.millis("decayTimeMs", 1).orElse(Balancer.Spec.DECAY));
                    case HEAP -> Balancer.Spec.heap();
                    case ROUND_ROBIN -> Balancer.Spec.roundRobin();
                    case APERTURE -> Balancer.Spec.aperture(block.checked("kind", () -> band(block)));
                    case DETERMINISTIC_APERTURE -> throw new IllegalStateException("refused above");
                };
        block.end();
        return spec;
    }

    private static Aperture.Band band(Block block) {
        Aperture.Band usual = Aperture.Band.DEFAULT;
        return new Aperture.Band(
                block.millis("smoothWindowMs", 1).orElse(usual.smooth()),
                block.number("lowLoad").orElse(usual.low()),
                block.number("highLoad").orElse(usual.high()),
                block.integer("minAperture", 1, Integer.MAX_VALUE).orElse(usual.least()));
    }

    private static AccrualPolicy.Spec accrual(Block block) {
        String kind = block.required(
                "kind", "io.l5d.consecutiveFailures, io.l5d.successRate, io.l5d.successRateWindowed or none");
        Optional<Backoff> given = block.block("backoff").map(PolicyReader::backoff);
        Backoff backoff = given.orElse(AccrualPolicy.Spec.DEFAULT.backoff());
        AccrualPolicy.Spec spec =
                switch (kind) {
                    case "none" -> AccrualPolicy.Spec.NONE;
                    case "io.l5d.consecutiveFailures" -> {
                        int failures = needed(block, "failures", 1);
                        yield new AccrualPolicy.Spec(() -> AccrualPolicy.consecutiveFailures(failures), backoff);
                    }
                    case "io.l5d.successRate" -> {
                        double rate = rate(block);
                        int requests = needed(block, "requests", 1);
                        yield new AccrualPolicy.Spec(() -> AccrualPolicy.successRate(rate, requests), backoff);
                    }
                    case "io.l5d.successRateWindowed" -> {
                        double rate = rate(block);
                        Duration window = Duration.ofSeconds(needed(block, "window", 1));
                        yield new AccrualPolicy.Spec(
                                () -> AccrualPolicy.successRateWithin(rate, window, 5, System.nanoTime()), backoff);
                    }
                    default ->
                        throw block.wrong(
                                "kind",
                                "'" + kind + "' (expected: io.l5d.consecutiveFailures,"
                                        + " io.l5d.successRate, io.l5d.successRateWindowed or none)");
                };
        block.end();
        return spec;
    }

    private static int needed(Block block, String key, int least) {
        return block.integer(key, least, Integer.MAX_VALUE)
                .orElseThrow(() -> block.wrong(key, "is missing (expected: a whole number)"));
    }

    private static double rate(Block block) {
        double rate = block.number("successRate")
                .orElseThrow(() -> block.wrong("successRate", "is missing (expected: 0 to 1)"));
        if (!(rate >= 0 && rate <= 1)) {
            throw block.wrong("successRate", rate + " (expected: 0 to 1)");
        }
        return rate;
    }

    static Backoff backoff(Block block) {
        String kind = block.required("kind", "constant or jittered");
        Backoff backoff =
                switch (kind) {
                    case "constant" -> {
                        Duration pause = block.millis("ms", 0).orElse(Duration.ZERO);
                        yield new Backoff.Constant(pause);
                    }
                    case "jittered" -> {
                        Duration least = block.millis("minMs", 1)
                                .orElseThrow(() -> block.wrong("minMs", "is missing (expected: > 0)"));
                        Duration most = block.millis("maxMs", 1)
                                .orElseThrow(() -> block.wrong("maxMs", "is missing (expected: >= minMs)"));
                        yield block.checked("maxMs", () -> new Backoff.DecorrelatedJittered(least, most));
                    }
                    default -> throw block.wrong("kind", "'" + kind + "' (expected: constant or jittered)");
                };
        block.end();
        return backoff;
    }

    private static RetryBudget.Spec budget(Block block) {
        RetryBudget.Spec usual = RetryBudget.Spec.DEFAULT;
        RetryBudget.Spec spec = block.checked(
                "ttlSecs",
                () -> new RetryBudget.Spec(
                        block.integer("ttlSecs", 1, 60).map(Duration::ofSeconds).orElse(usual.ttl()),
                        block.integer("minRetriesPerSec", 0, Integer.MAX_VALUE).orElse(usual.minRetriesPerSecond()),
                        block.number("percentCanRetry").orElse(usual.percentCanRetry())));
        block.end();
        return spec;
    }

    private static PoolPolicy pool(Block block) {
        block.refuse("minSize", "connections are made when they are needed", "0");
        PoolPolicy pool = block.checked(
                "maxSize",
                () -> new PoolPolicy(
                        block.integer("maxSize", 1, Integer.MAX_VALUE).orElse(Integer.MAX_VALUE),
                        block.integer("maxWaiters", 0, Integer.MAX_VALUE).orElse(Integer.MAX_VALUE),
                        block.millis("idleTimeMs", 1),
                        Optional.empty()));
        block.end();
        return pool;
    }
}
