package io.finback.controlplane.scheduler;

import io.finback.tasks.CheckInfo;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.HealthCheck;
import io.finback.tasks.Probe;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The check of an app that the agent takes: {@code COMMAND} and {@code MESOS_*}. Source: Marathon's MesosHealthCheck. */
final class AgentChecks {
    private static final Duration DELAY = Duration.ofSeconds(15);

    private AgentChecks() {}

    /** Empty also when the port it names does not exist at {@code place}. */
    static Optional<HealthCheck> of(AppDefinition app, Instance.Place place, Map<String, String> environment) {
        return app.checks().stream()
                .filter(c -> c.protocol().byAgent())
                .findFirst()
                .flatMap(check -> probe(check, place, environment)
                        .map(probe -> new HealthCheck(
                                probe,
                                check.delay().orElse(DELAY),
                                check.interval(),
                                check.timeout(),
                                check.maxFailures(),
                                check.grace())));
    }

    /** What the agent looks at and reports, and nothing follows from. */
    static Optional<CheckInfo> general(AppDefinition app, Instance.Place place, Map<String, String> environment) {
        return app.options().check().flatMap(check -> probe(check, place, environment)
                .map(probe -> new CheckInfo(probe, check.delay(), check.interval(), check.timeout())));
    }

    private static Optional<Probe> probe(
            AppOptions.TaskCheck check, Instance.Place place, Map<String, String> environment) {
        if (check.isCommand()) {
            return Optional.of(Probe.of(check.shell()
                    .map(line -> CommandInfo.shell(line, environment))
                    .orElseGet(() -> new CommandInfo(false, "", check.argv(), environment, Optional.empty()))));
        }
        return check.portAt(place).map(port -> check.scheme()
                .map(scheme -> Probe.of(new Probe.Http(scheme, port, slashed(check.path()), false, List.of())))
                .orElseGet(() -> Probe.of(new Probe.Tcp(port, false))));
    }

    private static String slashed(Optional<String> given) {
        String path = given.orElse("/");
        return path.startsWith("/") ? path : "/" + path;
    }

    private static Optional<Probe> probe(AppHealth.Check check, Instance.Place place, Map<String, String> environment) {
        if (check.command().isPresent()) {
            return Optional.of(Probe.of(CommandInfo.shell(check.command().get(), environment)));
        }
        boolean ipv6 = check.ipProtocol().filter("IPv6"::equals).isPresent();
        return check.portAt(place).map(port -> switch (check.protocol()) {
            case MESOS_TCP -> Probe.of(new Probe.Tcp(port, ipv6));
            case MESOS_HTTPS -> Probe.of(http("https", port, check, ipv6));
            default -> Probe.of(http("http", port, check, ipv6));
        });
    }

    private static Probe.Http http(String scheme, int port, AppHealth.Check check, boolean ipv6) {
        return new Probe.Http(scheme, port, slashed(check.path()), ipv6, List.of());
    }
}
