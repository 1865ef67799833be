package io.finback.tracing;

import akka.actor.AbstractExtensionId;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import com.typesafe.config.Config;
import io.finback.runtime.StartFailure;
import io.finback.settings.Secret;
import io.finback.tracing.TracingSettings.Exporter;
import io.finback.tracing.TracingSettings.Target;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * The traces of one node, as {@code finback.tracing} says. One per ActorSystem. Switched off, which is the default, there is no thread, no
 * queue, and nothing of the exporters is loaded. Thread-safe; nothing here blocks.
 */
public final class Tracing implements Extension, SpanSink {
    private static final Id ID = new Id();
    private static final String AGENT = "finback-agent";

    private final Sampler sampler;
    private final Sampler deployments;
    private final Optional<SpanQueue> queue;

    private Tracing(Sampler sampler, Sampler deployments, Optional<SpanQueue> queue) {
        this.sampler = sampler;
        this.deployments = deployments;
        this.queue = queue;
    }

    /** That of a node. Throws {@link StartFailure} for settings that {@link #check} would have refused. */
    public static Tracing of(ClassicActorSystemProvider system) {
        return ID.get(system);
    }

    /** Throws {@link StartFailure} that names the key that is wrong. Starts nothing. */
    public static void check(Config config) {
        var read = TracingSettings.from(config, service(config, ""));
        if (read.service().isBlank()) {
            throw new StartFailure("finback.tracing.service-name: \"\" (expected: a name)");
        }
    }

    /** {@code finback-master}, as long as nothing else is set: by the cluster's roles, or by what nodes that are no members call their system. */
    private static String service(Config config, String system) {
        String roles = "akka.cluster.roles";
        return config.hasPath(roles) && !config.getStringList(roles).isEmpty()
                ? "finback-" + config.getStringList(roles).get(0)
                : system.equals(AGENT) ? AGENT : "finback-router";
    }

    static Tracing start(TracingSettings settings) {
        return new Tracing(
                new Sampler(settings.rate()),
                new Sampler(settings.deploymentRate()),
                settings.target().map(target -> queue(target, settings.service())));
    }

    private static SpanQueue queue(Target target, String service) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (Map.Entry<String, Secret> header : target.headers().entrySet()) {
            headers.put(header.getKey(), header.getValue().reveal());
        }
        SpanExport export = target.exporter() == Exporter.OTLP
                ? SpanExports.otlp(target.endpoint(), service, headers, target.timeout())
                : SpanExports.zipkin(target.endpoint(), service, headers, target.timeout());
        return SpanQueue.start(target.exporter() == Exporter.OTLP ? "otlp" : "zipkin", export, target.limits());
    }

    /** Whether anything is sent anywhere. */
    public boolean isOn() {
        return queue.isPresent();
    }

    /** Of traces that begin here. */
    public Sampler sampler() {
        return sampler;
    }

    /** Of deployments: few, and each is looked at. */
    public Sampler deployments() {
        return deployments;
    }

    @Override
    public void take(Span span) {
        queue.ifPresent(to -> to.take(span));
    }

    /** All 0 while it is off. */
    public SpanQueue.Counts counts() {
        return queue.map(SpanQueue::counts).orElse(new SpanQueue.Counts(0, 0, 0, 0));
    }

    /** In Prometheus' format. */
    public String prometheus() {
        SpanQueue.Counts counts = counts();
        return "# TYPE finback_traces_sent_total counter\nfinback_traces_sent_total " + counts.sent()
                + "\n# TYPE finback_traces_dropped_total counter\nfinback_traces_dropped_total " + counts.dropped()
                + "\n# TYPE finback_traces_failed_total counter\nfinback_traces_failed_total " + counts.failed()
                + "\n# TYPE finback_traces_waiting gauge\nfinback_traces_waiting " + counts.waiting() + "\n";
    }

    /**
     * Where a span begins that may be part of another one; empty when it is not to be told of: tracing is off, or its trace is not kept.
     */
    public Optional<SpanIds> begin(Optional<SpanIds> parent) {
        if (queue.isEmpty()) {
            return Optional.empty();
        }
        RandomGenerator random = ThreadLocalRandom.current();
        SpanIds ids = sampler.decide(parent.map(of -> of.child(random)).orElseGet(() -> SpanIds.root(random)));
        return ids.isSampled() ? Optional.of(ids) : Optional.empty();
    }

    private void close() {
        queue.ifPresent(SpanQueue::close);
    }

    private static final class Id extends AbstractExtensionId<Tracing> {
        @Override
        public Tracing createExtension(ExtendedActorSystem system) {
            Config config = system.settings().config();
            Tracing tracing = config.hasPath("finback.tracing")
                    ? start(TracingSettings.from(config, service(config, system.name())))
                    : new Tracing(new Sampler(0), new Sampler(0), Optional.empty());
            if (tracing.isOn()) {
                system.registerOnTermination(tracing::close);
            }
            return tracing;
        }
    }
}
