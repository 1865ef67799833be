package io.finback.controlplane.scheduler;

import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What others ask of an app's instances and ports, as events; what does not fit any more is left out. */
public final class InstanceChange {
    private InstanceChange() {}

    /** Ends instances; those that end already are left alone. */
    public static List<AppEvent> doom(AppState state, List<String> taskIds) {
        List<String> fresh = taskIds.stream()
                .filter(id -> state.instance(id).filter(i -> !i.doomed()).isPresent())
                .toList();
        List<AppEvent> events = new ArrayList<>();
        InstancePlanner.parts(fresh, AppEvent.InstancesDoomed::new, events);
        return events;
    }

    /** Those of {@code places} whose instances may be launched; first launches of residents with what becomes reserved. */
    public static Map<String, Instance.Place> launchable(AppState state, Map<String, Instance.Place> places) {
        Map<String, Instance.Place> some = new HashMap<>();
        places.forEach((id, place) -> {
            if (state.mayLaunch(id)) {
                settled(state, id, place).ifPresent(settled -> some.put(id, settled));
            }
        });
        return some;
    }

    /** Empty: the instance has a home, and it is not there. */
    private static Optional<Instance.Place> settled(AppState state, String taskId, Instance.Place place) {
        AppDefinition app = state.current().orElseThrow().definition();
        Optional<Home> home = state.homeOf(taskId);
        if (home.isPresent()) {
            boolean there = place.agentId().equals(home.get().agentId())
                    && place.home().equals(home.get().resources());
            return there ? Optional.of(place) : Optional.empty();
        }
        if (!app.options().isResident()) {
            return Optional.of(place);
        }
        Resources held = Home.reserve(app, taskId).withPorts(Ranges.ofValues(place.ports()));
        return Optional.of(new Instance.Place(
                place.agentId(), place.host(), place.ports(), place.attributes(), place.at(), Optional.of(held)));
    }

    /** Service ports for the version {@code version}, if they are still missing. */
    public static List<AppEvent> ports(AppState state, Instant version, List<Integer> ports) {
        boolean wanted = state.portsMissing()
                && state.current().filter(v -> v.version().equals(version)).isPresent()
                && !ports.isEmpty();
        return wanted ? List.of(new AppEvent.PortsAssigned(version, ports)) : List.of();
    }
}
