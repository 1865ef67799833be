package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.scheduler.AppHealth;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Reads {@code healthChecks} and {@code readinessChecks} with Marathon's defaults. */
final class HealthReader {
    static final Duration GRACE = Duration.ofMinutes(5);
    static final Duration INTERVAL = Duration.ofMinutes(1);
    static final Duration TIMEOUT = Duration.ofSeconds(20);
    static final int FAILURES = 3;
    /** Of what agents look at. */
    static final Duration DELAY = Duration.ofSeconds(15);

    private static final Duration READY_INTERVAL = Duration.ofSeconds(30);
    private static final Duration READY_TIMEOUT = Duration.ofSeconds(10);

    private HealthReader() {}

    static Optional<AppHealth> read(Fields fields, Problems problems) {
        List<AppHealth.Check> checks = fields.list(
                        "healthChecks", (element, path) -> check(fields.element(element, path), path, problems))
                .orElse(List.of());
        List<AppHealth.Readiness> readiness = fields.list(
                        "readinessChecks", (element, path) -> readiness(fields.element(element, path), path, problems))
                .orElse(List.of());
        if (readiness.size() > 1) {
            problems.rule("/readinessChecks", "got " + readiness.size() + ", expected one at most");
        }
        return Optional.of(new AppHealth(checks, readiness.stream().findFirst()));
    }

    private static Optional<AppHealth.Check> check(Fields check, String path, Problems problems) {
        String name = check.text("protocol").orElse("HTTP");
        Optional<AppHealth.Protocol> protocol = Optional.empty();
        for (AppHealth.Protocol one : AppHealth.Protocol.values()) {
            if (one.name().equals(name)) {
                protocol = Optional.of(one);
            }
        }
        if (protocol.isEmpty()) {
            problems.rule(
                    path + "/protocol",
                    "'" + name + "' (expected: one of " + List.of(AppHealth.Protocol.values()) + ")");
            return Optional.empty();
        }
        boolean agent = protocol.get().byAgent();
        return Optional.of(new AppHealth.Check(
                protocol.get(),
                check.text("path"),
                check.integer("portIndex"),
                check.integer("port"),
                command(check, path, problems),
                check.seconds("gracePeriodSeconds").orElse(GRACE),
                check.seconds("intervalSeconds").orElse(INTERVAL),
                check.seconds("timeoutSeconds").orElse(TIMEOUT),
                check.integer("maxConsecutiveFailures").orElse(FAILURES),
                agent ? check.seconds("delaySeconds") : Optional.empty(),
                check.bool("ignoreHttp1xx").orElse(false),
                agent ? ipProtocol(check, path, problems) : Optional.empty()));
    }

    private static Optional<String> command(Fields check, String path, Problems problems) {
        Optional<JsonNode> given = check.any("command");
        if (given.filter(JsonNode::isTextual).isPresent()) {
            return given.map(JsonNode::textValue);
        }
        Optional<String> value = check.object("command").flatMap(c -> c.text("value"));
        if (given.isPresent() && value.isEmpty()) {
            problems.type(path + "/command/value", "error.path.missing");
        }
        return value;
    }

    private static Optional<String> ipProtocol(Fields check, String path, Problems problems) {
        Optional<String> given = check.text("ipProtocol");
        given.filter(ip -> !ip.equals("IPv4") && !ip.equals("IPv6"))
                .ifPresent(ip -> problems.rule(path + "/ipProtocol", "'" + ip + "' (expected: IPv4 or IPv6)"));
        return given;
    }

    private static Optional<AppHealth.Readiness> readiness(Fields check, String path, Problems problems) {
        String protocol = check.text("protocol").orElse("HTTP");
        if (!protocol.equals("HTTP") && !protocol.equals("HTTPS")) {
            problems.rule(path + "/protocol", "'" + protocol + "' (expected: HTTP or HTTPS)");
        }
        return Optional.of(new AppHealth.Readiness(
                check.text("name").orElse("readinessCheck"),
                protocol.equals("HTTPS"),
                check.text("path").orElse("/"),
                check.text("portName").orElse("http-api"),
                check.seconds("intervalSeconds").orElse(READY_INTERVAL),
                check.seconds("timeoutSeconds").orElse(READY_TIMEOUT),
                check.integers("httpStatusCodesForReady").orElse(List.of(200)),
                check.bool("preserveLastResponse").orElse(false)));
    }
}
