package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Home;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Instance.Phase;
import io.finback.controlplane.scheduler.PodPart;
import io.finback.controlplane.scheduler.PodSpec;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes what pods are up to. Source: Marathon's podStatus.raml. */
final class PodStatusWriter {
    private PodStatusWriter() {}

    static ObjectNode status(AppSnapshot pod, Instant now) {
        AppVersion current = pod.current().orElseThrow();
        List<Instance> instances = pod.instances();
        long stable = instances.stream().filter(i -> state(i).equals("STABLE")).count();
        boolean enough = stable >= current.definition().instances();
        String state = pod.listed() ? enough ? "STABLE" : "DEGRADED" : "TERMINAL";
        Instant since = instances.stream()
                .map(PodStatusWriter::changed)
                .max(Instant::compareTo)
                .orElse(current.version());
        ObjectNode node = Json.object().put("id", pod.appId());
        node.set("spec", PodWriter.version(current));
        node.put("status", state).put("statusSince", Json.time(since));
        ArrayNode list = node.putArray("instances");
        instances.forEach(i -> list.add(instance(pod, i, now)));
        pod.detached().orElse(List.of()).stream()
                .filter(home -> instances.stream().noneMatch(i -> i.taskId().equals(home.taskId())))
                .forEach(home -> list.add(detached(pod, home, now)));
        ArrayNode history = node.putArray("terminationHistory");
        pod.lastFailure().ifPresent(f -> history.addObject()
                .put("instanceID", f.taskId())
                .put("startedAt", Json.time(f.place().map(Instance.Place::at).orElse(f.version())))
                .put("terminatedAt", Json.time(f.at()))
                .put("message", f.message()));
        return node.put("lastUpdated", Json.time(now)).put("lastChanged", Json.time(since));
    }

    static ObjectNode instance(AppSnapshot pod, Instance instance, Instant now) {
        String since = Json.time(changed(instance));
        ObjectNode node = Json.object()
                .put("id", instance.taskId())
                .put("status", state(instance))
                .put("statusSince", since);
        instance.place().ifPresent(place -> {
            node.put("agentHostname", place.host()).put("agentId", place.agentId());
            node.putArray("networks").addObject().putArray("addresses").add(place.host());
        });
        // Only the wanted version is here; an older instance's containers are told by what they have reported.
        AppDefinition app = pod.current().orElseThrow().definition();
        boolean wanted = instance.configAt().equals(pod.current().orElseThrow().configAt());
        PodSpec spec = app.pod().orElseThrow();
        if (wanted) {
            PodWriter.amounts(node.putObject("resources"), spec.total(), true);
        }
        containers(node.putArray("containers"), instance, wanted ? Optional.of(spec) : Optional.empty(), now);
        node.put("specReference", "/v2/pods" + pod.appId() + "::versions/" + Json.time(instance.version()));
        ArrayNode volumes = node.putArray("localVolumes");
        instance.place()
                .map(Instance.Place::home)
                .or(() -> pod.detachedFrom(instance.taskId()).map(Home::resources))
                .ifPresent(home -> OptionsWriter.volumes(volumes, home));
        return node.put("lastUpdated", Json.time(now)).put("lastChanged", since);
    }

    /** Volumes that no instance uses now: an instance that has ended and may come back. */
    static ObjectNode detached(AppSnapshot pod, Home home, Instant now) {
        String since = Json.time(home.madeAt());
        ObjectNode node = Json.object()
                .put("id", home.taskId())
                .put("status", "TERMINAL")
                .put("statusSince", since)
                .put("agentHostname", home.host())
                .put("agentId", home.agentId());
        node.putArray("containers");
        AppVersion current = pod.current().orElseThrow();
        node.put("specReference", "/v2/pods" + pod.appId() + "::versions/" + Json.time(current.version()));
        OptionsWriter.volumes(node.putArray("localVolumes"), home.resources());
        return node.put("lastUpdated", Json.time(now)).put("lastChanged", since);
    }

    private static void containers(ArrayNode list, Instance instance, Optional<PodSpec> spec, Instant now) {
        Iterator<Integer> ports =
                instance.place().map(Instance.Place::ports).orElse(List.of()).iterator();
        Map<String, PodPart> parts = instance.parts().orElse(Map.of());
        if (!instance.launched()) {
            return;
        }
        parts.forEach((name, part) -> {
            String since = Json.time(part.since());
            ObjectNode node = list.addObject()
                    .put("name", name)
                    .put("status", part.state().wireName())
                    .put("statusSince", since)
                    .put("containerId", AppPath.partId(instance.taskId(), name));
            part.message().ifPresent(message -> node.put("message", message));
            ArrayNode conditions = node.putArray("conditions");
            part.healthy().ifPresent(healthy -> conditions
                    .addObject()
                    .put("name", "healthy")
                    .put("value", Boolean.toString(healthy))
                    .put("reason", "health-reported")
                    .put("lastChanged", since)
                    .put("lastUpdated", Json.time(now)));
            ArrayNode endpoints = node.putArray("endpoints");
            spec.flatMap(s -> s.containers().stream()
                            .filter(c -> c.name().equals(name))
                            .findFirst())
                    .ifPresent(container -> {
                        for (PodSpec.Endpoint endpoint : container.endpoints()) {
                            ObjectNode one = endpoints.addObject().put("name", endpoint.name());
                            if (endpoint.hostPort().isPresent() && ports.hasNext()) {
                                one.put("allocatedHostPort", ports.next());
                            }
                            boolean checked = container
                                    .check()
                                    .flatMap(PodSpec.Check::endpoint)
                                    .filter(endpoint.name()::equals)
                                    .isPresent();
                            part.healthy().filter(h -> checked).ifPresent(h -> one.put("healthy", h));
                        }
                        PodWriter.amounts(node.putObject("resources"), container.resources(), true);
                    });
            if (part.state().isTerminal()) {
                ObjectNode end = node.putObject("termination");
                part.message().ifPresent(message -> end.put("message", message));
                if (part.state() == TaskState.FINISHED) {
                    end.put("exitCode", 0);
                }
            }
            node.put("lastUpdated", Json.time(now)).put("lastChanged", since);
        });
    }

    private static String state(Instance instance) {
        if (instance.doomed() && instance.launched()) {
            return "TERMINAL";
        }
        return switch (instance.phase()) {
            case SCHEDULED -> "PENDING";
            case STAGING, STARTING -> "STAGING";
            case RUNNING -> instance.ready() ? "STABLE" : "DEGRADED";
            case UNREACHABLE -> "DEGRADED";
            case KILLING -> "TERMINAL";
        };
    }

    private static Instant changed(Instance instance) {
        Instant own = instance.place().map(Instance.Place::at).orElse(instance.createdAt());
        return instance.phase() == Phase.SCHEDULED
                ? own
                : instance.parts().orElse(Map.of()).values().stream()
                        .map(PodPart::since)
                        .filter(at -> at.isAfter(own))
                        .max(Instant::compareTo)
                        .orElse(own);
    }
}
