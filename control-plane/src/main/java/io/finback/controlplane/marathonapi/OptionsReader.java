package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.scheduler.AppOptions;
import io.finback.controlplane.scheduler.AppOptions.LostBehavior;
import io.finback.controlplane.scheduler.AppOptions.Residency;
import io.finback.controlplane.scheduler.AppOptions.Secrets;
import io.finback.controlplane.scheduler.AppOptions.TaskCheck;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads what few apps ask for: role, limits, a general check, secrets, residency. */
final class OptionsReader {
    private static final Duration INTERVAL = Duration.ofMinutes(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final Duration DELAY = Duration.ofSeconds(15);
    private static final String UNLIMITED = "unlimited";

    private final Fields fields;
    private final Problems problems;

    OptionsReader(Fields fields, Problems problems) {
        this.fields = fields;
        this.problems = problems;
    }

    AppOptions read(VolumeReader.Found volumes) {
        return new AppOptions(
                fields.text("role"),
                limits(),
                fields.object("check").flatMap(this::check),
                new Secrets(declared(), secretEnv(fields, "env", problems), volumes.secrets()),
                residency(volumes),
                volumes.local());
    }

    private Map<String, Double> limits() {
        Map<String, Double> limits = new TreeMap<>();
        fields.object("resourceLimits").ifPresent(given -> {
            for (String name : List.of("cpus", "mem")) {
                Optional<JsonNode> value = given.any(name);
                if (value.filter(JsonNode::isTextual).isPresent()) {
                    if (value.get().textValue().equals(UNLIMITED)) {
                        limits.put(name, Double.POSITIVE_INFINITY);
                    } else {
                        problems.rule(
                                given.path(name),
                                "'" + value.get().textValue() + "' (expected: a number or '" + UNLIMITED + "')");
                    }
                } else {
                    given.number(name).ifPresent(limit -> limits.put(name, limit));
                }
            }
        });
        return limits;
    }

    private Optional<TaskCheck> check(Fields check) {
        Optional<Fields> http = check.object("http");
        Optional<Fields> tcp = check.object("tcp");
        Optional<Fields> exec = check.object("exec");
        int kinds = (http.isPresent() ? 1 : 0) + (tcp.isPresent() ? 1 : 0) + (exec.isPresent() ? 1 : 0);
        if (kinds != 1) {
            problems.rule("/check", kinds + " kinds (expected: one of http, tcp and exec)");
            return Optional.empty();
        }
        Optional<Fields> command = exec.flatMap(e -> e.object("command"));
        Optional<String> shell = command.flatMap(c -> c.text("shell"));
        List<String> argv = command.flatMap(c -> c.texts("argv")).orElse(List.of());
        if (exec.isPresent() && shell.isPresent() == !argv.isEmpty()) {
            problems.rule("/check/exec/command", "expected: one of shell and argv");
        }
        Optional<Fields> at = http.or(() -> tcp);
        Optional<String> scheme = http.map(h -> h.text("scheme").orElse("http").toLowerCase(java.util.Locale.ROOT));
        scheme.filter(s -> !s.equals("http") && !s.equals("https"))
                .ifPresent(s -> problems.rule("/check/http/scheme", "'" + s + "' (expected: http or https)"));
        return Optional.of(new TaskCheck(
                scheme,
                http.flatMap(h -> h.text("path")),
                at.flatMap(f -> f.integer("portIndex")),
                at.flatMap(f -> f.integer("port")),
                shell,
                argv,
                check.seconds("intervalSeconds").orElse(INTERVAL),
                check.seconds("timeoutSeconds").orElse(TIMEOUT),
                check.seconds("delaySeconds").orElse(DELAY)));
    }

    Map<String, String> declared() {
        Map<String, String> declared = new TreeMap<>();
        fields.any("secrets").filter(JsonNode::isObject).ifPresent(secrets -> secrets.properties()
                .forEach(entry -> {
                    String path = "/secrets/" + entry.getKey();
                    Fields secret = fields.element(entry.getValue(), path);
                    Optional<String> source = secret.text("source");
                    if (source.isEmpty() && !secret.has("source")) {
                        problems.type(path + "/source", "error.path.missing");
                    }
                    source.ifPresent(s -> declared.put(entry.getKey(), s));
                }));
        return declared;
    }

    /** Variables whose value is {@code {"secret": name}}. */
    static Map<String, String> secretEnv(Fields fields, String key, Problems problems) {
        Map<String, String> env = new TreeMap<>();
        fields.any(key).filter(JsonNode::isObject).ifPresent(all -> all.properties()
                .forEach(entry -> {
                    if (entry.getValue().isObject()) {
                        String path = fields.path(key) + "/" + entry.getKey();
                        Fields variable = fields.element(entry.getValue(), path);
                        Optional<String> name = variable.text("secret");
                        if (name.isEmpty() && !variable.has("secret")) {
                            problems.type(path + "/secret", "error.path.missing");
                        }
                        name.ifPresent(n -> env.put(entry.getKey(), n));
                    }
                }));
        return env;
    }

    /** The variables with values, not secret ones. */
    static Map<String, String> plainEnv(Fields fields, String key) {
        Map<String, String> env = new TreeMap<>();
        fields.object(key)
                .ifPresent(given -> fields.any(key).orElseThrow().properties().forEach(entry -> {
                    if (!entry.getValue().isObject()) {
                        fields.text(entry.getValue(), fields.path(key) + "/" + entry.getKey())
                                .ifPresent(value -> env.put(entry.getKey(), value));
                    }
                }));
        return env;
    }

    private Optional<Residency> residency(VolumeReader.Found volumes) {
        Optional<Residency> given = fields.object("residency").map(residency -> {
            String lost = residency.text("taskLostBehavior").orElse(LostBehavior.WAIT_FOREVER.name());
            Optional<LostBehavior> behavior = List.of(LostBehavior.values()).stream()
                    .filter(b -> b.name().equals(lost))
                    .findFirst();
            if (behavior.isEmpty()) {
                problems.rule(
                        "/residency/taskLostBehavior",
                        "'" + lost + "' (expected: WAIT_FOREVER or RELAUNCH_AFTER_TIMEOUT)");
            }
            return new Residency(
                    residency.seconds("relaunchEscalationTimeoutSeconds").orElse(Residency.STANDARD.escalation()),
                    behavior.orElse(LostBehavior.WAIT_FOREVER));
        });
        if (given.isPresent() && volumes.local().isEmpty()) {
            problems.rule("/residency", "needs persistent volumes (expected: absent, or a persistent volume)");
        }
        return volumes.local().isEmpty() ? Optional.empty() : given.or(() -> Optional.of(Residency.STANDARD));
    }
}
