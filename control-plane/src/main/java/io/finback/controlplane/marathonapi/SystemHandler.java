package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.scheduler.Instance.Phase;
import io.finback.controlplane.scheduler.PortBook;
import io.finback.controlplane.service.Services;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a client asks about the server itself. Every master leads. */
final class SystemHandler {
    private final Services services;
    private final Instant started = Instant.now();

    SystemHandler(Services services) {
        this.services = services;
    }

    Answer info() {
        String address = services.settings().address();
        int port = port(address);
        ObjectNode body = Json.object()
                .put("name", "marathon")
                .put("version", services.settings().version())
                .put("buildref", "finback")
                .put("elected", true)
                .put("leader", address)
                .put("frameworkId", SchedulerMessage.FRAMEWORK.value());
        ObjectNode config = body.putObject("marathon_config");
        config.put("framework_name", "marathon")
                .put("hostname", address.substring(0, Math.max(0, address.lastIndexOf(':'))))
                .put("ha", true)
                .put("checkpoint", true)
                .put("local_port_min", PortBook.FIRST)
                .put("local_port_max", PortBook.LAST)
                .put("executor", "//cmd")
                .put("failover_timeout", 315360000)
                .put("mesos_role", "*");
        config.putArray("features").add("gpu_resources");
        body.putObject("zookeeper_config");
        ObjectNode http = body.putObject("http_config").put("http_port", port);
        http.putNull("https_port");
        return Answer.ok(body);
    }

    Answer leader() {
        return Answer.ok(Json.object().put("leader", services.settings().address()));
    }

    Answer ping(Request request) {
        return request.accept().contains("application/json")
                ? Answer.text("application/json", "\"pong\"")
                : Answer.text("text/plain", "pong");
    }

    Answer plugins() {
        ObjectNode body = Json.object();
        body.putArray("plugins");
        return Answer.ok(body);
    }

    Answer help() {
        return Answer.text(
                "text/plain",
                "Finback services API, compatible with Marathon: /v2/apps /v2/tasks /v2/deployments /v2/queue /v2/groups"
                        + " /v2/info /v2/leader /ping /metrics\n");
    }

    Answer metrics(Request request) {
        Map<String, Long> gauges = gauges();
        if (request.path().contains("prometheus") || request.accept().contains("text/plain")) {
            StringBuilder text = new StringBuilder();
            marathonGauges().forEach((name, value) -> {
                if (name.startsWith("marathon.")) {
                    gauges.put(name.replace('.', '_'), value);
                }
            });
            gauges.forEach((name, value) -> text.append("# TYPE ")
                    .append(name)
                    .append(" gauge\n")
                    .append(name)
                    .append(' ')
                    .append(value)
                    .append('\n'));
            return Answer.text("text/plain; version=0.0.4", text.toString());
        }
        ObjectNode body = Json.object()
                .put("version", "4.0.0")
                .put("start", Json.time(started))
                .put("end", Json.time(Instant.now()));
        body.putObject("counters");
        ObjectNode node = body.putObject("gauges");
        gauges.forEach((name, value) -> node.putObject(name).put("value", value));
        marathonGauges().forEach((name, value) -> node.putObject(name).put("value", value));
        body.putObject("histograms");
        body.putObject("meters");
        body.putObject("timers");
        return Answer.ok(body);
    }

    private Map<String, Long> gauges() {
        List<AppSnapshot> apps = services.view().apps();
        Map<String, Long> gauges = new TreeMap<>();
        gauges.put("finback_services_apps", (long) apps.size());
        gauges.put("finback_services_deployments", (long)
                services.view().deployments().size());
        gauges.put("finback_services_instances_running", count(apps, Phase.RUNNING));
        gauges.put("finback_services_instances_staging", count(apps, Phase.STAGING));
        gauges.put("finback_services_instances_waiting", count(apps, Phase.SCHEDULED));
        gauges.put("finback_services_instances_unreachable", count(apps, Phase.UNREACHABLE));
        return gauges;
    }

    /** The same under the names of Marathon 1.7 and later, and of those before. */
    private Map<String, Long> marathonGauges() {
        List<AppSnapshot> apps = services.view().apps();
        long running = count(apps, Phase.RUNNING);
        long staged = count(apps, Phase.STAGING);
        long groups = services.view().groups().groups().size();
        Map<String, Long> gauges = new TreeMap<>();
        gauges.put("marathon.apps.active.gauge", (long) apps.size());
        gauges.put("marathon.deployments.active.gauge", (long)
                services.view().deployments().size());
        gauges.put("marathon.groups.active.gauge", groups);
        gauges.put("marathon.instances.running.gauge", running);
        gauges.put("marathon.instances.staged.gauge", staged);
        gauges.put(
                "marathon.uptime.gauge.seconds",
                java.time.Duration.between(started, Instant.now()).toSeconds());
        gauges.put("service.mesosphere.marathon.app.count", (long) apps.size());
        gauges.put("service.mesosphere.marathon.group.count", groups);
        gauges.put("service.mesosphere.marathon.task.running.count", running);
        gauges.put("service.mesosphere.marathon.task.staged.count", staged);
        return gauges;
    }

    private static long count(List<AppSnapshot> apps, Phase phase) {
        return apps.stream()
                .flatMap(a -> a.instances().stream())
                .filter(i -> i.phase() == phase)
                .count();
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
}
