package io.finback.nodeagent.cgroup;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The processor time one group has used: {@code cpuacct} of version 1, {@code cpu.stat} of version 2 (there without a controller). */
record CpuTime(Path directory, boolean unified) {
    record Used(Duration user, Duration system) {}

    Optional<Used> used() {
        if (unified) {
            Map<String, Long> stat = ControlFiles.table(directory.resolve("cpu.stat"));
            return stat.containsKey("user_usec")
                    ? Optional.of(new Used(micros(stat.get("user_usec")), micros(stat.getOrDefault("system_usec", 0L))))
                    : Optional.empty();
        }
        long user = ControlFiles.number(directory.resolve("cpuacct.usage_user")).orElse(-1);
        long system =
                ControlFiles.number(directory.resolve("cpuacct.usage_sys")).orElse(-1);
        return user < 0 || system < 0
                ? Optional.empty()
                : Optional.of(new Used(Duration.ofNanos(user), Duration.ofNanos(system)));
    }

    private static Duration micros(long micros) {
        return Duration.ofNanos(micros * 1_000);
    }
}
