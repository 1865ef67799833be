package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.SpanTelemeter;
import io.finback.meshrouter.linkerd.Plan.Statsd;
import io.finback.meshrouter.linkerd.Plan.Telemetry;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The {@code telemetry} block. Source: linkerd/linkerd docs/telemetry.md; linkerd/linkerd-zipkin for {@code io.zipkin.http}. */
final class TelemetryReader {
    private static final String TELEMETERS =
            "io.l5d.prometheus, io.l5d.influxdb, io.l5d.statsd, io.l5d.recentRequests, io.l5d.tracelog, io.l5d.zipkin,"
                    + " io.zipkin.http, io.l5d.commonMetrics";
    private static final Set<String> LEVELS =
            Set.of("ALL", "CRITICAL", "DEBUG", "ERROR", "FATAL", "INFO", "OFF", "TRACE", "WARNING");
    /** Finagle's. */
    private static final double SAMPLE_RATE = 0.001;

    private TelemetryReader() {}

    static Telemetry read(List<Block> blocks) {
        String path = Telemetry.PLAIN.prometheusPath();
        String prefix = "";
        boolean influxdb = false;
        Optional<Statsd> statsd = Optional.empty();
        int recent = 0;
        double recentRate = 1;
        List<SpanTelemeter> spans = new ArrayList<>();
        for (Block block : blocks) {
            String kind = Kinds.of(block, TELEMETERS);
            switch (kind) {
                case "io.l5d.prometheus" -> {
                    path = block.text("path").orElse(path);
                    prefix = block.text("prefix").orElse("");
                }
                case "io.l5d.influxdb" -> influxdb = true;
                case "io.l5d.commonMetrics" -> {}
                case "io.l5d.statsd" -> statsd = Optional.of(statsd(block));
                case "io.l5d.recentRequests" -> {
                    recent = block.integer("capacity", 1, 10_000).orElse(10);
                    recentRate = rate(block, "sampleRate").orElse(1.0);
                }
                case "io.l5d.tracelog" -> spans.add(log(block));
                case "io.l5d.zipkin" -> spans.add(scribe(block));
                case "io.zipkin.http" -> spans.add(zipkinHttp(block));
                default -> throw Kinds.missing(block, kind, TELEMETERS);
            }
            block.end();
        }
        return new Telemetry(path, prefix, influxdb, statsd, recent, recentRate, spans);
    }

    private static Optional<Double> rate(Block block, String key) {
        Optional<Double> rate = block.number(key);
        if (rate.isPresent() && !(rate.get() >= 0 && rate.get() <= 1)) {
            throw block.wrong(key, rate.get() + " (expected: 0.0 to 1.0)");
        }
        return rate;
    }

    private static SpanTelemeter log(Block block) {
        String level = block.text("level").orElse("INFO");
        if (!LEVELS.contains(level)) {
            throw block.wrong(
                    "level",
                    "'" + level + "' (expected: ALL, CRITICAL, DEBUG, ERROR, FATAL, INFO, OFF, TRACE or WARNING)");
        }
        return new SpanTelemeter.Log(level, rate(block, "sampleRate").orElse(1.0));
    }

    private static SpanTelemeter scribe(Block block) {
        return new SpanTelemeter.Scribe(
                block.text("host").orElse("localhost"),
                block.integer("port", 1, 65535).orElse(9410),
                rate(block, "sampleRate").orElse(SAMPLE_RATE));
    }

    private static SpanTelemeter zipkinHttp(Block block) {
        String host = block.text("host").orElse("localhost:9411");
        // Messages are always packed, and say the host they go to.
        block.refuse("hostHeader", "messages say the host they are sent to", "zipkin");
        block.refuse("compressionEnabled", "messages are always packed", "true");
        String path = block.text("path").orElse("/api/v2/spans");
        URI endpoint = block.checked("host", () -> URI.create("http://" + host + path));
        if (endpoint.getHost() == null || endpoint.getPort() < 0) {
            throw block.wrong("host", "'" + host + "' (expected: host:port)");
        }
        return new SpanTelemeter.ZipkinHttp(
                endpoint, rate(block, "initialSampleRate").orElse(SAMPLE_RATE));
    }

    private static Statsd statsd(Block block) {
        // Counters are sent as sums: no call is ever sampled.
        block.accepted("sampleRate");
        return new Statsd(
                block.text("prefix").orElse("linkerd"),
                block.text("hostname").orElse("127.0.0.1"),
                block.integer("port", 1, 65535).orElse(8125),
                block.millis("gaugeIntervalMs", 100).orElse(Duration.ofSeconds(10)));
    }
}
