package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

    /** Those of {@code places} whose instances may be launched. */
    public static Map<String, Instance.Place> launchable(AppState state, Map<String, Instance.Place> places) {
        Map<String, Instance.Place> some = new HashMap<>(places);
        some.keySet().removeIf(id -> !state.mayLaunch(id));
        return some;
    }

    /** Service ports for the version {@code version}, if they are still missing. */
    public static List<AppEvent> ports(AppState state, Instant version, List<Integer> ports) {
        boolean wanted = state.portsMissing()
                && state.current().filter(v -> v.version().equals(version)).isPresent()
                && !ports.isEmpty();
        return wanted ? List.of(new AppEvent.PortsAssigned(version, ports)) : List.of();
    }
}
