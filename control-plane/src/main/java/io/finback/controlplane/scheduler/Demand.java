package io.finback.controlplane.scheduler;

import io.finback.controlplane.placement.Request;
import io.finback.controlplane.placement.Spot;
import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import io.finback.resources.Resources;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Everything one app waits for, as its entity last said it. A later one replaces it wholly.
 *
 * @param revision the entity's sequence number: the larger one is newer
 * @param each what one instance needs besides ports
 * @param ports one entry per host port; with {@code requirePorts} the very number, or 0 for any
 * @param waiting task ids to place, at most {@link #MAX_WAITING}
 * @param notBefore backoff: nothing is placed before
 * @param placed where the app's other instances stand, with those attributes alone that constraints name
 * @param priority the higher one is placed first; 0 is ordinary
 * @param preemptible it may be ended for others, and ends only those of less priority itself
 * @param terms whose resources it uses, and what it comes back to
 */
public record Demand(
        String appId,
        long revision,
        Resources each,
        List<Integer> ports,
        boolean requirePorts,
        List<Constraint> constraints,
        List<String> waiting,
        Instant notBefore,
        List<Standing> placed,
        int priority,
        boolean preemptible,
        Terms terms) {
    /** Waiting instances named at once; the others follow when these are placed. Keeps the message well below a remote frame. */
    static final int MAX_WAITING = 1000;

    /** So many instances at one spot. */
    public record Standing(Spot spot, int count) {}

    /**
     * On whose resources.
     *
     * @param role whose offers are used
     * @param accepted resource roles that may be used: {@code *}, the role, or both; empty: both
     * @param bound those of the waiting instances that have homes
     */
    public record Terms(String role, List<String> accepted, List<Bound> bound) {
        public static final Terms ANYBODY = new Terms("*", List.of(), List.of());

        public Terms {
            accepted = List.copyOf(accepted);
            bound = List.copyOf(bound);
        }

        static Terms of(AppState state, AppDefinition app, List<String> waiting) {
            List<Bound> bound = waiting.stream()
                    .flatMap(
                            task -> state
                                    .homeOf(task)
                                    .map(home -> new Bound(task, home.agentId(), home.host(), home.resources()))
                                    .stream())
                    .toList();
            // What is reserved for its volumes is taken from what is nobody's.
            List<String> accepted = app.options().isResident() ? List.of("*") : app.acceptedResourceRoles();
            return new Terms(app.role(), accepted, bound);
        }
    }

    /** A waiting instance, and what is reserved for it where its volumes are. */
    public record Bound(String taskId, String agentId, String host, Resources home) {}

    /** The terms may be missing in what an earlier version says. */
    public Demand {
        terms = Objects.requireNonNullElse(terms, Terms.ANYBODY);
        ports = List.copyOf(ports);
        constraints = List.copyOf(constraints);
        waiting = List.copyOf(waiting);
        placed = List.copyOf(placed);
    }

    /** An ordinary one. */
    public Demand(
            String appId,
            long revision,
            Resources each,
            List<Integer> ports,
            boolean requirePorts,
            List<Constraint> constraints,
            List<String> waiting,
            Instant notBefore,
            List<Standing> placed) {
        this(
                appId,
                revision,
                each,
                ports,
                requirePorts,
                constraints,
                waiting,
                notBefore,
                placed,
                0,
                false,
                Terms.ANYBODY);
    }

    /** The same demand for some of its waiting tasks. */
    public Demand waitingOnly(List<String> some) {
        return new Demand(
                appId,
                revision,
                each,
                ports,
                requirePorts,
                constraints,
                some,
                notBefore,
                placed,
                priority,
                preemptible,
                terms);
    }

    public Demand withoutWaiting(Set<String> taken) {
        return waitingOnly(waiting.stream().filter(id -> !taken.contains(id)).toList());
    }

    /** What {@code state} waits for. */
    public static Demand of(AppState state, long revision) {
        InstanceIndex index = new InstanceIndex(state.appId());
        index.observe(state);
        return of(state, revision, index);
    }

    /** The same, where {@code index} has observed {@code state}. */
    public static Demand of(AppState state, long revision, InstanceIndex index) {
        AppVersion current = state.current().orElseThrow();
        AppDefinition app = current.definition();
        List<String> waiting = index.waiting().stream()
                .filter(id -> state.instance(id)
                        .filter(i -> i.configAt().equals(current.configAt()))
                        .isPresent())
                .limit(MAX_WAITING)
                .toList();
        return new Demand(
                app.id(),
                revision,
                TaskEnvironment.needs(app),
                hostPorts(app),
                app.requirePorts() || mapped(app).isPresent() || app.pod().isPresent(),
                app.constraints(),
                waiting,
                state.backoff().map(Backoff::until).orElse(Instant.EPOCH),
                index.placed(),
                SchedulingLabels.priority(app),
                SchedulingLabels.preemptible(app),
                Terms.of(state, app, waiting));
    }

    /** As placing takes it: without those that have homes. */
    public Request request() {
        Set<String> bound = terms.bound().stream().map(Bound::taskId).collect(Collectors.toSet());
        return new Request(
                appId,
                each,
                ports,
                requirePorts,
                constraints.stream().map(Constraints::rule).toList(),
                bound.isEmpty()
                        ? waiting
                        : waiting.stream().filter(id -> !bound.contains(id)).toList(),
                placed.stream()
                        .flatMap(standing -> Collections.nCopies(standing.count(), standing.spot()).stream())
                        .toList(),
                priority,
                terms.role(),
                Set.copyOf(terms.accepted()));
    }

    /** Of a container that maps ports those of the mappings, each as it says; else one for each service port. */
    private static List<Integer> hostPorts(AppDefinition app) {
        if (app.pod().isPresent()) {
            return app.pod().get().hostPorts();
        }
        return mapped(app).map(AppContainer::hostPorts).orElseGet(() -> app.ports().stream()
                .map(AppDefinition.PortDefinition::port)
                .toList());
    }

    private static Optional<AppContainer> mapped(AppDefinition app) {
        return app.container().filter(AppContainer::mapsPorts);
    }

    /** Nothing is waited for any more. */
    public static Demand none(String appId, long revision) {
        return new Demand(
                appId, revision, Resources.EMPTY, List.of(), false, List.of(), List.of(), Instant.EPOCH, List.of());
    }
}
