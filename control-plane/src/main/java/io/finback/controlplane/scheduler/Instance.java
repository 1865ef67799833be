package io.finback.controlplane.scheduler;

import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One instance of an app. Its task id is chosen before anything is launched and never used again.
 *
 * @param version the app's version when it was created
 * @param configAt the configuration it runs ({@link AppVersion#configAt()})
 * @param place where it was launched; empty while it is only scheduled
 * @param healthy what its checks say; empty: there are none. One with checks is not healthy before they have passed once
 * @param parts of a pod: its containers by name
 * @param doomed it shall end; a scheduled one is dropped at once instead
 */
public record Instance(
        String taskId,
        Instant version,
        Instant configAt,
        Phase phase,
        Optional<Place> place,
        Instant createdAt,
        Optional<Instant> startedAt,
        Optional<Instant> unreachableSince,
        Optional<Boolean> healthy,
        boolean doomed,
        Optional<Map<String, PodPart>> parts) {

    public Instance {
        parts = parts.map(p -> Collections.unmodifiableMap(new LinkedHashMap<>(p)));
    }

    /** In the order of life, which is also the order in which surplus is removed; only unreachable goes back. */
    public enum Phase {
        SCHEDULED,
        UNREACHABLE,
        STAGING,
        STARTING,
        RUNNING,
        KILLING
    }

    /**
     * Where an instance is.
     *
     * @param ports host ports in the order the app declares them
     * @param at when the launch was decided
     * @param held what its task holds, where some of it is reserved; empty: the app's own amounts and the ports, unreserved
     */
    public record Place(
            String agentId,
            String host,
            List<Integer> ports,
            Map<String, String> attributes,
            Instant at,
            Optional<Resources> held) {
        public Place {
            ports = List.copyOf(ports);
            attributes = Map.copyOf(attributes);
        }

        /** With nothing that is reserved. */
        public Place(String agentId, String host, List<Integer> ports, Map<String, String> attributes, Instant at) {
            this(agentId, host, ports, attributes, at, Optional.empty());
        }

        /** What stays when its task ends: volumes, and what is reserved along with them. */
        public Resources home() {
            return held.map(resources -> resources.filter(Home::isPart)).orElse(Resources.EMPTY);
        }
    }

    static Instance scheduled(String taskId, AppVersion version, Instant now) {
        return new Instance(
                taskId,
                version.version(),
                version.configAt(),
                Phase.SCHEDULED,
                Optional.empty(),
                now,
                Optional.empty(),
                Optional.empty(),
                checked(version.definition()) ? Optional.of(false) : Optional.empty(),
                false,
                version.definition().pod().map(pod -> waiting(pod, now)));
    }

    private static boolean checked(AppDefinition app) {
        return !app.checks().isEmpty() || app.pod().filter(PodSpec::checked).isPresent();
    }

    private static Map<String, PodPart> waiting(PodSpec pod, Instant now) {
        Map<String, PodPart> parts = new LinkedHashMap<>();
        pod.containers()
                .forEach(c -> parts.put(c.name(), PodPart.waiting(now, c.check().isPresent())));
        return parts;
    }

    Optional<PodPart> part(String container) {
        return parts.map(p -> p.get(container));
    }

    /** Its tasks that may still be there: of a pod those of its containers that have not ended. */
    public List<String> tasks() {
        return parts.map(all -> all.entrySet().stream()
                        .filter(e -> !e.getValue().state().isTerminal())
                        .map(e -> AppPath.partId(taskId, e.getKey()))
                        .toList())
                .orElse(List.of(taskId));
    }

    /** Runs, passes its checks, and is wanted. */
    public boolean ready() {
        return phase == Phase.RUNNING && !doomed && healthy.orElse(true);
    }

    /** Something of it may exist on an agent. */
    public boolean launched() {
        return phase != Phase.SCHEDULED;
    }

    Instance placed(Place where) {
        return new Instance(
                taskId,
                version,
                configAt,
                Phase.STAGING,
                Optional.of(where),
                createdAt,
                startedAt,
                unreachableSince,
                healthy,
                doomed,
                parts);
    }

    Instance doom() {
        return new Instance(
                taskId, version, configAt, phase, place, createdAt, startedAt, unreachableSince, healthy, true, parts);
    }

    Instance judged(boolean health) {
        return new Instance(
                taskId,
                version,
                configAt,
                phase,
                place,
                createdAt,
                startedAt,
                unreachableSince,
                Optional.of(health),
                doomed,
                parts);
    }

    /** With other news of one container, and what follows for the whole. */
    Instance reported(String container, PodPart now) {
        Map<String, PodPart> all = new LinkedHashMap<>(parts.orElse(Map.of()));
        all.put(container, now);
        boolean checked = all.values().stream().anyMatch(p -> p.healthy().isPresent());
        boolean well = all.values().stream().allMatch(p -> p.healthy().orElse(true) || p.state() == TaskState.FINISHED);
        Instance next = reported(phaseOf(all.values()), now.since(), checked ? Optional.of(well) : Optional.empty());
        return new Instance(
                taskId,
                version,
                configAt,
                next.phase,
                place,
                createdAt,
                next.startedAt,
                next.unreachableSince,
                next.healthy,
                doomed,
                Optional.of(all));
    }

    private static Phase phaseOf(Collection<PodPart> parts) {
        if (parts.stream().anyMatch(p -> p.state() == TaskState.UNREACHABLE)) {
            return Phase.UNREACHABLE;
        }
        if (parts.stream().anyMatch(p -> p.failed() || p.state() == TaskState.KILLING)) {
            return Phase.KILLING;
        }
        if (parts.stream().allMatch(p -> p.state() == TaskState.RUNNING || p.state() == TaskState.FINISHED)) {
            return Phase.RUNNING;
        }
        return parts.stream().allMatch(p -> p.state() == TaskState.STAGING) ? Phase.STAGING : Phase.STARTING;
    }

    Instance reported(Phase next, Instant at, Optional<Boolean> health) {
        boolean runs = next == Phase.RUNNING;
        return new Instance(
                taskId,
                version,
                configAt,
                next,
                place,
                createdAt,
                startedAt.isEmpty() && runs ? Optional.of(at) : startedAt,
                next == Phase.UNREACHABLE ? Optional.of(unreachableSince.orElse(at)) : Optional.empty(),
                health.isPresent() ? health : healthy,
                doomed,
                parts);
    }
}
