package io.finback.nodeagent.cgroup;

import io.finback.nodeagent.containerizer.Usage.Throttling;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The processor controller of one group. Sources: Linux {@code Documentation/scheduler/sched-bwc.rst}, {@code cgroup-v2.rst}. */
record CpuGroup(Path directory, boolean unified) {
    void limit(GroupLimits limits) throws IOException {
        if (unified) {
            ControlFiles.write(directory.resolve("cpu.weight"), Long.toString(limits.cpuWeight()));
            if (limits.cpuQuota().isPresent()) {
                ControlFiles.write(
                        directory.resolve("cpu.max"), limits.cpuQuota().get() + " " + GroupLimits.CPU_PERIOD_MICROS);
            }
            return;
        }
        ControlFiles.write(directory.resolve("cpu.shares"), Long.toString(limits.cpuShares()));
        if (limits.cpuQuota().isPresent()) {
            ControlFiles.write(directory.resolve("cpu.cfs_period_us"), Long.toString(GroupLimits.CPU_PERIOD_MICROS));
            ControlFiles.write(
                    directory.resolve("cpu.cfs_quota_us"),
                    Long.toString(limits.cpuQuota().get()));
        }
    }

    /** Empty where there is no hard limit. */
    Optional<Throttling> throttling() {
        Map<String, Long> stat = ControlFiles.table(directory.resolve("cpu.stat"));
        long periods = stat.getOrDefault("nr_periods", 0L);
        if (periods == 0) {
            return Optional.empty();
        }
        Duration time = unified
                ? Duration.ofNanos(stat.getOrDefault("throttled_usec", 0L) * 1_000)
                : Duration.ofNanos(stat.getOrDefault("throttled_time", 0L));
        return Optional.of(new Throttling(periods, stat.getOrDefault("nr_throttled", 0L), time));
    }
}
