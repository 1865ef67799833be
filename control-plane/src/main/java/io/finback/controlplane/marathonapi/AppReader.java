package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppDefinition.BackoffRule;
import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import io.finback.controlplane.scheduler.AppDefinition.FetchUri;
import io.finback.controlplane.scheduler.AppDefinition.KillSelection;
import io.finback.controlplane.scheduler.AppDefinition.PortDefinition;
import io.finback.controlplane.scheduler.AppDefinition.UnreachableStrategy;
import io.finback.controlplane.scheduler.AppDefinition.UpgradeStrategy;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppRules;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads an app definition in both dialects of Marathon. Null is absent, read-only and unknown keys are ignored; what would be
 * silently wrong here (a container image that is not used, a check that never runs) is refused with its path.
 */
final class AppReader {
    private static final UpgradeStrategy UPGRADE = new UpgradeStrategy(1, 1);
    private static final UpgradeStrategy RESIDENT_UPGRADE = new UpgradeStrategy(0.5, 0);
    private static final UnreachableStrategy NEVER = new UnreachableStrategy(true, Duration.ZERO, Duration.ZERO);
    static final UnreachableStrategy UNREACHABLE = new UnreachableStrategy(false, Duration.ZERO, Duration.ZERO);
    static final Duration BACKOFF = Duration.ofSeconds(1);
    static final double BACKOFF_FACTOR = 1.15;
    static final Duration MAX_LAUNCH_DELAY = Duration.ofMinutes(5);
    private static final Set<String> ARCHIVES =
            Set.of(".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip");

    private static final Pattern URI_START = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:/");
    private static final Pattern CHECKSUM =
            Pattern.compile("(?i)sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|md5:[0-9a-f]{32}");

    private AppReader() {}

    /** Reads a complete definition. Throws {@link ApiFailure} with everything that is wrong. */
    static AppDefinition read(JsonNode node, Optional<String> pathId) {
        Problems problems = new Problems();
        Fields fields = new Fields(node, "", problems);
        problems.check();
        String id = id(fields, pathId, problems);
        ContainerReader.Found container = new ContainerReader(problems).read(fields);
        List<PortDefinition> ports = container.servicePorts().orElseGet(() -> ports(fields, problems));
        Unsupported.check(fields, problems);
        AppDefinition app = new AppDefinition(
                id,
                fields.text("cmd").filter(c -> !c.isEmpty()),
                fields.texts("args").orElse(List.of()),
                fields.text("user"),
                fields.number("cpus").orElse(1.0),
                fields.number("mem").orElse(128.0),
                fields.number("disk").orElse(0.0),
                fields.integer("gpus").orElse(0),
                fields.integer("instances").orElse(1),
                OptionsReader.plainEnv(fields, "env"),
                fields.map("labels").orElse(Map.of()),
                ports,
                fields.bool("requirePorts").orElse(false),
                fetch(fields, problems),
                constraints(fields),
                roles(fields, problems),
                fields.texts("dependencies").orElse(List.of()).stream()
                        .map(d -> resolve(id, d))
                        .toList(),
                new BackoffRule(
                        fields.seconds("backoffSeconds").orElse(BACKOFF),
                        fields.number("backoffFactor").orElse(BACKOFF_FACTOR),
                        fields.seconds("maxLaunchDelaySeconds").orElse(MAX_LAUNCH_DELAY)),
                upgrade(fields, container.volumes()),
                unreachable(fields, container.volumes().local().isEmpty() ? UNREACHABLE : NEVER, problems),
                killSelection(fields, problems),
                fields.seconds("taskKillGracePeriodSeconds"),
                fields.object("container").map(c -> c.text("type").orElse("DOCKER")),
                fields.text("executor").orElse(""),
                HealthReader.read(fields, problems),
                container.container(),
                Optional.empty(),
                new OptionsReader(fields, problems).read(container.volumes()));
        if (!problems.wrongTypes()) {
            problems.rules(AppRules.check(app));
        }
        problems.check();
        return app;
    }

    /** {@code base} with the fields of {@code patch} put over it; a field given in one dialect replaces it in the other. */
    static ObjectNode merged(ObjectNode base, JsonNode patch) {
        ObjectNode merged = base.deepCopy();
        replaces(merged, patch, "cmd", "args");
        replaces(merged, patch, "args", "cmd");
        replaces(merged, patch, "ports", "portDefinitions");
        replaces(merged, patch, "portDefinitions", "ports");
        replaces(merged, patch, "uris", "fetch");
        replaces(merged, patch, "fetch", "uris");
        if (patch.path("container").path("docker").hasNonNull("network") && !patch.hasNonNull("networks")) {
            merged.remove("networks");
        }
        patch.properties().forEach(e -> {
            if (!e.getValue().isNull()) {
                merged.set(e.getKey(), e.getValue());
            }
        });
        return merged;
    }

    private static void replaces(ObjectNode base, JsonNode patch, String given, String other) {
        if (patch.hasNonNull(given) && !patch.hasNonNull(other)) {
            base.remove(other);
        }
    }

    private static String id(Fields fields, Optional<String> pathId, Problems problems) {
        Optional<String> given = fields.text("id").map(AppPath::absolute);
        if (pathId.isPresent()) {
            if (given.isPresent() && !given.equals(pathId)) {
                problems.rule("/id", "is '" + given.get() + "' but the path says '" + pathId.get() + "'");
            }
            return pathId.get();
        }
        if (!fields.has("id")) {
            problems.type("/id", "error.path.missing");
        }
        return given.orElse("/");
    }

    /** Relative to the app's group, with {@code ..}; absolute as it is. */
    private static String resolve(String appId, String path) {
        List<String> above = AppPath.ancestors(appId);
        return AppPath.resolve(above.isEmpty() ? "/" : above.get(above.size() - 1), path);
    }

    private static List<PortDefinition> ports(Fields fields, Problems problems) {
        Optional<List<Integer>> plain = fields.integers("ports");
        Optional<List<PortDefinition>> defined = fields.list("portDefinitions", (element, path) -> {
            Fields port = fields.element(element, path);
            return Optional.of(new PortDefinition(
                    port.integer("port").orElse(0),
                    port.text("protocol").orElse("tcp"),
                    port.text("name"),
                    port.map("labels").orElse(Map.of())));
        });
        if (plain.isPresent() && defined.isPresent()) {
            List<Integer> numbers =
                    defined.get().stream().map(PortDefinition::port).toList();
            if (!plain.get().isEmpty() && !plain.get().equals(numbers)) {
                problems.rule(
                        "/ports", "differ from portDefinitions (expected: the same numbers, or only one of both)");
            }
        }
        return defined.orElseGet(() -> plain.map(numbers -> numbers.stream()
                        .map(n -> new PortDefinition(n, "tcp", Optional.empty(), Map.of()))
                        .toList())
                .orElseGet(() -> List.of(new PortDefinition(0, "tcp", Optional.of("default"), Map.of()))));
    }

    /** The elements of {@code name}, each with a {@code uri}. */
    static Optional<List<FetchUri>> artifacts(Fields fields, String name, Problems problems) {
        return fields.list(name, (element, path) -> {
            Fields fetch = fields.element(element, path);
            Optional<String> uri = fetch.text("uri");
            if (uri.isEmpty()) {
                problems.type(path + "/uri", "error.path.missing");
            }
            uri.ifPresent(u -> checkUri(u, path + "/uri", problems));
            Optional<String> checksum = fetch.text("checksum");
            checksum.filter(c -> !CHECKSUM.matcher(c).matches())
                    .ifPresent(c -> problems.rule(
                            path + "/checksum",
                            "'" + c + "' (expected: 'sha256:' and 64 hexadecimal digits, 'sha512:' or 'md5:')"));
            return uri.map(u -> new FetchUri(
                    u,
                    fetch.bool("extract").orElse(true),
                    fetch.bool("executable").orElse(false),
                    fetch.bool("cache").orElse(false),
                    fetch.text("destPath"),
                    checksum));
        });
    }

    private static List<FetchUri> fetch(Fields fields, Problems problems) {
        Optional<List<FetchUri>> given = artifacts(fields, "fetch", problems);
        List<String> uris = fields.texts("uris").orElse(List.of());
        boolean both = given.filter(f -> !f.isEmpty()).isPresent() && !uris.isEmpty();
        if (both && !uris.equals(given.get().stream().map(FetchUri::uri).toList())) {
            problems.rule("/uris", "differ from fetch (expected: the same, or only one of both)");
        }
        for (int i = 0; i < uris.size(); i++) {
            checkUri(uris.get(i), "/uris(" + i + ")", problems);
        }
        return given.filter(f -> !f.isEmpty()).orElseGet(() -> uris.stream()
                .map(u -> new FetchUri(u, ARCHIVES.stream().anyMatch(u::endsWith), false, false, Optional.empty()))
                .toList());
    }

    /** An agent would refuse every instance. */
    private static void checkUri(String uri, String path, Problems problems) {
        if (!uri.startsWith("/") && !URI_START.matcher(uri).lookingAt()) {
            problems.rule(path, "'" + uri + "' (expected: a URI, such as https://host/file, or an absolute path)");
        }
    }

    private static List<Constraint> constraints(Fields fields) {
        return fields.list("constraints", (element, path) -> {
                    if (!element.isArray()) {
                        return fields.text(element, path).map(t -> new Constraint("", t, Optional.empty()));
                    }
                    List<String> parts = fields.elements(element, path, fields::text);
                    Optional<String> value = parts.size() > 2 ? Optional.of(parts.get(2)) : Optional.empty();
                    return Optional.of(new Constraint(
                            parts.isEmpty() ? "" : parts.get(0),
                            parts.size() > 1 ? parts.get(1).toUpperCase(Locale.ROOT) : "",
                            value));
                })
                .orElse(List.of());
    }

    private static List<String> roles(Fields fields, Problems problems) {
        Optional<List<String>> roles = fields.texts("acceptedResourceRoles");
        if (roles.filter(List::isEmpty).isPresent()) {
            problems.rule("/acceptedResourceRoles", "must not be empty");
        }
        return roles.orElse(List.of());
    }

    private static UpgradeStrategy upgrade(Fields fields, VolumeReader.Found volumes) {
        UpgradeStrategy standard = volumes.local().isEmpty() ? UPGRADE : RESIDENT_UPGRADE;
        return fields.object("upgradeStrategy")
                .map(u -> new UpgradeStrategy(
                        u.number("minimumHealthCapacity").orElse(standard.minimumHealthCapacity()),
                        u.number("maximumOverCapacity").orElse(standard.maximumOverCapacity())))
                .orElse(standard);
    }

    static UnreachableStrategy unreachable(Fields fields, UnreachableStrategy standard, Problems problems) {
        Optional<JsonNode> given = fields.any("unreachableStrategy");
        if (given.filter(JsonNode::isTextual).isPresent()) {
            if (!given.get().textValue().equals("disabled")) {
                problems.rule(
                        "/unreachableStrategy",
                        "'" + given.get().textValue() + "' (expected: 'disabled' or an object)");
            }
            return new UnreachableStrategy(true, Duration.ZERO, Duration.ZERO);
        }
        return fields.object("unreachableStrategy")
                .map(u -> new UnreachableStrategy(
                        false,
                        u.seconds("inactiveAfterSeconds").orElse(Duration.ZERO),
                        u.seconds("expungeAfterSeconds").orElse(Duration.ZERO)))
                .orElse(standard);
    }

    static KillSelection killSelection(Fields fields, Problems problems) {
        String text = fields.text("killSelection").orElse(KillSelection.YOUNGEST_FIRST.name());
        for (KillSelection selection : KillSelection.values()) {
            if (selection.name().equals(text)) {
                return selection;
            }
        }
        problems.rule("/killSelection", "'" + text + "' (expected: YOUNGEST_FIRST or OLDEST_FIRST)");
        return KillSelection.YOUNGEST_FIRST;
    }
}
