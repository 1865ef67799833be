package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.PodSpec;
import java.util.Map;

/** Writes pods, in a form that can be read back. Source: Marathon's pod.raml. */
final class PodWriter {
    private PodWriter() {}

    /** One stored version. */
    static ObjectNode version(AppVersion version) {
        return definition(version.definition()).put("version", Json.time(version.version()));
    }

    static ObjectNode definition(AppDefinition app) {
        PodSpec pod = app.pod().orElseThrow();
        ObjectNode node = Json.object().put("id", app.id());
        map(node.putObject("labels"), app.labels());
        app.user().ifPresent(user -> node.put("user", user));
        app.options().role().ifPresent(role -> node.put("role", role));
        ObjectNode environment = node.putObject("environment");
        map(environment, app.env());
        OptionsWriter.env(environment, app.options());
        ArrayNode containers = node.putArray("containers");
        pod.containers().forEach(c -> container(containers.addObject(), c));
        OptionsWriter.secrets(node.putObject("secrets"), app.options());
        ArrayNode volumes = node.putArray("volumes");
        for (PodSpec.Volume volume : pod.volumes()) {
            ObjectNode one = volumes.addObject().put("name", volume.name());
            volume.hostPath().ifPresent(path -> one.put("host", path));
            volume.secret().ifPresent(secret -> one.put("secret", secret));
            volume.mib()
                    .ifPresent(mib ->
                            one.putObject("persistent").put("type", "root").set("size", Json.number(mib)));
        }
        node.putArray("networks").addObject().put("mode", "host");
        node.putObject("scaling").put("kind", "fixed").put("instances", app.instances());
        scheduling(node.putObject("scheduling"), app);
        amounts(node.putObject("executorResources"), pod.executor(), false);
        return node;
    }

    private static void scheduling(ObjectNode node, AppDefinition app) {
        ObjectNode backoff = node.putObject("backoff");
        backoff.set("backoff", Json.seconds(app.backoff().initial()));
        backoff.set("backoffFactor", Json.number(app.backoff().factor()));
        backoff.set("maxLaunchDelay", Json.seconds(app.backoff().max()));
        ObjectNode upgrade = node.putObject("upgrade");
        upgrade.set("minimumHealthCapacity", Json.number(app.upgrade().minimumHealthCapacity()));
        upgrade.set("maximumOverCapacity", Json.number(app.upgrade().maximumOverCapacity()));
        ObjectNode placement = node.putObject("placement");
        ArrayNode constraints = placement.putArray("constraints");
        for (AppDefinition.Constraint c : app.constraints()) {
            ObjectNode one = constraints.addObject().put("fieldName", c.field()).put("operator", c.operator());
            c.value().ifPresent(value -> one.put("value", value));
        }
        ArrayNode roles = placement.putArray("acceptedResourceRoles");
        app.acceptedResourceRoles().forEach(roles::add);
        node.put("killSelection", app.killSelection().name());
        AppWriter.unreachable(node, app);
    }

    private static void container(ObjectNode node, PodSpec.Container container) {
        node.put("name", container.name());
        container.exec().ifPresent(exec -> command(node.putObject("exec"), exec));
        amounts(node.putObject("resources"), container.resources(), true);
        ArrayNode endpoints = node.putArray("endpoints");
        for (PodSpec.Endpoint endpoint : container.endpoints()) {
            ObjectNode one = endpoints.addObject().put("name", endpoint.name());
            endpoint.containerPort().ifPresent(port -> one.put("containerPort", port));
            endpoint.hostPort().ifPresent(port -> one.put("hostPort", port));
            ArrayNode protocols = one.putArray("protocol");
            endpoint.protocols().forEach(protocols::add);
            map(one.putObject("labels"), endpoint.labels());
        }
        container.image().ifPresent(image -> node.putObject("image")
                .put("kind", image.kind())
                .put("id", image.id())
                .put("forcePull", image.forcePull()));
        ObjectNode environment = node.putObject("environment");
        map(environment, container.environment());
        container
                .secrets()
                .forEach((variable, name) -> environment.putObject(variable).put("secret", name));
        container.user().ifPresent(user -> node.put("user", user));
        container.check().ifPresent(check -> check(node.putObject("healthCheck"), check));
        ArrayNode mounts = node.putArray("volumeMounts");
        container.mounts().forEach(m -> mounts.addObject()
                .put("name", m.volume())
                .put("mountPath", m.path())
                .put("readOnly", m.readOnly()));
        ArrayNode artifacts = node.putArray("artifacts");
        container.artifacts().forEach(f -> AppWriter.fetch(artifacts.addObject(), f));
        map(node.putObject("labels"), container.labels());
        container.killGrace().ifPresent(grace -> node.putObject("lifecycle")
                .set("killGracePeriodSeconds", Json.seconds(grace)));
    }

    private static void command(ObjectNode around, PodSpec.Command exec) {
        ObjectNode command = around.putObject("command");
        if (exec.shell()) {
            command.put("shell", exec.words().get(0));
        } else {
            ArrayNode argv = command.putArray("argv");
            exec.words().forEach(argv::add);
        }
    }

    private static void check(ObjectNode node, PodSpec.Check check) {
        switch (check.kind()) {
            case EXEC -> command(node.putObject("exec"), check.command().orElseThrow());
            case TCP -> node.putObject("tcp").put("endpoint", check.endpoint().orElse(""));
            default -> {
                ObjectNode http = node.putObject("http")
                        .put("endpoint", check.endpoint().orElse(""))
                        .put("scheme", check.kind().name());
                check.path().ifPresent(path -> http.put("path", path));
            }
        }
        node.set("gracePeriodSeconds", Json.seconds(check.grace()));
        node.set("intervalSeconds", Json.seconds(check.interval()));
        node.put("maxConsecutiveFailures", check.maxFailures());
        node.set("timeoutSeconds", Json.seconds(check.timeout()));
        node.set("delaySeconds", Json.seconds(check.delay()));
    }

    static void amounts(ObjectNode node, PodSpec.Amounts amounts, boolean withGpus) {
        node.set("cpus", Json.number(amounts.cpus()));
        node.set("mem", Json.number(amounts.mem()));
        node.set("disk", Json.number(amounts.disk()));
        if (withGpus) {
            node.put("gpus", amounts.gpus());
        }
    }

    /** {@code {"action","app"|"pod"}} of a plan's step. */
    static ObjectNode action(io.finback.controlplane.scheduler.DeploymentPlan.Action action) {
        return Json.object().put("action", action.wireName()).put(action.ofPod() ? "pod" : "app", action.appId());
    }

    private static void map(ObjectNode node, Map<String, String> map) {
        map.forEach(node::put);
    }
}
