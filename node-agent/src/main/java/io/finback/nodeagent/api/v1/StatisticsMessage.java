package io.finback.nodeagent.api.v1;

import io.finback.nodeagent.containerizer.Usage;
import io.finback.resources.Resources;
import java.time.Duration;
import java.time.Instant;
import org.apache.mesos.v1.Protos;

/** {@code ResourceStatistics}; what nobody measured is left out. */
final class StatisticsMessage {
    private static final double BYTES_PER_MIB = 1024.0 * 1024.0;

    private StatisticsMessage() {}

    /** @param held what the task holds: its limits, where the kernel names none */
    static Protos.ResourceStatistics of(Resources held, Usage usage, Instant at) {
        Protos.ResourceStatistics.Builder to = Protos.ResourceStatistics.newBuilder()
                .setTimestamp(at.toEpochMilli() / 1000.0)
                .setCpusLimit(held.quantities().getOrDefault(Resources.CPUS, 0L) / 1000.0)
                .setMemLimitBytes((long) (held.quantities().getOrDefault(Resources.MEM, 0L) / 1000.0 * BYTES_PER_MIB));
        usage.processes().ifPresent(count -> to.setProcesses(Math.toIntExact(count)));
        usage.threads().ifPresent(count -> to.setThreads(Math.toIntExact(count)));
        usage.cpu().ifPresent(cpu -> {
            to.setCpusUserTimeSecs(seconds(cpu.user())).setCpusSystemTimeSecs(seconds(cpu.system()));
            cpu.throttling().ifPresent(throttling -> to.setCpusNrPeriods(Math.toIntExact(throttling.periods()))
                    .setCpusNrThrottled(Math.toIntExact(throttling.throttled()))
                    .setCpusThrottledTimeSecs(seconds(throttling.time())));
        });
        usage.memory().ifPresent(memory -> {
            to.setMemTotalBytes(memory.total()).setMemRssBytes(memory.rss()).setMemAnonBytes(memory.rss());
            memory.cache().ifPresent(bytes -> to.setMemCacheBytes(bytes).setMemFileBytes(bytes));
            memory.mappedFile().ifPresent(to::setMemMappedFileBytes);
            memory.swap().ifPresent(to::setMemSwapBytes);
            memory.limit().ifPresent(to::setMemLimitBytes);
            memory.softLimit().ifPresent(to::setMemSoftLimitBytes);
        });
        return to.build();
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
