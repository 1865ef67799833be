package io.finback.meshrouter.admin;

import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.router.LiveDestination;
import io.finback.meshrouter.router.MeshRouter;
import io.finback.meshrouter.router.RunningRouter;
import io.finback.meshrouter.traffic.Endpoint;
import io.finback.meshrouter.traffic.LatencyHistogram;
import io.finback.meshrouter.traffic.Service;
import io.finback.meshrouter.traffic.Stats;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * What was counted, with Linkerd's names, as JSON, in Prometheus' and InfluxDB's formats, and for statsd. Reads only; as many names as the
 * routers' bounded tables have. Source: linkerd/linkerd docs/telemetry.md.
 */
final class LinkerdMetrics {
    private static final double[] QUANTILES = {0.5, 0.9, 0.95, 0.99, 0.999, 0.9999};
    private static final String[] JSON_NAMES = {"p50", "p90", "p95", "p99", "p9990", "p9999"};

    private final AdminParts parts;

    LinkerdMetrics(AdminParts parts) {
        this.parts = parts;
    }

    /** Everything, now. */
    List<Metric> all() {
        long now = parts.nanoTime().getAsLong();
        List<Metric> out = new ArrayList<>();
        for (RunningRouter running : parts.routers()) {
            List<String> rt = List.of("rt", running.label());
            for (RunningRouter.Server server : running.servers()) {
                List<String> scope = with(rt, "server", server.ip() + "/" + server.port());
                stats(out, scope, server.listener().stats());
                gauge(out, scope, "connections", server.listener().connections());
                gauge(out, scope, "load", server.listener().concurrent());
                bytes(out, scope, server.listener().stats());
            }
            // One table of ours stands for two of Linkerd's, and nothing in it expires or is made for one request.
            bindCache(out, rt, "path", running.router().bindingCounts());
            bindCache(out, rt, "tree", running.router().bindingCounts());
            bindCache(out, rt, "bound", running.router().destinationCounts());
            bindCache(out, rt, "client", running.router().destinationCounts());
            running.router()
                    .services()
                    .forEach((name, service) -> service(out, with(rt, "service", bare(name)), service, now));
            running.router()
                    .destinations()
                    .forEach((id, client) -> client(out, with(rt, "client", bare(id)), client, now));
        }
        jvm(out);
        return out;
    }

    private static List<String> with(List<String> scope, String... more) {
        List<String> all = new ArrayList<>(scope);
        all.addAll(List.of(more));
        return all;
    }

    private static String bare(String path) {
        return path.startsWith("/") ? path.substring(1) : path;
    }

    private static void bindCache(List<Metric> out, List<String> rt, String table, MeshRouter.CacheCounts counts) {
        counter(out, rt, "bindcache/" + table + "/misses", counts.misses());
        counter(out, rt, "bindcache/" + table + "/evicts", counts.evictions());
        counter(out, rt, "bindcache/" + table + "/expires", 0);
        counter(out, rt, "bindcache/" + table + "/oneshots", 0);
    }

    private static void bytes(List<Metric> out, List<String> scope, Stats stats) {
        counter(out, scope, "received_bytes", stats.receivedBytes());
        counter(out, scope, "sent_bytes", stats.sentBytes());
    }

    private static void service(List<Metric> out, List<String> scope, Service service, long now) {
        stats(out, scope, service.stats());
        counter(out, scope, "retries/total", service.stats().retries());
        gauge(out, scope, "retries/budget", service.retries().balance(now));
    }

    private static void client(List<Metric> out, List<String> scope, LiveDestination client, long now) {
        Stats stats = client.stats();
        List<Endpoint> endpoints = client.endpoints();
        stats(out, scope, stats);
        counter(out, scope, "connects", stats.connects());
        counter(out, scope, "failures/connect", stats.connectFailures());
        bytes(out, scope, stats);
        gauge(out, scope, "connections", stats.connections());
        gauge(out, scope, "pool_size", stats.connections());
        gauge(out, scope, "pool_cached", stats.cachedConnections());
        gauge(
                out,
                scope,
                "pool_waiters",
                endpoints.stream().mapToInt(Endpoint::waiting).sum());
        counter(out, scope, "pool_num_too_many_waiters", stats.tooManyWaiters());
        gauge(out, scope, "loadbalancer/size", endpoints.size());
        long open = endpoints.stream().filter(e -> e.isOpen(now)).count();
        gauge(out, scope, "loadbalancer/available", open);
        gauge(out, scope, "loadbalancer/busy", endpoints.size() - open);
        gauge(
                out,
                scope,
                "loadbalancer/load",
                endpoints.stream().mapToInt(Endpoint::outstanding).sum());
        counter(out, scope, "failure_accrual/removals", sum(endpoints, FailureAccrual::removals));
        counter(out, scope, "failure_accrual/revivals", sum(endpoints, FailureAccrual::revivals));
        counter(out, scope, "failure_accrual/probes", sum(endpoints, FailureAccrual::probes));
        gauge(out, scope, "retries/budget", client.requeues().balance(now));
    }

    static long sum(List<Endpoint> endpoints, ToLongFunction<FailureAccrual> count) {
        return endpoints.stream().map(Endpoint::accrual).mapToLong(count).sum();
    }

    private static void stats(List<Metric> out, List<String> scope, Stats stats) {
        counter(out, scope, "requests", stats.requests());
        counter(out, scope, "success", stats.successes());
        counter(out, scope, "failures", stats.failures());
        long[] classes = new long[6];
        stats.statuses().forEach((code, count) -> {
            classes[code / 100] += count;
            counter(out, scope, code == 0 ? "status/error" : "status/" + code, count);
        });
        for (int i = 1; i < classes.length; i++) {
            if (classes[i] > 0) {
                counter(out, scope, "status/" + i + "XX", classes[i]);
            }
        }
        out.add(new Metric(scope, "request_latency_ms", Metric.Kind.STAT, histogram(stats.latency())));
    }

    private static void jvm(List<Metric> out) {
        List<String> scope = List.of("jvm");
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        MemoryUsage other = ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage();
        gauge(out, scope, "uptime", ManagementFactory.getRuntimeMXBean().getUptime());
        gauge(out, scope, "num_cpus", Runtime.getRuntime().availableProcessors());
        gauge(out, scope, "heap/used", heap.getUsed());
        gauge(out, scope, "heap/committed", heap.getCommitted());
        gauge(out, scope, "heap/max", heap.getMax());
        gauge(out, scope, "nonheap/used", other.getUsed());
        gauge(out, scope, "thread/count", ManagementFactory.getThreadMXBean().getThreadCount());
        long collections = 0;
        long millis = 0;
        for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections += bean.getCollectionCount();
            millis += bean.getCollectionTime();
        }
        gauge(out, scope, "gc/cycles", collections);
        gauge(out, scope, "gc/msec", millis);
    }

    private static void counter(List<Metric> out, List<String> scope, String name, long count) {
        out.add(new Metric(scope, name, Metric.Kind.COUNTER, Map.of("", count)));
    }

    private static void gauge(List<Metric> out, List<String> scope, String name, long value) {
        out.add(new Metric(scope, name, Metric.Kind.GAUGE, Map.of("", value)));
    }

    /** Flat and sorted, keys that begin with {@code prefix}. A distribution without values is only {@code .count}. */
    Map<String, Number> json(String prefix) {
        Map<String, Number> out = new TreeMap<>();
        all().forEach(metric -> out.putAll(metric.flat()));
        out.keySet().removeIf(key -> !key.startsWith(prefix));
        return out;
    }

    /** Nested by the slashes of names, each value in an object that says its type, as {@code tree=1} asks. */
    Map<String, Object> tree(String prefix) {
        Map<String, Object> root = new TreeMap<>();
        for (Metric metric : all()) {
            if (metric.key().startsWith(prefix)) {
                Map<String, Object> at = root;
                for (String element : metric.key().split("/", -1)) {
                    at = child(at, element);
                }
                at.putAll(metric.leaf());
            }
        }
        return root;
    }

    @SuppressWarnings("unchecked") // every value of a branch is a map
    private static Map<String, Object> child(Map<String, Object> at, String element) {
        return (Map<String, Object>) at.computeIfAbsent(element, e -> new TreeMap<String, Object>());
    }

    private static Map<String, Number> histogram(LatencyHistogram latency) {
        long[] counts = latency.counts();
        long count = 0;
        for (long c : counts) {
            count += c;
        }
        Map<String, Number> out = new LinkedHashMap<>();
        out.put("count", count);
        if (count == 0) {
            return out;
        }
        double sum = latency.sumSeconds() * 1000;
        out.put("sum", sum);
        out.put("avg", sum / count);
        out.put("min", quantile(latency.boundsSeconds(), counts, count, 0));
        out.put("max", quantile(latency.boundsSeconds(), counts, count, 1));
        for (int i = 0; i < QUANTILES.length; i++) {
            out.put(JSON_NAMES[i], quantile(latency.boundsSeconds(), counts, count, QUANTILES[i]));
        }
        return out;
    }

    /** In milliseconds, between the bounds of the bucket it falls in. */
    private static double quantile(double[] bounds, long[] counts, long count, double quantile) {
        double rank = quantile * count;
        long seen = 0;
        for (int i = 0; i < bounds.length; i++) {
            if (counts[i] > 0 && seen + counts[i] >= rank) {
                double from = i == 0 ? 0 : bounds[i - 1];
                return (from + (bounds[i] - from) * Math.max(0, rank - seen) / counts[i]) * 1000;
            }
            seen += counts[i];
        }
        return bounds[bounds.length - 1] * 1000;
    }

    /** Linkerd's Prometheus names: {@code rt:service:requests{rt="http", service="/svc/web"}}. {@code prefix} before each. */
    String prometheus(String prefix) {
        StringBuilder out = new StringBuilder(8192);
        for (Metric metric : all()) {
            String name = prefix + prometheusName(metric);
            String labels = labels(metric);
            if (metric.kind() != Metric.Kind.STAT) {
                line(out, name, labels, value(metric, ""));
            } else if (metric.values().size() > 1) {
                for (String sum : List.of("count", "sum", "avg")) {
                    line(out, name + "_" + sum, labels, value(metric, sum));
                }
                line(out, name, and(labels, "quantile=\"0\""), value(metric, "min"));
                for (int i = 0; i < QUANTILES.length; i++) {
                    line(out, name, and(labels, "quantile=\"" + QUANTILES[i] + "\""), value(metric, JSON_NAMES[i]));
                }
                line(out, name, and(labels, "quantile=\"1\""), value(metric, "max"));
            }
        }
        return out.toString();
    }

    private static Number value(Metric metric, String name) {
        return metric.values().getOrDefault(name, 0);
    }

    private static String and(String labels, String more) {
        return labels.isEmpty() ? more : labels + ", " + more;
    }

    private static void line(StringBuilder out, String name, String labels, Number value) {
        out.append(name);
        if (!labels.isEmpty()) {
            out.append('{').append(labels).append('}');
        }
        out.append(' ').append(value).append('\n');
    }

    /** Of a service, client or server of a router; not of the router itself, or of the process. */
    private static boolean isOfRouterPart(Metric metric) {
        return metric.scope().size() > 2;
    }

    private static String prometheusName(Metric metric) {
        String scope = isOfRouterPart(metric)
                ? "rt:" + metric.scope().get(2) + ":"
                : metric.scope().get(0) + ":";
        return scope + metric.name().replace('/', ':').replaceAll("[^a-zA-Z0-9_:]", "_");
    }

    private static String labels(Metric metric) {
        if (!metric.scope().get(0).equals("rt")) {
            return "";
        }
        if (!isOfRouterPart(metric)) {
            return "rt=\"" + escaped(metric.scope().get(1)) + "\"";
        }
        String kind = metric.scope().get(2);
        String id = metric.scope().get(3);
        return "rt=\"" + escaped(metric.scope().get(1)) + "\", " + kind + "=\""
                + escaped(kind.equals("service") ? "/" + id : id) + "\"";
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    /** InfluxDB's line protocol: a measurement per scope, a field per metric. */
    String influxdb(String host) {
        Map<String, StringBuilder> lines = new TreeMap<>();
        for (Metric metric : all()) {
            String head = isOfRouterPart(metric)
                    ? "rt:" + metric.scope().get(2) + ",host=" + tag(host) + ","
                            + metric.scope().get(2) + "="
                            + tag("/" + metric.scope().get(3)) + ",rt="
                            + tag(metric.scope().get(1))
                    : metric.scope().get(0) + ",host=" + tag(host)
                            + (metric.scope().size() > 1
                                    ? ",rt=" + tag(metric.scope().get(1))
                                    : "");
            StringBuilder fields = lines.computeIfAbsent(head, h -> new StringBuilder());
            metric.values().forEach((name, value) -> fields.append(fields.length() == 0 ? "" : ",")
                    .append(tag(metric.name().replace('/', ':') + (name.isEmpty() ? "" : "_" + name)))
                    .append('=')
                    .append(value));
        }
        StringBuilder out = new StringBuilder();
        lines.forEach(
                (head, fields) -> out.append(head).append(' ').append(fields).append('\n'));
        return out.toString();
    }

    private static String tag(String text) {
        return text.replace("\\", "\\\\")
                .replace(" ", "\\ ")
                .replace(",", "\\,")
                .replace("=", "\\=");
    }
}
