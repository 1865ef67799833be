package io.finback.nodeagent.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.resources.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** {@code ResourceStatistics} of Mesos, by its field names. What nobody measured is left out. Source: {@code mesos.proto}. */
final class Statistics {
    private static final double BYTES_PER_MIB = 1024.0 * 1024.0;

    private Statistics() {}

    /** @param held what the task holds: its limits, where the kernel names none */
    static void write(ObjectNode to, Resources held, Optional<Usage> usage, Instant at) {
        to.put("timestamp", at.toEpochMilli() / 1000.0);
        to.put("cpus_limit", held.quantities().getOrDefault(Resources.CPUS, 0L) / 1000.0);
        usage.ifPresent(used -> {
            used.processes().ifPresent(count -> to.put("processes", count));
            used.threads().ifPresent(count -> to.put("threads", count));
            used.cpu().ifPresent(cpu -> write(to, cpu));
            used.memory().ifPresent(memory -> write(to, memory));
        });
        if (!to.has("mem_limit_bytes")) {
            long mib = held.quantities().getOrDefault(Resources.MEM, 0L);
            to.put("mem_limit_bytes", (long) (mib / 1000.0 * BYTES_PER_MIB));
        }
        long disk = held.quantities().getOrDefault(Resources.DISK, 0L);
        if (disk > 0) {
            to.put("disk_limit_bytes", (long) (disk / 1000.0 * BYTES_PER_MIB));
        }
    }

    private static void write(ObjectNode to, Usage.Cpu cpu) {
        to.put("cpus_user_time_secs", seconds(cpu.user()));
        to.put("cpus_system_time_secs", seconds(cpu.system()));
        cpu.throttling().ifPresent(throttling -> {
            to.put("cpus_nr_periods", throttling.periods());
            to.put("cpus_nr_throttled", throttling.throttled());
            to.put("cpus_throttled_time_secs", seconds(throttling.time()));
        });
    }

    private static void write(ObjectNode to, Usage.Memory memory) {
        to.put("mem_total_bytes", memory.total());
        to.put("mem_rss_bytes", memory.rss());
        to.put("mem_anon_bytes", memory.rss());
        memory.cache().ifPresent(bytes -> {
            to.put("mem_cache_bytes", bytes);
            to.put("mem_file_bytes", bytes);
        });
        memory.mappedFile().ifPresent(bytes -> to.put("mem_mapped_file_bytes", bytes));
        memory.swap().ifPresent(bytes -> to.put("mem_swap_bytes", bytes));
        memory.limit().ifPresent(bytes -> to.put("mem_limit_bytes", bytes));
        memory.softLimit().ifPresent(bytes -> to.put("mem_soft_limit_bytes", bytes));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
