package io.finback.controlplane.marathonapi;

import io.finback.controlplane.scheduler.SlaStats;
import io.finback.controlplane.service.Services;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** How well services are served, as Prometheus text. */
final class ServicesMetrics {
    private final StringBuilder text = new StringBuilder();

    private ServicesMetrics() {}

    /** {@code gauges}: what has no label. */
    static String text(Services services, Map<String, Long> gauges, Instant now) {
        ServicesMetrics metrics = new ServicesMetrics();
        gauges.forEach((name, value) -> metrics.head(name, "gauge").line(name, "", value));
        metrics.sla(SlaHandler.of(services.view().all(), now));
        metrics.head("finback_services_instance_seconds_total", "counter")
                .line("finback_services_instance_seconds_total", "state=\"up\"", services.uptimes().upSeconds())
                .line("finback_services_instance_seconds_total", "state=\"down\"", services.uptimes().downSeconds());
        metrics.head("finback_services_callbacks_lost_total", "counter")
                .line("finback_services_callbacks_lost_total", "", services.lostCallbacks());
        return metrics.text.toString();
    }

    private void sla(SlaStats stats) {
        head("finback_services_uptime_seconds", "gauge");
        stats.uptime()
                .forEach((percent, time) -> line(
                        "finback_services_uptime_seconds", "reached_by=\"" + percent + "\"", seconds(time)));
        median("finback_services_time_to_assigned_seconds", stats.toAssigned());
        median("finback_services_time_to_running_seconds", stats.toRunning());
    }

    private void median(String name, Optional<Duration> time) {
        time.ifPresent(t -> head(name, "gauge").line(name, "", seconds(t)));
    }

    private ServicesMetrics head(String name, String type) {
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        return this;
    }

    private ServicesMetrics line(String name, String labels, double value) {
        text.append(name);
        if (!labels.isEmpty()) {
            text.append('{').append(labels).append('}');
        }
        boolean whole = value == Math.rint(value);
        text.append(' ')
                .append(whole ? Long.toString((long) value) : String.format(Locale.ROOT, "%.3f", value))
                .append('\n');
        return this;
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }
}
