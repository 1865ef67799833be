package io.finback.controlplane.allocator;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** When which machines are not to be counted on. Source: Mesos {@code maintenance.Schedule}. */
public record MaintenanceSchedule(List<Window> windows) {
    public static final MaintenanceSchedule EMPTY = new MaintenanceSchedule(List.of());

    public MaintenanceSchedule {
        windows = List.copyOf(windows);
    }

    public record Window(List<MachineId> machines, Unavailability unavailability) {
        public Window {
            machines = List.copyOf(machines);
        }
    }

    /** A machine by name, by address, or both; at least one. Names are compared in lower case. */
    public record MachineId(Optional<String> hostname, Optional<String> ip) {}

    /** {@code duration} empty: for ever. */
    public record Unavailability(Instant start, Optional<Duration> duration) {}
}
