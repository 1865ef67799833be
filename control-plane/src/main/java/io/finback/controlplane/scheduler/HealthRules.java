package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppRules.Violation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What makes the checks of a definition valid. Source: Marathon's AppValidation. */
final class HealthRules {
    private static final int MAX_CHECKS = 16;

    private HealthRules() {}

    static void check(List<Violation> found, AppDefinition app) {
        List<AppHealth.Check> checks = app.checks();
        if (checks.size() > MAX_CHECKS) {
            found.add(
                    new Violation("/healthChecks", "got " + checks.size() + ", expected " + MAX_CHECKS + " or fewer"));
        }
        if (checks.stream().filter(c -> c.protocol().byAgent()).count() > 1) {
            found.add(new Violation("/healthChecks", "AppDefinition can contain at most one Mesos health check"));
        }
        for (int i = 0; i < checks.size(); i++) {
            check(found, app, checks.get(i), "/healthChecks(" + i + ")");
        }
        app.readiness().ifPresent(r -> readiness(found, app, r));
    }

    private static void check(List<Violation> found, AppDefinition app, AppHealth.Check check, String path) {
        boolean command = check.protocol() == AppHealth.Protocol.COMMAND;
        if (command != check.command().isPresent()) {
            found.add(new Violation(
                    path + "/command", command ? "COMMAND health checks must have a command" : "only for COMMAND"));
        }
        if (check.path().isPresent() && (command || check.protocol().tcp())) {
            found.add(new Violation(path + "/path", "only for HTTP health checks"));
        }
        if (check.path().filter(p -> bad(p)).isPresent()) {
            found.add(new Violation(path + "/path", "expected: a path of printable characters without spaces"));
        }
        if (check.port().isPresent() && check.portIndex().isPresent()) {
            found.add(new Violation(path, "HealthCheck must specify either a port or a portIndex"));
        }
        check.port()
                .filter(p -> p < 1 || p > 65535)
                .ifPresent(p -> found.add(new Violation(path + "/port", "got " + p + ", expected 1 to 65535")));
        int index = check.portIndex().orElse(0);
        if (!command
                && check.port().isEmpty()
                && (index < 0 || index >= app.ports().size())) {
            found.add(
                    new Violation(
                            path,
                            "Health check port indices must address an element of the ports array or container port mappings."));
        }
        notNegative(found, path + "/gracePeriodSeconds", check.grace());
        positive(found, path + "/intervalSeconds", check.interval());
        positive(found, path + "/timeoutSeconds", check.timeout());
        check.delay().ifPresent(d -> notNegative(found, path + "/delaySeconds", d));
        if (check.maxFailures() < 0) {
            found.add(new Violation(
                    path + "/maxConsecutiveFailures", "got " + check.maxFailures() + ", expected 0 or more"));
        }
    }

    private static void readiness(List<Violation> found, AppDefinition app, AppHealth.Readiness check) {
        String path = "/readinessChecks(0)";
        boolean known = app.ports().stream().anyMatch(p -> p.name().equals(Optional.of(check.portName())));
        if (!known) {
            found.add(
                    new Violation(path + "/portName", "No port definition reference for portName " + check.portName()));
        }
        if (check.path().isEmpty() || bad(check.path())) {
            found.add(new Violation(path + "/path", "expected: a path of printable characters without spaces"));
        }
        positive(found, path + "/intervalSeconds", check.interval());
        positive(found, path + "/timeoutSeconds", check.timeout());
        if (check.timeout().compareTo(check.interval()) >= 0) {
            found.add(new Violation(path + "/timeoutSeconds", "Timeout must be less than interval"));
        }
        if (check.readyCodes().isEmpty() || check.readyCodes().stream().anyMatch(c -> c < 100 || c > 999)) {
            found.add(new Violation(path + "/httpStatusCodesForReady", "expected: status codes, at least one"));
        }
    }

    private static boolean bad(String path) {
        return path.chars().anyMatch(c -> c <= ' ' || c >= 127);
    }

    private static void positive(List<Violation> found, String path, Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(Duration.ofDays(365)) > 0) {
            found.add(new Violation(path, "got " + value.toSeconds() + ", expected 1 to 31536000"));
        }
    }

    private static void notNegative(List<Violation> found, String path, Duration value) {
        if (value.isNegative() || value.compareTo(Duration.ofDays(365)) > 0) {
            found.add(new Violation(path, "got " + value.toSeconds() + ", expected 0 to 31536000"));
        }
    }
}
