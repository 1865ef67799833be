package io.finback.controlplane.marathonapi;

import io.finback.controlplane.scheduler.SlaStats;
import io.finback.controlplane.service.Services;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/** How well services are served, as Prometheus text. */
final class ServicesMetrics {
    private final StringBuilder text = new StringBuilder();

    private ServicesMetrics() {}

    /** {@code gauges}: what has no label. */
    static String text(Services services, Map<String, Long> gauges, Instant now) {
        ServicesMetrics metrics = new ServicesMetrics();
        gauges.forEach((name, value) -> metrics.one(name, "gauge", value));
        metrics.sla(SlaHandler.of(services.view().all(), now));
        String seconds = "finback_services_instance_seconds_total";
        metrics.head(seconds, "counter");
        metrics.line(seconds, "state=\"up\"", services.uptimes().upSeconds());
        metrics.line(seconds, "state=\"down\"", services.uptimes().downSeconds());
        metrics.one("finback_services_callbacks_lost_total", "counter", (double) services.lostCallbacks());
        return metrics.text.toString();
    }

    private void sla(SlaStats stats) {
        String uptime = "finback_services_uptime_seconds";
        head(uptime, "gauge");
        stats.uptime().forEach((percent, time) -> line(uptime, "reached_by=\"" + percent + "\"", seconds(time)));
        stats.toAssigned().ifPresent(time -> one("finback_services_time_to_assigned_seconds", "gauge", seconds(time)));
        stats.toRunning().ifPresent(time -> one("finback_services_time_to_running_seconds", "gauge", seconds(time)));
    }

    private void one(String name, String type, double value) {
        head(name, type);
        line(name, "", value);
    }

    private void head(String name, String type) {
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void line(String name, String labels, double value) {
        text.append(name);
        if (!labels.isEmpty()) {
            text.append('{').append(labels).append('}');
        }
        boolean whole = value == Math.rint(value);
        text.append(' ')
                .append(whole ? Long.toString((long) value) : String.format(Locale.ROOT, "%.3f", value))
                .append('\n');
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }
}
