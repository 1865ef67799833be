package io.finback.controlplane.scheduler;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How well instances are served, by what is known of those that are there. Source of the ideas: Apache Aurora's SLA metrics.
 *
 * @param wanted instances that shall be there; {@code running} are, and are not unreachable; {@code unreachable} instances are down
 * @param uptime percentile (50, 75, 90, 95, 99) to an uptime that so many percent of the running instances have reached
 * @param toAssigned median from wanted to placed; {@code toRunning} from wanted to the first time it ran
 */
public record SlaStats(
        int wanted,
        int running,
        int unreachable,
        Map<Integer, Duration> uptime,
        Optional<Duration> toAssigned,
        Optional<Duration> toRunning) {
    private static final List<Integer> PERCENTILES = List.of(50, 75, 90, 95, 99);

    public static SlaStats of(int wanted, Collection<Instance> instances, Instant now) {
        List<Duration> up = new ArrayList<>();
        List<Duration> assigned = new ArrayList<>();
        List<Duration> started = new ArrayList<>();
        int running = 0;
        int unreachable = 0;
        for (Instance instance : instances) {
            instance.place().ifPresent(place -> assigned.add(between(instance.createdAt(), place.at())));
            instance.startedAt().ifPresent(at -> started.add(between(instance.createdAt(), at)));
            if (instance.phase() == Instance.Phase.UNREACHABLE) {
                unreachable++;
            } else if (instance.phase() == Instance.Phase.RUNNING) {
                running++;
                instance.startedAt().ifPresent(at -> up.add(between(at, now)));
            }
        }
        up.sort(null);
        Map<Integer, Duration> uptime = new TreeMap<>();
        for (int percent : PERCENTILES) {
            if (!up.isEmpty()) {
                // The longest-lived `percent` of all have at least this.
                uptime.put(percent, up.get(Math.min(up.size() - 1, up.size() * (100 - percent) / 100)));
            }
        }
        return new SlaStats(wanted, running, unreachable, uptime, median(assigned), median(started));
    }

    private static Duration between(Instant from, Instant to) {
        Duration duration = Duration.between(from, to);
        return duration.isNegative() ? Duration.ZERO : duration;
    }

    private static Optional<Duration> median(List<Duration> durations) {
        durations.sort(null);
        return durations.isEmpty() ? Optional.empty() : Optional.of(durations.get(durations.size() / 2));
    }
}
