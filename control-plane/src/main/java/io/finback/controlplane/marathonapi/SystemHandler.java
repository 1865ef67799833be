package io.finback.controlplane.marathonapi;

import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.Instance.Phase;
import io.finback.controlplane.scheduler.PortBook;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a client asks about the server itself. Every master leads. */
final class SystemHandler {
    private static final List<String> NOTHING_HERE = List.of(
            "access_control_allow_origin",
            "default_network_name",
            "env_vars_prefix",
            "launch_token",
            "launch_token_refresh_interval",
            "leader_proxy_connection_timeout_ms",
            "leader_proxy_read_timeout_ms",
            "master",
            "max_instances_per_offer",
            "mesos_bridge_name",
            "mesos_heartbeat_failure_threshold",
            "mesos_heartbeat_interval",
            "mesos_leader_ui_url",
            "mesos_user",
            "offer_matching_timeout",
            "on_elected_prepare_timeout",
            "reconciliation_initial_delay",
            "scale_apps_initial_delay",
            "scale_apps_interval",
            "store_cache",
            "task_launch_timeout",
            "task_lost_expunge_initial_delay",
            "task_lost_expunge_interval",
            "task_reservation_timeout");
    private static final ByteString APP_SCHEMA = resource("app-schema.json");

    private final Services services;
    private final String scheme;
    private final Instant started = Instant.now();

    SystemHandler(Services services, String scheme) {
        this.scheme = scheme;
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
        body.set("marathon_config", config(address, port));
        ObjectNode zookeeper = body.putObject("zookeeper_config");
        List.of("zk", "zk_timeout", "zk_connection_timeout", "zk_session_timeout")
                .forEach(zookeeper::putNull);
        zookeeper.put("zk_max_versions", AppState.MAX_VERSIONS);
        List.of("zk_compression", "zk_compression_threshold", "zk_max_node_size")
                .forEach(zookeeper::putNull);
        ObjectNode http = body.putObject("http_config").put("http_port", port);
        http.putNull("https_port");
        return Answer.ok(body);
    }

    /** Every key of Marathon's; null where there is nothing of the kind here. */
    private ObjectNode config(String address, int port) {
        ServicesSettings settings = services.settings();
        ObjectNode config = Json.object();
        NOTHING_HERE.forEach(config::putNull);
        config.put("framework_name", "marathon")
                .put("hostname", address.substring(0, Math.max(0, address.lastIndexOf(':'))))
                .put("webui_url", scheme + "://" + address.substring(0, Math.max(0, address.lastIndexOf(':'))) + ":" + port)
                .put("ha", true)
                .put("checkpoint", true)
                .put("local_port_min", PortBook.FIRST)
                .put("local_port_max", PortBook.LAST)
                .put("executor", "//cmd")
                .put("failover_timeout", 315360000)
                .put("mesos_role", settings.role())
                .put("new_group_enforce_role", "off")
                .put("maintenance_mode", true)
                .put("decline_offer_duration", settings.scheduler().refuse().toMillis())
                .put(
                        "min_revive_offers_interval",
                        settings.scheduler().reviveInterval().toMillis())
                .put("reconciliation_interval", settings.app().reconcileAll().toMillis())
                .put(
                        "task_launch_confirm_timeout",
                        settings.app().reconcileStaging().toMillis());
        config.putArray("features").add("gpu_resources").add("secrets");
        return config;
    }

    /**
     * Nobody leads, so nobody steps down and no process ends; but whoever asks wants a scheduler that starts afresh, and gets that: it lets go
     * of its offers and subscribes anew. No app, deployment or task is touched.
     */
    Answer abdicate(Request request) {
        for (String name : List.of("backup", "restore")) {
            if (request.first(name).isPresent()) {
                throw ApiFailure.rule(
                        "/" + name, "is not supported: copy the journal instead (finback.persistence.profile)");
            }
        }
        services.abdicate();
        return Answer.ok(Json.object().put("message", "Leadership abdicated"));
    }

    /** What an app may look like, as JSON schema; Marathon served one up to 1.7. */
    Answer appSchema() {
        return new Answer(200, "application/json", APP_SCHEMA, Map.of());
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
                "Finback services API, compatible with Marathon: /v2/apps /v2/pods /v2/tasks /v2/deployments /v2/queue /v2/groups"
                        + " /v2/info /v2/leader /ping /metrics\n");
    }

    Answer metrics(Request request) {
        Map<String, Long> gauges = gauges();
        if (request.path().contains("prometheus") || request.accept().contains("text/plain")) {
            marathonGauges().forEach((name, value) -> {
                if (name.startsWith("marathon.")) {
                    gauges.put(name.replace('.', '_'), value);
                }
            });
            return Answer.text("text/plain; version=0.0.4", ServicesMetrics.text(services, gauges, Instant.now()));
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

    private static ByteString resource(String name) {
        try (InputStream in = SystemHandler.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("resource " + name + " is missing");
            }
            return ByteString.fromArray(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
}
