package io.finback.meshrouter.admin;

import io.finback.meshrouter.namers.Streams;
import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.router.EndpointsSnapshot;
import io.finback.meshrouter.router.LiveDestination;
import io.finback.meshrouter.traffic.LatencyHistogram;
import io.finback.meshrouter.traffic.Listener;
import io.finback.meshrouter.traffic.Stats;
import io.finback.tracing.SpanQueue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** What was counted, with Finback's names, in Prometheus' text format, version 0.0.4. Reads only. */
final class OwnMetrics {
    /** One sample: its labels, and its value. */
    private record Sample(String labels, Number value) {}

    private final AdminParts parts;

    OwnMetrics(AdminParts parts) {
        this.parts = parts;
    }

    String prometheus() {
        StringBuilder out = new StringBuilder(4096);
        servers(out);
        services(out);
        clients(out);
        watches(out, parts.watches());
        endpoints(out, parts.nanoTime().getAsLong());
        spans(out);
        return out.toString();
    }

    private void servers(StringBuilder out) {
        server(out, "requests_total", "counter", "Requests answered, refused ones too.", p -> p.stats()
                .requests());
        server(out, "failures_total", "counter", "Of these, answered with 5xx or broken off.", p -> p.stats()
                .failures());
        server(out, "concurrent", "gauge", "Requests under way.", Listener::concurrent);
        String prefix = "finback_router_";
        each(out, prefix + "connections", "gauge", "Client connections open now.", servers(Listener::connections));
        each(
                out,
                prefix + "connections_refused_total",
                "counter",
                "Turned away at limits.max-connections.",
                servers(Listener::refusedConnections));
    }

    private void server(StringBuilder out, String name, String type, String help, Function<Listener, Number> value) {
        each(out, "finback_router_server_" + name, type, help, servers(value));
    }

    private List<Sample> servers(Function<Listener, Number> value) {
        return parts.routers().stream()
                .flatMap(running -> running.servers().stream()
                        .map(server -> new Sample(
                                label("rt", running.label()) + "," + label("server", server.ip() + "/" + server.port()),
                                value.apply(server.listener()))))
                .toList();
    }

    private void services(StringBuilder out) {
        Map<String, Stats> services = new LinkedHashMap<>();
        parts.routers().forEach(running -> running.router()
                .services()
                .forEach((name, service) ->
                        services.put(label("rt", running.label()) + "," + label("service", name), service.stats())));
        String prefix = "finback_router_service_";
        each(out, prefix + "requests_total", "counter", "Requests per logical name.", of(services, Stats::requests));
        each(out, prefix + "successes_total", "counter", "Answered below 500.", of(services, Stats::successes));
        each(out, prefix + "failures_total", "counter", "Answered with 5xx, or not.", of(services, Stats::failures));
        each(out, prefix + "retries_total", "counter", "Attempts after the first.", of(services, Stats::retries));
        metric(
                out,
                prefix + "latency_seconds",
                "histogram",
                "Request head read to response written, attempts included.");
        services.forEach((labels, s) -> histogram(out, prefix + "latency_seconds", labels, s.latency()));
    }

    private static <T> List<Sample> of(Map<String, T> all, Function<T, Number> value) {
        return all.entrySet().stream()
                .map(e -> new Sample(e.getKey(), value.apply(e.getValue())))
                .toList();
    }

    private void clients(StringBuilder out) {
        Map<String, LiveDestination> clients = new LinkedHashMap<>();
        parts.routers().forEach(running -> running.router()
                .destinations()
                .forEach(
                        (id, client) -> clients.put(label("rt", running.label()) + "," + label("client", id), client)));
        String prefix = "finback_router_client_";
        each(out, prefix + "requests_total", "counter", "Attempts per bound name.", of(clients, c -> c.stats()
                .requests()));
        each(out, prefix + "successes_total", "counter", "Answered below 500.", of(clients, c -> c.stats()
                .successes()));
        each(
                out,
                prefix + "failures_total",
                "counter",
                "Answered with 5xx, not connected, or lost.",
                of(clients, c -> c.stats().failures()));
        each(out, prefix + "connects_total", "counter", "Connections made.", of(clients, c -> c.stats()
                .connects()));
        each(
                out,
                prefix + "connect_failures_total",
                "counter",
                "Connections that could not be made.",
                of(clients, c -> c.stats().connectFailures()));
        each(
                out,
                prefix + "endpoints_removed_total",
                "counter",
                "Instances left alone after too many failures.",
                of(clients, c -> LinkerdMetrics.sum(c.endpoints(), FailureAccrual::removals)));
        each(out, prefix + "endpoints", "gauge", "Ready instances.", of(clients, c -> c.endpoints()
                .size()));
        metric(out, prefix + "latency_seconds", "histogram", "Of one attempt.");
        clients.forEach((labels, c) ->
                histogram(out, prefix + "latency_seconds", labels, c.stats().latency()));
    }

    private static void watches(StringBuilder out, Streams watches) {
        String prefix = "finback_router_name_watches";
        each(out, prefix, "gauge", "What is followed at far ends.", List.of(new Sample("", watches.watches())));
        each(
                out,
                prefix + "_failing",
                "gauge",
                "Of these, those whose last try failed.",
                List.of(new Sample("", watches.failing())));
        each(
                out,
                prefix + "_failures_total",
                "counter",
                "Tries that failed.",
                List.of(new Sample("", watches.failures())));
    }

    private void endpoints(StringBuilder out, long nowNanos) {
        EndpointsSnapshot known = parts.endpoints().get();
        each(
                out,
                "finback_router_apps",
                "gauge",
                "Apps known.",
                List.of(new Sample("", known.apps().size())));
        each(
                out,
                "finback_router_connected",
                "gauge",
                "1 while a master is a reachable member.",
                List.of(new Sample("", known.connected() ? 1 : 0)));
        if (known.ageMillis(nowNanos) >= 0) {
            each(
                    out,
                    "finback_router_endpoints_age_seconds",
                    "gauge",
                    "Since masters were last heard.",
                    List.of(new Sample("", known.ageMillis(nowNanos) / 1000.0)));
        }
    }

    private void spans(StringBuilder out) {
        SpanQueue.Counts spans = parts.spans().get();
        each(out, "finback_traces_sent_total", "counter", "Spans that a collector has.", one(spans.sent()));
        each(
                out,
                "finback_traces_dropped_total",
                "counter",
                "Spans for which the queue had no room.",
                one(spans.dropped()));
        each(out, "finback_traces_failed_total", "counter", "Spans that no collector took.", one(spans.failed()));
        each(out, "finback_traces_waiting", "gauge", "Spans in the queue now.", one(spans.waiting()));
        each(
                out,
                "finback_router_tap_viewers",
                "gauge",
                "Who looks at requests.",
                one(parts.tap().viewers()));
        each(
                out,
                "finback_router_tap_dropped_total",
                "counter",
                "Lines that a viewer did not read in time.",
                one(parts.tap().dropped()));
    }

    private static List<Sample> one(Number value) {
        return List.of(new Sample("", value));
    }

    private static void each(StringBuilder out, String name, String type, String help, List<Sample> samples) {
        metric(out, name, type, help);
        samples.forEach(sample -> sample(out, name, sample.labels(), sample.value()));
    }

    private static void metric(StringBuilder out, String name, String type, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static void sample(StringBuilder out, String name, String labels, Number value) {
        out.append(name);
        if (!labels.isEmpty()) {
            out.append('{').append(labels).append('}');
        }
        out.append(' ').append(value).append('\n');
    }

    private static void histogram(StringBuilder out, String name, String labels, LatencyHistogram latency) {
        double[] bounds = latency.boundsSeconds();
        long[] counts = latency.counts();
        long total = 0;
        for (int i = 0; i < counts.length; i++) {
            total += counts[i];
            String bound = i < bounds.length ? String.format(Locale.ROOT, "%s", bounds[i]) : "+Inf";
            sample(out, name + "_bucket", labels + ",le=\"" + bound + "\"", total);
        }
        sample(out, name + "_sum", labels, latency.sumSeconds());
        sample(out, name + "_count", labels, total);
    }

    private static String label(String name, String value) {
        return name + "=\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }
}
