package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.HealthReport;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppHealth;
import io.finback.controlplane.scheduler.Instance;
import java.util.Optional;

/** Writes checks and what they have seen. */
final class HealthWriter {
    private HealthWriter() {}

    static void definition(ObjectNode node, AppDefinition app) {
        ArrayNode checks = node.putArray("healthChecks");
        app.checks().forEach(c -> checks.add(check(c)));
        ArrayNode readiness = node.putArray("readinessChecks");
        app.readiness().ifPresent(r -> readiness.add(readiness(r)));
    }

    static ObjectNode check(AppHealth.Check check) {
        ObjectNode node = Json.object().put("protocol", check.protocol().name());
        check.path().ifPresent(path -> node.put("path", path));
        check.portIndex().ifPresent(index -> node.put("portIndex", index));
        check.port().ifPresent(port -> node.put("port", port));
        check.command().ifPresent(command -> node.putObject("command").put("value", command));
        node.set("gracePeriodSeconds", Json.seconds(check.grace()));
        node.set("intervalSeconds", Json.seconds(check.interval()));
        node.set("timeoutSeconds", Json.seconds(check.timeout()));
        node.put("maxConsecutiveFailures", check.maxFailures());
        check.delay().ifPresent(d -> node.set("delaySeconds", Json.seconds(d)));
        check.ipProtocol().ifPresent(ip -> node.put("ipProtocol", ip));
        AppHealth.Protocol protocol = check.protocol();
        if (protocol == AppHealth.Protocol.HTTP || protocol == AppHealth.Protocol.HTTPS) {
            node.put("ignoreHttp1xx", check.ignoreHttp1xx());
        }
        return node;
    }

    private static ObjectNode readiness(AppHealth.Readiness check) {
        ObjectNode node = Json.object()
                .put("name", check.name())
                .put("protocol", check.https() ? "HTTPS" : "HTTP")
                .put("path", check.path())
                .put("portName", check.portName());
        node.set("intervalSeconds", Json.seconds(check.interval()));
        node.set("timeoutSeconds", Json.seconds(check.timeout()));
        ArrayNode codes = node.putArray("httpStatusCodesForReady");
        check.readyCodes().forEach(codes::add);
        return node.put("preserveLastResponse", check.preserve());
    }

    /** {@code healthCheckResults} of a task. */
    static void results(ObjectNode task, AppSnapshot app, Instance instance) {
        ArrayNode results = task.putArray("healthCheckResults");
        app.seen(instance.taskId()).ifPresent(seen -> seen.checks().forEach(r -> {
            ObjectNode node = results.addObject().put("alive", r.alive());
            node.put("consecutiveFailures", r.consecutiveFailures());
            r.firstSuccess().ifPresent(at -> node.put("firstSuccess", Json.time(at)));
            r.lastSuccess().ifPresent(at -> node.put("lastSuccess", Json.time(at)));
            r.lastFailure().ifPresent(at -> node.put("lastFailure", Json.time(at)));
            r.lastFailureCause().ifPresent(why -> node.put("lastFailureCause", why));
            node.put("instanceId", instance.taskId()).put("taskId", instance.taskId());
        }));
    }

    /** {@code checkResult} of a task of an app with a general check. */
    static void general(ObjectNode task, AppSnapshot app, Instance instance) {
        app.seen(instance.taskId())
                .flatMap(HealthReport.Seen::general)
                .ifPresent(status -> OptionsWriter.result(task.putObject("checkResult"), status));
    }

    /** {@code readinessCheckResults}, while a deployment waits for them. */
    static ArrayNode readiness(AppSnapshot app) {
        ArrayNode list = Json.object().arrayNode();
        if (app.lock().isEmpty()) {
            return list;
        }
        for (Instance instance : app.instances()) {
            Optional<HealthReport.Ready> ready = app.seen(instance.taskId()).flatMap(HealthReport.Seen::ready);
            ready.ifPresent(r -> {
                ObjectNode node = list.addObject()
                        .put("name", r.name())
                        .put("taskId", instance.taskId())
                        .put("ready", r.ready());
                r.answer().ifPresent(a -> node.putObject("lastResponse")
                        .put("status", a.status())
                        .put("contentType", a.contentType())
                        .put("body", a.body()));
            });
        }
        return list;
    }
}
