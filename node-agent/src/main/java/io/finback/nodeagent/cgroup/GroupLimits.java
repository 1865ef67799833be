package io.finback.nodeagent.cgroup;

import java.util.Optional;

/**
 * What a container may use. Source of the rules: Mesos {@code src/slave/containerizer/mesos/isolators/cgroups/}.
 *
 * @param cpuShares its weight against others when processors are short; 1024 is one processor's worth
 * @param cpuQuota the hard limit, in microseconds of processor per {@link #CPU_PERIOD_MICROS}
 * @param memorySoftBytes what it is squeezed to when the machine is short
 * @param memoryHardBytes where the kernel kills; empty: no limit
 * @param pids processes and threads at most
 */
public record GroupLimits(
        long cpuShares, Optional<Long> cpuQuota, long memorySoftBytes, Optional<Long> memoryHardBytes, long pids) {
    public static final long CPU_PERIOD_MICROS = 100_000;
    private static final long SHARES_PER_CPU = 1024;
    private static final long MIN_SHARES = 2;
    private static final long MIN_QUOTA_MICROS = 1_000;
    private static final long MEBIBYTE = 1L << 20;

    /** A process that is just started needs some, whatever was asked for. */
    private static final long MIN_MEMORY_BYTES = 32 * MEBIBYTE;

    /**
     * The limits of one container.
     *
     * @param cpus what it holds
     * @param memoryMebibytes what it holds
     * @param cpuLimit more than it holds: up to there if nobody else wants it; infinite: no hard limit
     * @param memoryLimit as {@code cpuLimit}
     * @param hardCpu whether what it holds is the limit, should it name none
     */
    public static GroupLimits of(
            double cpus,
            double memoryMebibytes,
            Optional<Double> cpuLimit,
            Optional<Double> memoryLimit,
            boolean hardCpu,
            long pids) {
        long soft = Math.max(MIN_MEMORY_BYTES, Math.round(memoryMebibytes * MEBIBYTE));
        Optional<Double> cpuMost = cpuLimit.or(() -> hardCpu ? Optional.of(cpus) : Optional.empty());
        double memoryMost = memoryLimit.orElse(memoryMebibytes);
        return new GroupLimits(
                Math.max(MIN_SHARES, (long) (cpus * SHARES_PER_CPU)),
                cpuMost.filter(Double::isFinite)
                        .map(most -> Math.max(MIN_QUOTA_MICROS, (long) (most * CPU_PERIOD_MICROS))),
                soft,
                Double.isFinite(memoryMost)
                        ? Optional.of(Math.max(soft, Math.round(memoryMost * MEBIBYTE)))
                        : Optional.empty(),
                pids);
    }

    /** The weight of version 2 (1 to 10,000) for the shares of version 1 (2 to 262,144), as runc and systemd convert it. */
    long cpuWeight() {
        long shares = Math.min(Math.max(cpuShares, MIN_SHARES), 262_144);
        return 1 + ((shares - MIN_SHARES) * 9_999) / 262_142;
    }
}
