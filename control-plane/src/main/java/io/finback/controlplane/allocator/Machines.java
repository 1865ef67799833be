package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.MaintenanceSchedule.Unavailability;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A {@link Maintenance} that is asked often: by host name. Immutable. */
final class Machines {
    private final Maintenance maintenance;
    private final Map<String, Unavailability> unavailable = new HashMap<>();
    private final Set<String> down = new HashSet<>();

    Machines(Maintenance maintenance) {
        this.maintenance = maintenance;
        maintenance.schedule().windows().forEach(window -> window.machines()
                .forEach(machine -> unavailable.put(Maintenance.nameOf(machine), window.unavailability())));
        maintenance.down().forEach(machine -> down.add(Maintenance.nameOf(machine)));
    }

    Maintenance maintenance() {
        return maintenance;
    }

    Optional<Unavailability> unavailability(AgentSpec agent) {
        return Optional.ofNullable(unavailable.get(Maintenance.nameOf(agent)));
    }

    boolean isDown(AgentSpec agent) {
        return down.contains(Maintenance.nameOf(agent));
    }
}
