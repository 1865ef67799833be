package io.finback.meshrouter.boot;

import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.meshrouter.linkerd.Plan.SpanTelemeter;
import io.finback.meshrouter.tracing.ScribeExport;
import io.finback.meshrouter.tracing.TraceLog;
import io.finback.meshrouter.traffic.TraceSwitch;
import io.finback.meshrouter.traffic.Traces.Reporter;
import io.finback.tracing.Sampler;
import io.finback.tracing.SpanExport;
import io.finback.tracing.SpanExports;
import io.finback.tracing.SpanQueue;
import io.finback.tracing.Tracing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Who is told of a router's spans: {@code finback.tracing}, and the telemeters of linkerd.yaml. */
final class SpanReports implements AutoCloseable {
    /** Of the telemeters' messages, for which linkerd.yaml has no word. */
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final String SERVICE = "linkerd";

    private final Tracing tracing;
    private final List<SpanQueue> queues = new ArrayList<>();
    private final List<Reporter> reporters = new ArrayList<>();
    private final TraceSwitch toggle = new TraceSwitch();

    private SpanReports(Tracing tracing) {
        this.tracing = tracing;
    }

    static SpanReports start(Tracing tracing, List<SpanTelemeter> telemeters) {
        SpanReports reports = new SpanReports(tracing);
        if (tracing.isOn()) {
            reports.reporters.add(new Reporter(tracing.sampler(), true, tracing));
        }
        telemeters.forEach(reports::add);
        return reports;
    }

    private void add(SpanTelemeter telemeter) {
        Sampler sampler = new Sampler(telemeter.rate());
        if (telemeter instanceof SpanTelemeter.Log log) {
            reporters.add(new Reporter(sampler, false, new TraceLog(log.level())));
        } else if (telemeter instanceof SpanTelemeter.Scribe scribe) {
            add("scribe", sampler, new ScribeExport(scribe.host(), scribe.port(), SERVICE, TIMEOUT));
        } else if (telemeter instanceof SpanTelemeter.ZipkinHttp zipkin) {
            add("zipkin", sampler, SpanExports.zipkin(zipkin.endpoint(), SERVICE, Map.of(), TIMEOUT));
        }
    }

    private void add(String name, Sampler sampler, SpanExport export) {
        SpanQueue queue = SpanQueue.start(name, export, SpanQueue.Limits.USUAL);
        queues.add(queue);
        reporters.add(new Reporter(sampler, true, queue));
    }

    /** A listener that reports here. */
    ServerPlan of(RouterPlan router, ServerPlan server) {
        return server.reporting(router.label(), reporters, toggle);
    }

    TraceSwitch toggle() {
        return toggle;
    }

    /** Of all of them together. */
    SpanQueue.Counts counts() {
        SpanQueue.Counts all = tracing.counts();
        for (SpanQueue queue : queues) {
            all = all.plus(queue.counts());
        }
        return all;
    }

    @Override
    public void close() {
        queues.forEach(SpanQueue::close);
    }
}
