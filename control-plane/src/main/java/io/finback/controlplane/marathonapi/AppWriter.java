package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppContainer;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Home;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Instance.Phase;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Writes apps and tasks: the fields of Marathon 1.5 and later together with {@code ports} and {@code uris} of 1.4, and never a key
 * that is in neither (a common client fails on unknown keys).
 */
final class AppWriter {
    private AppWriter() {}

    /** The definition alone, in a form that can be read back. */
    static ObjectNode definition(AppDefinition app) {
        ObjectNode node = Json.object().put("id", app.id());
        app.cmd().ifPresent(cmd -> node.put("cmd", cmd));
        if (!app.args().isEmpty()) {
            texts(node.putArray("args"), app.args());
        }
        app.user().ifPresent(user -> node.put("user", user));
        node.set("cpus", Json.number(app.cpus()));
        node.set("mem", Json.number(app.mem()));
        node.set("disk", Json.number(app.disk()));
        node.put("gpus", app.gpus());
        node.put("instances", app.instances());
        node.put("executor", app.executor());
        OptionsWriter.env(map(node.putObject("env"), app.env()), app.options());
        var unused = map(node.putObject("labels"), app.labels());
        ArrayNode constraints = node.putArray("constraints");
        for (AppDefinition.Constraint c : app.constraints()) {
            ArrayNode parts = constraints.addArray().add(c.field()).add(c.operator());
            c.value().ifPresent(parts::add);
        }
        texts(node.putArray("dependencies"), app.dependencies());
        fetch(node, app);
        node.putArray("storeUrls");
        HealthWriter.definition(node, app);
        OptionsWriter.write(node, app.options());
        node.set("backoffSeconds", Json.seconds(app.backoff().initial()));
        node.set("backoffFactor", Json.number(app.backoff().factor()));
        node.set("maxLaunchDelaySeconds", Json.seconds(app.backoff().max()));
        strategies(node, app);
        ports(node, app);
        ContainerWriter.write(node, app);
        return node;
    }

    /** One stored version, as {@code /versions/{version}} shows it. */
    static ObjectNode version(AppVersion version) {
        ObjectNode node = definition(version.definition());
        node.put("version", Json.time(version.version()));
        node.putObject("versionInfo")
                .put("lastScalingAt", Json.time(version.scalingAt()))
                .put("lastConfigChangeAt", Json.time(version.configAt()));
        return node;
    }

    /** What was just asked for, before any service port was assigned. */
    static ObjectNode created(AppDefinition definition, AppSnapshot app) {
        AppVersion current = app.current().orElseThrow();
        ObjectNode node =
                version(new AppVersion(definition, current.version(), current.scalingAt(), current.configAt()));
        counts(node, List.of(), i -> false);
        node.putArray("tasks");
        deployments(node, app);
        return node;
    }

    /** {@code embed}: which of tasks, counts, deployments, lastTaskFailure and readiness to add. */
    static ObjectNode app(AppSnapshot app, Set<String> embed) {
        ObjectNode node = version(app.current().orElseThrow());
        if (embed.contains("counts")) {
            counts(node, app.instances(), app::judged);
        }
        if (embed.contains("tasks")) {
            ArrayNode tasks = node.putArray("tasks");
            shown(app.instances()).forEach(i -> tasks.add(task(app, i)));
            app.detached().ifPresent(homes -> homes.forEach(home -> tasks.add(detached(app.appId(), home))));
        }
        if (embed.contains("deployments")) {
            deployments(node, app);
        }
        if (embed.contains("readiness")) {
            node.set("readinessCheckResults", HealthWriter.readiness(app));
        }
        if (embed.contains("taskStats")) {
            node.set("taskStats", TaskStats.of(app, java.time.Instant.now()));
        }
        if (embed.contains("lastTaskFailure")) {
            app.lastFailure().ifPresent(f -> node.set("lastTaskFailure", failure(app.appId(), f)));
        }
        return node;
    }

    /** Instances that are more than scheduled. */
    static List<Instance> shown(List<Instance> instances) {
        return instances.stream().filter(Instance::launched).toList();
    }

    static ObjectNode task(AppSnapshot app, Instance instance) {
        ObjectNode node = Json.object().put("id", instance.taskId()).put("appId", app.appId());
        instance.place().ifPresent(place -> {
            node.put("host", place.host());
            ArrayNode ports = node.putArray("ports");
            place.ports().forEach(ports::add);
            ArrayNode servicePorts = node.putArray("servicePorts");
            app.current().ifPresent(v -> v.definition().ports().forEach(p -> servicePorts.add(p.port())));
            node.put("slaveId", place.agentId());
            node.put("state", state(instance));
            node.put("stagedAt", Json.time(place.at()));
            instance.startedAt().ifPresent(at -> node.put("startedAt", Json.time(at)));
            node.put("version", Json.time(instance.version()));
            node.putArray("ipAddresses")
                    .addObject()
                    .put("ipAddress", place.host())
                    .put("protocol", "IPv4");
            OptionsWriter.volumes(node.putArray("localVolumes"), place.home());
            app.current()
                    .map(v -> v.definition().role())
                    .filter(role -> !role.equals("*"))
                    .ifPresent(role -> node.put("role", role));
            HealthWriter.results(node, app, instance);
            HealthWriter.general(node, app, instance);
        });
        return node;
    }

    /** Volumes that no task uses now, as Marathon shows them: a task that is suspended. */
    static ObjectNode detached(String appId, Home home) {
        ObjectNode node =
                Json.object().put("id", home.taskId()).put("appId", appId).put("host", home.host());
        node.putArray("ports");
        node.putArray("servicePorts");
        node.put("slaveId", home.agentId()).put("state", "TASK_KILLED");
        node.putArray("ipAddresses");
        OptionsWriter.volumes(node.putArray("localVolumes"), home.resources());
        node.putArray("healthCheckResults");
        return node;
    }

    private static String state(Instance instance) {
        return instance.doomed() && instance.phase() == Phase.RUNNING
                ? "TASK_KILLING"
                : "TASK_" + instance.phase().name();
    }

    private static ObjectNode failure(String appId, AppState.TaskFailure f) {
        ObjectNode node = Json.object().put("appId", appId);
        node.put("host", f.place().map(Instance.Place::host).orElse(""));
        node.put("message", f.message());
        node.put("state", f.state().wireName());
        node.put("taskId", f.taskId());
        node.put("timestamp", Json.time(f.at()));
        node.put("version", Json.time(f.version()));
        f.place().ifPresent(p -> node.put("slaveId", p.agentId()));
        return node;
    }

    private static void counts(ObjectNode node, List<Instance> instances, Predicate<Instance> seen) {
        long running =
                instances.stream().filter(i -> i.phase() == Phase.RUNNING).count();
        long staged = instances.stream()
                .filter(i -> i.phase() == Phase.STAGING || i.phase() == Phase.STARTING)
                .count();
        // Without health checks nobody has said healthy or unhealthy: Marathon counts neither.
        long healthy = instances.stream()
                .filter(i -> i.phase() == Phase.RUNNING && i.healthy().orElse(false))
                .count();
        long unhealthy = instances.stream()
                .filter(i -> i.phase() == Phase.RUNNING && !i.healthy().orElse(true) && seen.test(i))
                .count();
        node.put("tasksStaged", staged);
        node.put("tasksRunning", running);
        node.put("tasksHealthy", healthy);
        node.put("tasksUnhealthy", unhealthy);
    }

    private static void deployments(ObjectNode node, AppSnapshot app) {
        ArrayNode list = node.putArray("deployments");
        app.lock().ifPresent(lock -> list.addObject().put("id", lock.plan().id()));
    }

    private static void strategies(ObjectNode node, AppDefinition app) {
        ObjectNode upgrade = node.putObject("upgradeStrategy");
        upgrade.set("minimumHealthCapacity", Json.number(app.upgrade().minimumHealthCapacity()));
        upgrade.set("maximumOverCapacity", Json.number(app.upgrade().maximumOverCapacity()));
        unreachable(node, app);
        node.put("killSelection", app.killSelection().name());
        app.killGrace().ifPresent(g -> node.set("taskKillGracePeriodSeconds", Json.seconds(g)));
        if (!app.acceptedResourceRoles().isEmpty()) {
            texts(node.putArray("acceptedResourceRoles"), app.acceptedResourceRoles());
        }
    }

    static void unreachable(ObjectNode node, AppDefinition app) {
        if (app.unreachable().disabled()) {
            node.put("unreachableStrategy", "disabled");
        } else {
            ObjectNode unreachable = node.putObject("unreachableStrategy");
            unreachable.set(
                    "inactiveAfterSeconds", Json.seconds(app.unreachable().inactiveAfter()));
            unreachable.set(
                    "expungeAfterSeconds", Json.seconds(app.unreachable().expungeAfter()));
        }
    }

    private static void ports(ObjectNode node, AppDefinition app) {
        ArrayNode ports = node.putArray("ports");
        app.ports().forEach(p -> ports.add(p.port()));
        node.put("requirePorts", app.requirePorts());
        if (app.container().filter(AppContainer::mapsPorts).isPresent()) {
            return;
        }
        ArrayNode definitions = node.putArray("portDefinitions");
        for (AppDefinition.PortDefinition p : app.ports()) {
            ObjectNode definition =
                    definitions.addObject().put("port", p.port()).put("protocol", p.protocol());
            p.name().ifPresent(name -> definition.put("name", name));
            if (!p.labels().isEmpty()) {
                var unused = map(definition.putObject("labels"), p.labels());
            }
        }
    }

    private static void fetch(ObjectNode node, AppDefinition app) {
        ArrayNode fetch = node.putArray("fetch");
        ArrayNode uris = node.putArray("uris");
        for (AppDefinition.FetchUri f : app.fetch()) {
            uris.add(f.uri());
            fetch(fetch.addObject(), f);
        }
    }

    static void fetch(ObjectNode one, AppDefinition.FetchUri f) {
        one.put("uri", f.uri())
                .put("extract", f.extract())
                .put("executable", f.executable())
                .put("cache", f.cache());
        f.destPath().ifPresent(path -> one.put("destPath", path));
        f.checksum().ifPresent(checksum -> one.put("checksum", checksum));
    }

    private static void texts(ArrayNode array, List<String> texts) {
        texts.forEach(array::add);
    }

    private static ObjectNode map(ObjectNode node, Map<String, String> map) {
        map.forEach(node::put);
        return node;
    }
}
