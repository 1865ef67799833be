package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.scheduler.AppOptions;
import io.finback.controlplane.scheduler.AppOptions.TaskCheck;
import io.finback.controlplane.scheduler.Home;
import io.finback.resources.Resources;
import io.finback.tasks.CheckStatus;

/** Writes what few apps ask for. Keys that older clients do not know are there only where an app has them. */
final class OptionsWriter {
    private OptionsWriter() {}

    static void write(ObjectNode node, AppOptions options) {
        secrets(node.putObject("secrets"), options);
        options.role().ifPresent(role -> node.put("role", role));
        if (!options.limits().isEmpty()) {
            ObjectNode limits = node.putObject("resourceLimits");
            options.limits().forEach((name, limit) -> {
                if (limit.isInfinite()) {
                    limits.put(name, "unlimited");
                } else {
                    limits.set(name, Json.number(limit));
                }
            });
        }
        options.check().ifPresent(check -> check(node.putObject("check"), check));
        options.residency().ifPresent(residency -> node.putObject("residency")
                .put("relaunchEscalationTimeoutSeconds", residency.escalation().toSeconds())
                .put("taskLostBehavior", residency.lost().name()));
    }

    static void secrets(ObjectNode secrets, AppOptions options) {
        options.secrets().declared().forEach((name, source) -> secrets.putObject(name)
                .put("source", source));
    }

    /** Variables that are secret, beside those that are not. */
    static void env(ObjectNode env, AppOptions options) {
        options.secrets().env().forEach((variable, name) -> env.putObject(variable)
                .put("secret", name));
    }

    static void check(ObjectNode node, TaskCheck check) {
        if (check.isCommand()) {
            ObjectNode command = node.putObject("exec").putObject("command");
            check.shell().ifPresent(line -> command.put("shell", line));
            if (!check.argv().isEmpty()) {
                check.argv().forEach(command.putArray("argv")::add);
            }
        } else {
            ObjectNode at = node.putObject(check.scheme().isPresent() ? "http" : "tcp");
            check.scheme().ifPresent(scheme -> at.put("scheme", scheme));
            check.path().ifPresent(path -> at.put("path", path));
            check.portIndex().ifPresent(index -> at.put("portIndex", index));
            check.port().ifPresent(port -> at.put("port", port));
        }
        node.set("intervalSeconds", Json.seconds(check.interval()));
        node.set("timeoutSeconds", Json.seconds(check.timeout()));
        node.set("delaySeconds", Json.seconds(check.delay()));
    }

    /** {@code checkResult} of a task. */
    static void result(ObjectNode node, CheckStatus status) {
        switch (status.type()) {
            case HTTP -> {
                ObjectNode http = node.putObject("http");
                status.statusCode().ifPresent(code -> http.put("statusCode", code));
            }
            case TCP -> {
                ObjectNode tcp = node.putObject("tcp");
                status.succeeded().ifPresent(succeeded -> tcp.put("succeeded", succeeded));
            }
            case COMMAND -> {
                ObjectNode command = node.putObject("command");
                status.exitCode().ifPresent(code -> command.put("exitCode", code));
            }
        }
    }

    /** {@code container.volumes}, after those of the machine. */
    static void containerVolumes(ArrayNode volumes, AppOptions options) {
        options.volumes().forEach(volume -> {
            ObjectNode node = volumes.addObject().put("containerPath", volume.containerPath());
            node.put("mode", "RW");
            node.putObject("persistent").put("type", "root").set("size", Json.number(volume.mib()));
        });
        options.secrets().files().forEach(file -> volumes.addObject()
                .put("containerPath", file.containerPath())
                .put("secret", file.secret()));
    }

    static void volumes(ArrayNode volumes, Resources home) {
        Home.volumesOf(home).forEach(volume -> volumes.addObject()
                .put("containerPath", volume.getKey())
                .put("persistenceId", volume.getValue()));
    }
}
