package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppDefinition.BackoffRule;
import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import io.finback.controlplane.scheduler.AppDefinition.UpgradeStrategy;
import io.finback.controlplane.scheduler.AppOptions;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.PodRules;
import io.finback.controlplane.scheduler.PodSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads a pod. Null is absent, read-only and unknown keys are ignored; what would silently do nothing is refused with its path. */
final class PodReader {
    private static final PodSpec.Amounts EXECUTOR = new PodSpec.Amounts(0.1, 32, 10, 0);
    private static final String NOT_YET = "is not supported yet";

    private final Problems problems;

    private PodReader(Problems problems) {
        this.problems = problems;
    }

    /** {@code pathId}: the id of the request's path; another one in the body is a 400. */
    static AppDefinition read(JsonNode node, Optional<String> pathId) {
        Problems problems = new Problems();
        Fields fields = new Fields(node, "", problems);
        problems.check();
        return new PodReader(problems).read(fields, pathId);
    }

    private AppDefinition read(Fields fields, Optional<String> pathId) {
        Optional<String> given = fields.text("id").map(AppPath::absolute);
        if (pathId.isPresent() && given.isPresent() && !given.equals(pathId)) {
            problems.type("/id", "is '" + given.get() + "' but the path says '" + pathId.get() + "'");
        }
        if (pathId.isEmpty() && !fields.has("id")) {
            problems.type("/id", "error.path.missing");
        }
        if (!fields.has("containers")) {
            problems.type("/containers", "error.path.missing");
        }
        networks(fields);
        PodSpec spec = new PodSpec(
                fields.list("containers", (e, path) -> container(fields.element(e, path), path))
                        .orElse(List.of()),
                fields.list("volumes", (e, path) -> volume(fields.element(e, path)))
                        .orElse(List.of()),
                fields.object("executorResources")
                        .map(r -> amounts(r, EXECUTOR))
                        .orElse(EXECUTOR));
        PodSpec.Amounts total = spec.total();
        AppOptions options = options(fields, spec);
        PodScheduling scheduling = PodScheduling.read(fields, options.isResident(), problems);
        AppDefinition pod = new AppDefinition(
                pathId.or(() -> given).orElse("/"),
                Optional.empty(),
                List.of(),
                fields.text("user"),
                total.cpus(),
                total.mem(),
                total.disk(),
                total.gpus(),
                scheduling.instances(),
                environment(fields),
                labels(fields),
                List.of(),
                false,
                List.of(),
                scheduling.constraints(),
                scheduling.roles(),
                List.of(),
                scheduling.backoff(),
                scheduling.upgrade(),
                scheduling.unreachable(),
                scheduling.killSelection(),
                Optional.empty(),
                Optional.empty(),
                "",
                Optional.empty(),
                Optional.empty(),
                Optional.of(spec),
                options);
        if (!problems.wrongTypes()) {
            problems.rules(PodRules.check(pod));
        }
        problems.check();
        return pod;
    }

    /** Disks have the path of whoever mounts them: there is one such container. */
    private AppOptions options(Fields fields, PodSpec spec) {
        List<AppOptions.LocalVolume> disks = spec.volumes().stream()
                .flatMap(volume -> volume.mib().stream().flatMap(mib -> spec.containers().stream()
                        .flatMap(container -> container.mounts().stream())
                        .filter(mount -> mount.volume().equals(volume.name()))
                        .map(mount -> new AppOptions.LocalVolume(mount.path(), mib))))
                .toList();
        return new AppOptions(
                fields.text("role"),
                Map.of(),
                Optional.empty(),
                new AppOptions.Secrets(
                        new OptionsReader(fields, problems).declared(),
                        OptionsReader.secretEnv(fields, "environment", problems),
                        List.of()),
                disks.isEmpty() ? Optional.empty() : Optional.of(AppOptions.Residency.STANDARD),
                disks);
    }

    /** What is not of the containers: how many, where, and how they are replaced. */
    private record PodScheduling(
            int instances,
            List<Constraint> constraints,
            List<String> roles,
            BackoffRule backoff,
            UpgradeStrategy upgrade,
            AppDefinition.UnreachableStrategy unreachable,
            AppDefinition.KillSelection killSelection) {
        static PodScheduling read(Fields fields, boolean resident, Problems problems) {
            Optional<Fields> scaling = fields.object("scaling");
            scaling.flatMap(s -> s.text("kind"))
                    .filter(kind -> !kind.equalsIgnoreCase("fixed"))
                    .ifPresent(kind -> problems.rule("/scaling/kind", "'" + kind + "' (expected: fixed)"));
            int instances = scaling.flatMap(s ->
                            s.integer("instances").or(() -> s.object("fixed").flatMap(f -> f.integer("instances"))))
                    .orElse(1);
            // What has volumes is waited for.
            AppDefinition.UnreachableStrategy otherwise = resident
                    ? new AppDefinition.UnreachableStrategy(true, Duration.ZERO, Duration.ZERO)
                    : AppReader.UNREACHABLE;
            Optional<Fields> scheduling = fields.object("scheduling");
            Optional<Fields> placement = scheduling.flatMap(s -> s.object("placement"));
            Optional<Fields> backoff =
                    scheduling.flatMap(s -> s.object("backoff").or(() -> s.object("backoffStrategy")));
            Optional<Fields> upgrade =
                    scheduling.flatMap(s -> s.object("upgrade").or(() -> s.object("upgradeStrategy")));
            return new PodScheduling(
                    instances,
                    placement.flatMap(PodReader::constraints).orElse(List.of()),
                    placement.flatMap(p -> p.texts("acceptedResourceRoles")).orElse(List.of()),
                    new BackoffRule(
                            backoff.flatMap(b -> b.seconds("backoff")).orElse(AppReader.BACKOFF),
                            backoff.flatMap(b -> b.number("backoffFactor")).orElse(AppReader.BACKOFF_FACTOR),
                            backoff.flatMap(b -> b.seconds("maxLaunchDelay")).orElse(AppReader.MAX_LAUNCH_DELAY)),
                    new UpgradeStrategy(
                            upgrade.flatMap(u -> u.number("minimumHealthCapacity"))
                                    .orElse(resident ? 0.5 : 1.0),
                            upgrade.flatMap(u -> u.number("maximumOverCapacity"))
                                    .orElse(resident ? 0.0 : 1.0)),
                    scheduling
                            .map(s -> AppReader.unreachable(s, otherwise, problems))
                            .orElse(otherwise),
                    scheduling
                            .map(s -> AppReader.killSelection(s, problems))
                            .orElse(AppDefinition.KillSelection.YOUNGEST_FIRST));
        }
    }

    private static Optional<List<Constraint>> constraints(Fields placement) {
        return placement.list("constraints", (element, path) -> {
            Fields constraint = placement.element(element, path);
            return Optional.of(new Constraint(
                    constraint.text("fieldName").orElse(""),
                    constraint.text("operator").orElse("").toUpperCase(Locale.ROOT),
                    constraint.text("value")));
        });
    }

    private void networks(Fields fields) {
        var unused = fields.list("networks", (element, path) -> {
            String mode = fields.element(element, path).text("mode").orElse("container");
            if (!mode.equals("host")) {
                problems.rule(path + "/mode", "'" + mode + "' (expected: host; others are not supported yet)");
            }
            return Optional.of(mode);
        });
    }

    private Map<String, String> environment(Fields fields) {
        Map<String, String> all = new TreeMap<>();
        Optional<JsonNode> given = fields.any("environment");
        // A list of name and value up to 1.4.
        if (given.filter(JsonNode::isArray).isPresent()) {
            var unused = fields.list("environment", (e, path) -> {
                Fields one = fields.element(e, path);
                one.text("name")
                        .ifPresent(name -> all.put(name, one.text("value").orElse("")));
                return Optional.of(path);
            });
            return all;
        }
        return OptionsReader.plainEnv(fields, "environment");
    }

    private static Map<String, String> labels(Fields fields) {
        return fields.map("labels").orElse(Map.of());
    }

    private Optional<PodSpec.Volume> volume(Fields volume) {
        Optional<Double> disk = volume.object("persistent")
                .flatMap(p -> new VolumeReader(problems).persistent(p, ""))
                .map(AppOptions.LocalVolume::mib);
        return Optional.of(new PodSpec.Volume(
                volume.text("name").orElse(""),
                volume.text("host").or(() -> volume.text("hostPath")).filter(h -> !h.isEmpty()),
                volume.text("secret"),
                disk));
    }

    private Optional<PodSpec.Container> container(Fields container, String path) {
        for (String unread : List.of("resourceLimits", "linuxInfo", "tty")) {
            if (container.any(unread).filter(n -> !n.isEmpty() || n.asBoolean()).isPresent()) {
                problems.rule(path + "/" + unread, NOT_YET);
            }
        }
        if (!container.has("name")) {
            problems.type(path + "/name", "error.path.missing");
        }
        return Optional.of(new PodSpec.Container(
                container.text("name").orElse(""),
                container.object("exec").map(e -> command(e, path + "/exec")),
                container
                        .object("resources")
                        .map(r -> amounts(r, new PodSpec.Amounts(1, 128, 0, 0)))
                        .orElse(new PodSpec.Amounts(1, 128, 0, 0)),
                container
                        .list("endpoints", (e, at) -> endpoint(container.element(e, at), at))
                        .orElse(List.of()),
                container
                        .object("image")
                        .map(i -> new PodSpec.Image(
                                i.text("kind").orElse("DOCKER").toUpperCase(Locale.ROOT),
                                i.text("id").orElse(""),
                                i.bool("forcePull").orElse(false))),
                environment(container),
                container.text("user"),
                container.object("healthCheck").flatMap(c -> check(c, path + "/healthCheck")),
                container
                        .list("volumeMounts", (e, at) -> {
                            Fields mount = container.element(e, at);
                            return Optional.of(new PodSpec.Mount(
                                    mount.text("name").orElse(""),
                                    mount.text("mountPath").orElse(""),
                                    mount.bool("readOnly").orElse(false)));
                        })
                        .orElse(List.of()),
                AppReader.artifacts(container, "artifacts", problems).orElse(List.of()),
                labels(container),
                container.object("lifecycle").flatMap(l -> l.seconds("killGracePeriodSeconds")),
                OptionsReader.secretEnv(container, "environment", problems)));
    }

    /** {@code {"command":{"shell":…}}} or {@code {"command":{"argv":[…]}}}. */
    private PodSpec.Command command(Fields around, String path) {
        Optional<Fields> command = around.object("command");
        Optional<String> shell = command.flatMap(c -> c.text("shell"));
        Optional<List<String>> argv = command.flatMap(c -> c.texts("argv"));
        if (shell.isPresent() == argv.isPresent()) {
            problems.rule(path + "/command", "must have exactly one of shell and argv");
        }
        return shell.map(line -> new PodSpec.Command(true, List.of(line)))
                .orElseGet(() -> new PodSpec.Command(false, argv.orElse(List.of())));
    }

    private static PodSpec.Amounts amounts(Fields fields, PodSpec.Amounts otherwise) {
        return new PodSpec.Amounts(
                fields.number("cpus").orElse(otherwise.cpus()),
                fields.number("mem").orElse(otherwise.mem()),
                fields.number("disk").orElse(otherwise.disk()),
                fields.integer("gpus").orElse(otherwise.gpus()));
    }

    private Optional<PodSpec.Endpoint> endpoint(Fields endpoint, String path) {
        List<String> protocols = new ArrayList<>();
        if (endpoint.any("protocol").filter(JsonNode::isTextual).isPresent()) {
            endpoint.text("protocol").ifPresent(protocols::add);
        } else {
            protocols.addAll(endpoint.texts("protocol").orElse(List.of("tcp")));
        }
        endpoint.integer("containerPort")
                .filter(port -> port < 0 || port > 65535)
                .ifPresent(port -> problems.rule(path + "/containerPort", "got " + port + ", expected 0 to 65535"));
        return Optional.of(new PodSpec.Endpoint(
                endpoint.text("name").orElse(""),
                endpoint.integer("containerPort"),
                endpoint.integer("hostPort"),
                protocols,
                labels(endpoint)));
    }

    private Optional<PodSpec.Check> check(Fields check, String path) {
        Optional<Fields> http = check.object("http");
        Optional<Fields> tcp = check.object("tcp");
        Optional<Fields> exec = check.object("exec");
        long given =
                List.of(http, tcp, exec).stream().filter(Optional::isPresent).count();
        if (given != 1) {
            problems.rule(path, "got " + given + " of http, tcp and exec, expected exactly one");
            return Optional.empty();
        }
        boolean https = http.flatMap(h -> h.text("scheme"))
                .filter("HTTPS"::equalsIgnoreCase)
                .isPresent();
        PodSpec.Check.Kind kind = PodSpec.Check.Kind.EXEC;
        if (http.isPresent()) {
            kind = https ? PodSpec.Check.Kind.HTTPS : PodSpec.Check.Kind.HTTP;
        } else if (tcp.isPresent()) {
            kind = PodSpec.Check.Kind.TCP;
        }
        Optional<String> endpoint =
                http.or(() -> tcp).map(c -> c.text("endpoint").orElse(""));
        return Optional.of(new PodSpec.Check(
                kind,
                endpoint,
                http.flatMap(h -> h.text("path")),
                exec.map(e -> command(e, path + "/exec")),
                check.seconds("gracePeriodSeconds").orElse(HealthReader.GRACE),
                check.seconds("intervalSeconds").orElse(HealthReader.INTERVAL),
                check.seconds("timeoutSeconds").orElse(HealthReader.TIMEOUT),
                check.seconds("delaySeconds").orElse(HealthReader.DELAY),
                check.integer("maxConsecutiveFailures").orElse(HealthReader.FAILURES)));
    }
}
