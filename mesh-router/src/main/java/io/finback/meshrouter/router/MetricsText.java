package io.finback.meshrouter.router;

import io.finback.meshrouter.http.Endpoint;
import io.finback.meshrouter.http.LatencyHistogram;
import io.finback.meshrouter.http.ProxyServer;
import io.finback.meshrouter.http.Stats;
import io.finback.meshrouter.resilience.FailureAccrual;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/** Renders what was counted: Linkerd's names for {@code metrics.json}, ours for Prometheus. Reads only. */
final class MetricsText {
    private static final double[] QUANTILES = {0.5, 0.9, 0.95, 0.99, 0.999, 0.9999};
    private static final String[] QUANTILE_NAMES = {"p50", "p90", "p95", "p99", "p9990", "p9999"};

    private final MeshRouter router;
    private final ProxyServer proxy;

    MetricsText(MeshRouter router, ProxyServer proxy) {
        this.router = router;
        this.proxy = proxy;
    }

    /** Flat, sorted, as {@code /admin/metrics.json} shows it: {@code rt/http/service/svc/web/requests} and so on. */
    Map<String, Object> linkerd(String listenHost, long nowNanos) {
        Map<String, Object> out = new TreeMap<>();
        String server = "rt/http/server/" + listenHost + "/" + proxy.port();
        stats(out, server, proxy.stats());
        out.put(server + "/connections", proxy.connections());
        router.services().forEach((name, service) -> {
            String prefix = "rt/http/service" + name;
            stats(out, prefix, service.stats());
            out.put(prefix + "/retries/total", service.stats().retries());
            out.put(prefix + "/retries/budget", service.retries().balance(nowNanos));
        });
        router.destinations().forEach((id, destination) -> {
            String prefix = "rt/http/client" + id;
            stats(out, prefix, destination.stats());
            out.put(prefix + "/connects", destination.stats().connects());
            out.put(prefix + "/connect_failures", destination.stats().connectFailures());
            List<Endpoint> endpoints = destination.endpoints();
            out.put(prefix + "/loadbalancer/size", endpoints.size());
            out.put(
                    prefix + "/loadbalancer/available",
                    endpoints.stream()
                            .filter(endpoint -> endpoint.isOpen(nowNanos))
                            .count());
            out.put(prefix + "/failure_accrual/removals", sum(endpoints, FailureAccrual::removals));
            out.put(prefix + "/failure_accrual/revivals", sum(endpoints, FailureAccrual::revivals));
            out.put(prefix + "/failure_accrual/probes", sum(endpoints, FailureAccrual::probes));
            out.put(prefix + "/retries/budget", destination.requeues().balance(nowNanos));
        });
        out.put("finback/router/apps", router.endpoints().apps().size());
        out.put("finback/router/endpoints_age_ms", router.endpoints().ageMillis(nowNanos));
        return out;
    }

    private static long sum(List<Endpoint> endpoints, ToLongFunction<FailureAccrual> count) {
        return endpoints.stream().map(Endpoint::accrual).mapToLong(count).sum();
    }

    private static void stats(Map<String, Object> out, String prefix, Stats stats) {
        out.put(prefix + "/requests", stats.requests());
        out.put(prefix + "/success", stats.successes());
        out.put(prefix + "/failures", stats.failures());
        LatencyHistogram latency = stats.latency();
        long[] counts = latency.counts();
        long count = 0;
        for (long c : counts) {
            count += c;
        }
        if (count == 0) {
            return;
        }
        String name = prefix + "/request_latency_ms.";
        double sumMillis = latency.sumSeconds() * 1000;
        out.put(name + "count", count);
        out.put(name + "sum", sumMillis);
        out.put(name + "avg", sumMillis / count);
        for (int i = 0; i < QUANTILES.length; i++) {
            out.put(name + QUANTILE_NAMES[i], quantileMillis(latency.boundsSeconds(), counts, count, QUANTILES[i]));
        }
    }

    private static double quantileMillis(double[] bounds, long[] counts, long count, double quantile) {
        long rank = (long) Math.ceil(quantile * count);
        long seen = 0;
        for (int i = 0; i < bounds.length; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return bounds[i] * 1000;
            }
        }
        return bounds[bounds.length - 1] * 1000;
    }

    /** Prometheus text format, version 0.0.4. */
    String prometheus(long nowNanos) {
        StringBuilder out = new StringBuilder(4096);
        metric(out, "finback_router_server_requests_total", "counter", "Requests answered, refused ones too.");
        sample(out, "finback_router_server_requests_total", "", proxy.stats().requests());
        metric(out, "finback_router_server_failures_total", "counter", "Of these, answered with 5xx or broken off.");
        sample(out, "finback_router_server_failures_total", "", proxy.stats().failures());
        metric(out, "finback_router_connections", "gauge", "Client connections open now.");
        sample(out, "finback_router_connections", "", proxy.connections());
        metric(out, "finback_router_connections_refused_total", "counter", "Turned away at limits.max-connections.");
        sample(out, "finback_router_connections_refused_total", "", proxy.refusedConnections());
        services(out);
        clients(out);
        endpoints(out, nowNanos);
        return out.toString();
    }

    private void services(StringBuilder out) {
        Map<String, Stats> services = new TreeMap<>();
        router.services().forEach((name, service) -> services.put(name, service.stats()));
        String prefix = "finback_router_service_";
        metric(out, prefix + "requests_total", "counter", "Requests per logical name.");
        services.forEach((n, s) -> sample(out, prefix + "requests_total", label("service", n), s.requests()));
        metric(out, prefix + "successes_total", "counter", "Answered below 500.");
        services.forEach((n, s) -> sample(out, prefix + "successes_total", label("service", n), s.successes()));
        metric(out, prefix + "failures_total", "counter", "Answered with 5xx, or not.");
        services.forEach((n, s) -> sample(out, prefix + "failures_total", label("service", n), s.failures()));
        metric(out, prefix + "retries_total", "counter", "Attempts after the first.");
        services.forEach((n, s) -> sample(out, prefix + "retries_total", label("service", n), s.retries()));
        metric(
                out,
                prefix + "latency_seconds",
                "histogram",
                "Request head read to response written, attempts included.");
        services.forEach((n, s) -> histogram(out, prefix + "latency_seconds", label("service", n), s.latency()));
    }

    private void clients(StringBuilder out) {
        Map<String, LiveDestination> clients = router.destinations();
        String prefix = "finback_router_client_";
        metric(out, prefix + "requests_total", "counter", "Attempts per bound name.");
        clients.forEach((n, c) -> sample(
                out, prefix + "requests_total", label("client", n), c.stats().requests()));
        metric(out, prefix + "successes_total", "counter", "Answered below 500.");
        clients.forEach((n, c) -> sample(
                out, prefix + "successes_total", label("client", n), c.stats().successes()));
        metric(out, prefix + "failures_total", "counter", "Answered with 5xx, not connected, or lost.");
        clients.forEach((n, c) -> sample(
                out, prefix + "failures_total", label("client", n), c.stats().failures()));
        metric(out, prefix + "connects_total", "counter", "Connections made.");
        clients.forEach((n, c) -> sample(
                out, prefix + "connects_total", label("client", n), c.stats().connects()));
        metric(out, prefix + "connect_failures_total", "counter", "Connections that could not be made.");
        clients.forEach((n, c) -> sample(
                out,
                prefix + "connect_failures_total",
                label("client", n),
                c.stats().connectFailures()));
        metric(out, prefix + "endpoints_removed_total", "counter", "Instances left alone after too many failures.");
        clients.forEach((n, c) -> sample(
                out,
                prefix + "endpoints_removed_total",
                label("client", n),
                sum(c.endpoints(), FailureAccrual::removals)));
        metric(out, prefix + "endpoints", "gauge", "Ready instances.");
        clients.forEach((n, c) -> sample(
                out, prefix + "endpoints", label("client", n), c.endpoints().size()));
        metric(out, prefix + "latency_seconds", "histogram", "Of one attempt.");
        clients.forEach((n, c) -> histogram(
                out, prefix + "latency_seconds", label("client", n), c.stats().latency()));
    }

    private void endpoints(StringBuilder out, long nowNanos) {
        EndpointsSnapshot known = router.endpoints();
        metric(out, "finback_router_apps", "gauge", "Apps known.");
        sample(out, "finback_router_apps", "", known.apps().size());
        metric(out, "finback_router_connected", "gauge", "1 while a master is a reachable member.");
        sample(out, "finback_router_connected", "", known.connected() ? 1 : 0);
        if (known.ageMillis(nowNanos) >= 0) {
            metric(out, "finback_router_endpoints_age_seconds", "gauge", "Since masters were last heard.");
            sample(out, "finback_router_endpoints_age_seconds", "", known.ageMillis(nowNanos) / 1000.0);
        }
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
