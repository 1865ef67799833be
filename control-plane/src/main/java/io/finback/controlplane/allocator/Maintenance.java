package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.MaintenanceSchedule.MachineId;
import io.finback.controlplane.allocator.MaintenanceSchedule.Unavailability;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Which machines are not to be counted on, and which of them are down. A machine is UP, DRAINING while it is in the schedule, or DOWN.
 * An agent is on a machine if its host name is the machine's name, or the machine's address if it has no name. Source: apache/mesos
 * {@code docs/maintenance.md}, {@code src/master/maintenance.cpp}.
 */
public record Maintenance(MaintenanceSchedule schedule, List<MachineId> down) {
    public static final Maintenance NONE = new Maintenance(MaintenanceSchedule.EMPTY, List.of());

    /** Source: Mesos {@code MachineInfo.Mode}. */
    public enum Mode {
        UP,
        DRAINING,
        DOWN
    }

    public Maintenance {
        down = List.copyOf(down);
    }

    public Mode modeOf(MachineId machine) {
        String name = nameOf(machine);
        if (down.stream().anyMatch(other -> nameOf(other).equals(name))) {
            return Mode.DOWN;
        }
        return scheduled().contains(name) ? Mode.DRAINING : Mode.UP;
    }

    /** What is wrong with {@code next} as the new schedule; empty: nothing. */
    Optional<String> refusalOf(MaintenanceSchedule next) {
        Set<String> seen = new HashSet<>();
        for (MaintenanceSchedule.Window window : next.windows()) {
            if (window.machines().isEmpty()) {
                return Optional.of("machine_ids: none (expected: at least one machine in each window)");
            }
            Optional<Unavailability> negative = Optional.of(window.unavailability())
                    .filter(gap -> gap.duration()
                            .filter(java.time.Duration::isNegative)
                            .isPresent());
            if (negative.isPresent()) {
                return Optional.of(
                        "unavailability.duration: " + negative.get().duration().get() + " (expected: >= 0)");
            }
            for (MachineId machine : window.machines()) {
                Optional<String> wrong = refusalOf(machine);
                if (wrong.isPresent()) {
                    return wrong;
                }
                if (!seen.add(nameOf(machine))) {
                    return Optional.of("machine_ids: " + show(machine) + " twice in the schedule (expected: once)");
                }
            }
        }
        return down.stream()
                .filter(machine -> !seen.contains(nameOf(machine)))
                .findFirst()
                .map(machine -> "machine_ids: " + show(machine)
                        + " is down and not in the schedule (expected: brought up before it is removed)");
    }

    /** What is wrong with bringing these machines down; empty: nothing. */
    Optional<String> refusalToBringDown(List<MachineId> machines) {
        return refusalToMove(machines, Mode.DRAINING, "brought down");
    }

    /** What is wrong with bringing these machines up; empty: nothing. */
    Optional<String> refusalToBringUp(List<MachineId> machines) {
        return refusalToMove(machines, Mode.DOWN, "brought up");
    }

    Maintenance withSchedule(MaintenanceSchedule next) {
        return new Maintenance(next, down);
    }

    Maintenance withDown(List<MachineId> machines) {
        Set<MachineId> all = new LinkedHashSet<>(down);
        all.addAll(machines);
        return new Maintenance(schedule, List.copyOf(all));
    }

    /** A machine that is up again leaves the schedule too. */
    Maintenance withUp(List<MachineId> machines) {
        Set<String> names = new HashSet<>();
        machines.forEach(machine -> names.add(nameOf(machine)));
        List<MaintenanceSchedule.Window> windows = schedule.windows().stream()
                .map(window -> new MaintenanceSchedule.Window(
                        window.machines().stream()
                                .filter(machine -> !names.contains(nameOf(machine)))
                                .toList(),
                        window.unavailability()))
                .filter(window -> !window.machines().isEmpty())
                .toList();
        return new Maintenance(
                new MaintenanceSchedule(windows),
                down.stream()
                        .filter(machine -> !names.contains(nameOf(machine)))
                        .toList());
    }

    /** The name agents' host names are compared with: in lower case, the address if there is no name. */
    static String nameOf(MachineId machine) {
        return machine.hostname()
                .filter(name -> !name.isEmpty())
                .or(machine::ip)
                .orElse("")
                .toLowerCase(Locale.ROOT);
    }

    static String nameOf(AgentSpec agent) {
        return agent.hostname().toLowerCase(Locale.ROOT);
    }

    private Optional<String> refusalToMove(List<MachineId> machines, Mode expected, String where) {
        if (machines.isEmpty()) {
            return Optional.of("machine ids: none (expected: at least one)");
        }
        Set<String> seen = new HashSet<>();
        for (MachineId machine : machines) {
            Optional<String> wrong = refusalOf(machine);
            if (wrong.isPresent()) {
                return wrong;
            }
            if (!seen.add(nameOf(machine))) {
                return Optional.of("machine ids: " + show(machine) + " twice (expected: once)");
            }
            Mode mode = modeOf(machine);
            if (mode != expected) {
                return Optional.of("machine: " + show(machine) + " is in mode " + mode + " and cannot be " + where
                        + " (expected: mode " + expected + ")");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> refusalOf(MachineId machine) {
        return nameOf(machine).isEmpty()
                ? Optional.of("machine id: neither hostname nor ip (expected: at least one)")
                : Optional.empty();
    }

    private Set<String> scheduled() {
        Set<String> names = new HashSet<>();
        schedule.windows().forEach(window -> window.machines().forEach(machine -> names.add(nameOf(machine))));
        return names;
    }

    private static String show(MachineId machine) {
        return machine.hostname().orElse("") + machine.ip().map(ip -> "/" + ip).orElse("");
    }
}
