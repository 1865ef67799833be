package io.finback.mesos.translate;

import static io.finback.mesos.translate.Labelled.wrong;

import io.finback.tasks.CheckInfo;
import io.finback.tasks.CheckStatus;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.HealthCheck;
import io.finback.tasks.Probe;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.mesos.v1.Protos;

/**
 * {@code HealthCheck}, {@code CheckInfo} and {@code CheckStatusInfo}, refused where Mesos refuses them. Source: apache/mesos
 * {@code src/checks/health_checker.cpp}, {@code src/checks/checker.cpp} ({@code validation}).
 */
public final class CheckMessages {
    /** Longer than any check waits, shorter than what overflows a clock. */
    private static final double MOST_SECONDS = 365.0 * 24 * 60 * 60;

    private CheckMessages() {}

    /** A health check of Mesos; one that allows no failure ends the task at the first, as one that allows one. */
    public static HealthCheck from(Protos.HealthCheck message) {
        String field = "task.health_check";
        return new HealthCheck(
                probe(field, message),
                seconds(field + ".delay_seconds", message.getDelaySeconds()),
                seconds(field + ".interval_seconds", message.getIntervalSeconds()),
                seconds(field + ".timeout_seconds", message.getTimeoutSeconds()),
                Math.max(
                        1, message.getConsecutiveFailures() < 0 ? Integer.MAX_VALUE : message.getConsecutiveFailures()),
                seconds(field + ".grace_period_seconds", message.getGracePeriodSeconds()));
    }

    public static CheckInfo from(Protos.CheckInfo message) {
        String field = "task.check";
        return new CheckInfo(
                probe(field, message),
                seconds(field + ".delay_seconds", message.getDelaySeconds()),
                seconds(field + ".interval_seconds", message.getIntervalSeconds()),
                seconds(field + ".timeout_seconds", message.getTimeoutSeconds()));
    }

    public static CheckStatus from(Protos.CheckStatusInfo message) {
        return new CheckStatus(
                switch (message.getType()) {
                    case COMMAND -> CheckStatus.Type.COMMAND;
                    case HTTP -> CheckStatus.Type.HTTP;
                    case TCP -> CheckStatus.Type.TCP;
                    case UNKNOWN -> throw wrong("check_status.type", message.getType(), "COMMAND, HTTP or TCP");
                },
                message.getCommand().hasExitCode()
                        ? Optional.of(message.getCommand().getExitCode())
                        : Optional.empty(),
                message.getHttp().hasStatusCode()
                        ? Optional.of(message.getHttp().getStatusCode())
                        : Optional.empty(),
                message.getTcp().hasSucceeded() ? Optional.of(message.getTcp().getSucceeded()) : Optional.empty());
    }

    public static Protos.HealthCheck to(HealthCheck check) {
        Protos.HealthCheck.Builder message = Protos.HealthCheck.newBuilder()
                .setDelaySeconds(seconds(check.delay()))
                .setIntervalSeconds(seconds(check.interval()))
                .setTimeoutSeconds(seconds(check.timeout()))
                .setConsecutiveFailures(check.consecutiveFailures())
                .setGracePeriodSeconds(seconds(check.gracePeriod()));
        check.probe().command().ifPresent(command -> message.setType(Protos.HealthCheck.Type.COMMAND)
                .setCommand(command(command)));
        check.probe().http().ifPresent(http -> message.setType(Protos.HealthCheck.Type.HTTP)
                .setHttp(Protos.HealthCheck.HTTPCheckInfo.newBuilder()
                        .setProtocol(protocol(http.ipv6()))
                        .setScheme(http.scheme())
                        .setPort(http.port())
                        .setPath(http.path())
                        .addAllStatuses(http.statuses())));
        check.probe().tcp().ifPresent(tcp -> message.setType(Protos.HealthCheck.Type.TCP)
                .setTcp(Protos.HealthCheck.TCPCheckInfo.newBuilder()
                        .setProtocol(protocol(tcp.ipv6()))
                        .setPort(tcp.port())));
        return message.build();
    }

    public static Protos.CheckInfo to(CheckInfo check) {
        Protos.CheckInfo.Builder message = Protos.CheckInfo.newBuilder()
                .setDelaySeconds(seconds(check.delay()))
                .setIntervalSeconds(seconds(check.interval()))
                .setTimeoutSeconds(seconds(check.timeout()));
        check.probe().command().ifPresent(command -> message.setType(Protos.CheckInfo.Type.COMMAND)
                .setCommand(Protos.CheckInfo.Command.newBuilder().setCommand(command(command))));
        check.probe().http().ifPresent(http -> message.setType(Protos.CheckInfo.Type.HTTP)
                .setHttp(Protos.CheckInfo.Http.newBuilder().setPort(http.port()).setPath(http.path())));
        check.probe().tcp().ifPresent(tcp -> message.setType(Protos.CheckInfo.Type.TCP)
                .setTcp(Protos.CheckInfo.Tcp.newBuilder().setPort(tcp.port())));
        return message.build();
    }

    /** The kind is there even when nothing was seen, as in Mesos. */
    public static Protos.CheckStatusInfo to(CheckStatus status) {
        Protos.CheckStatusInfo.Builder message = Protos.CheckStatusInfo.newBuilder();
        switch (status.type()) {
            case COMMAND -> {
                Protos.CheckStatusInfo.Command.Builder command = Protos.CheckStatusInfo.Command.newBuilder();
                status.exitCode().ifPresent(command::setExitCode);
                message.setType(Protos.CheckInfo.Type.COMMAND).setCommand(command);
            }
            case HTTP -> {
                Protos.CheckStatusInfo.Http.Builder http = Protos.CheckStatusInfo.Http.newBuilder();
                status.statusCode().ifPresent(http::setStatusCode);
                message.setType(Protos.CheckInfo.Type.HTTP).setHttp(http);
            }
            case TCP -> {
                Protos.CheckStatusInfo.Tcp.Builder tcp = Protos.CheckStatusInfo.Tcp.newBuilder();
                status.succeeded().ifPresent(tcp::setSucceeded);
                message.setType(Protos.CheckInfo.Type.TCP).setTcp(tcp);
            }
        }
        return message.build();
    }

    private static Probe probe(String field, Protos.HealthCheck message) {
        return switch (message.getType()) {
            case COMMAND -> Probe.of(command(field + ".command", message.hasCommand(), message.getCommand()));
            case HTTP -> {
                if (!message.hasHttp()) {
                    throw wrong(field + ".http", "missing", "it, as the type is HTTP");
                }
                Protos.HealthCheck.HTTPCheckInfo http = message.getHttp();
                String scheme = http.hasScheme() ? http.getScheme() : "http";
                if (!scheme.equals("http") && !scheme.equals("https")) {
                    throw wrong(field + ".http.scheme", "'" + scheme + "'", "http or https");
                }
                yield Probe.of(new Probe.Http(
                        scheme,
                        port(field + ".http.port", http.getPort()),
                        path(field + ".http.path", http.getPath()),
                        http.getProtocol() == Protos.NetworkInfo.Protocol.IPv6,
                        http.getStatusesList()));
            }
            case TCP -> {
                if (!message.hasTcp()) {
                    throw wrong(field + ".tcp", "missing", "it, as the type is TCP");
                }
                yield Probe.of(new Probe.Tcp(
                        port(field + ".tcp.port", message.getTcp().getPort()),
                        message.getTcp().getProtocol() == Protos.NetworkInfo.Protocol.IPv6));
            }
            case UNKNOWN ->
                throw wrong(field + ".type", message.hasType() ? message.getType() : "missing", "COMMAND, HTTP or TCP");
        };
    }

    private static Probe probe(String field, Protos.CheckInfo message) {
        return switch (message.getType()) {
            case COMMAND ->
                Probe.of(command(
                        field + ".command",
                        message.hasCommand() && message.getCommand().hasCommand(),
                        message.getCommand().getCommand()));
            case HTTP -> {
                if (!message.hasHttp()) {
                    throw wrong(field + ".http", "missing", "it, as the type is HTTP");
                }
                yield Probe.of(new Probe.Http(
                        "http",
                        port(field + ".http.port", message.getHttp().getPort()),
                        path(field + ".http.path", message.getHttp().getPath()),
                        false,
                        List.of()));
            }
            case TCP -> {
                if (!message.hasTcp()) {
                    throw wrong(field + ".tcp", "missing", "it, as the type is TCP");
                }
                yield Probe.of(
                        new Probe.Tcp(port(field + ".tcp.port", message.getTcp().getPort()), false));
            }
            case UNKNOWN ->
                throw wrong(field + ".type", message.hasType() ? message.getType() : "missing", "COMMAND, HTTP or TCP");
        };
    }

    private static CommandInfo command(String field, boolean there, Protos.CommandInfo message) {
        if (!there) {
            throw wrong(field, "missing", "it, as the type is COMMAND");
        }
        CommandInfo command = TaskMessages.command(field, message);
        if (!command.secrets().isEmpty()) {
            throw wrong(field + ".environment", "a SECRET", "a VALUE: checks get no secrets");
        }
        return command;
    }

    private static Protos.CommandInfo command(CommandInfo command) {
        Protos.CommandInfo.Builder message =
                Protos.CommandInfo.newBuilder().setShell(command.shell()).addAllArguments(command.arguments());
        if (command.shell()) {
            message.setValue(command.value());
        } else if (!command.arguments().isEmpty()) {
            message.setValue(command.arguments().get(0));
        }
        Map<String, String> variables = new TreeMap<>(command.environment());
        if (!variables.isEmpty()) {
            Protos.Environment.Builder environment = Protos.Environment.newBuilder();
            variables.forEach((name, value) -> environment.addVariables(
                    Protos.Environment.Variable.newBuilder().setName(name).setValue(value)));
            message.setEnvironment(environment);
        }
        return message.build();
    }

    private static int port(String field, int port) {
        if (port < 1 || port > 65_535) {
            throw wrong(field, Integer.toUnsignedString(port), "a number from 1 to 65535");
        }
        return port;
    }

    private static String path(String field, String path) {
        if (!path.isEmpty() && !path.startsWith("/")) {
            throw wrong(field, "'" + path + "'", "a text that begins with a slash");
        }
        if (path.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw wrong(field, "'" + path + "'", "printable ASCII without blanks; percent-encode the rest");
        }
        return path;
    }

    private static Duration seconds(String field, double seconds) {
        if (!(seconds >= 0 && seconds <= MOST_SECONDS)) {
            throw wrong(field, seconds, "0 to " + (long) MOST_SECONDS);
        }
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static Protos.NetworkInfo.Protocol protocol(boolean ipv6) {
        return ipv6 ? Protos.NetworkInfo.Protocol.IPv6 : Protos.NetworkInfo.Protocol.IPv4;
    }
}
