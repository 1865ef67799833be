package io.finback.nodeagent.cgroup;

import io.finback.nodeagent.containerizer.Usage.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The memory controller of one group. Sources: Linux {@code cgroup-v1/memory.rst}, {@code cgroup-v2.rst}. */
record MemoryGroup(Path directory, boolean unified) {
    /** Version 1 says "no limit" with the largest number of whole pages there is. */
    private static final long NO_LIMIT = Long.MAX_VALUE / 4096 * 4096;

    /** @param limitSwap whether what is swapped out counts as well; without it, a machine with swap slows down before it kills */
    void limit(GroupLimits limits, boolean limitSwap) throws IOException {
        if (unified) {
            ControlFiles.write(directory.resolve("memory.low"), Long.toString(limits.memorySoftBytes()));
            ControlFiles.write(directory.resolve("memory.oom.group"), "1");
            if (limits.memoryHardBytes().isPresent()) {
                ControlFiles.write(
                        directory.resolve("memory.max"),
                        Long.toString(limits.memoryHardBytes().get()));
                limitSwap("memory.swap.max", "0", limitSwap);
            }
            return;
        }
        ControlFiles.write(directory.resolve("memory.soft_limit_in_bytes"), Long.toString(limits.memorySoftBytes()));
        if (limits.memoryHardBytes().isPresent()) {
            String bytes = Long.toString(limits.memoryHardBytes().get());
            ControlFiles.write(directory.resolve("memory.limit_in_bytes"), bytes);
            limitSwap("memory.memsw.limit_in_bytes", bytes, limitSwap);
        }
    }

    /** Kernels without swap accounting have no such file: then there is nothing to be limited. */
    private void limitSwap(String file, String value, boolean wanted) throws IOException {
        if (wanted && Files.exists(directory.resolve(file))) {
            ControlFiles.write(directory.resolve(file), value);
        }
    }

    /** True once the kernel has killed something in it because the group (not the machine) was out of memory. */
    boolean hasRunOut() {
        Map<String, Long> events =
                ControlFiles.table(directory.resolve(unified ? "memory.events" : "memory.oom_control"));
        if (events.getOrDefault("oom_kill", 0L) == 0) {
            return false;
        }
        return unified
                ? events.getOrDefault("max", 0L) > 0
                : ControlFiles.number(directory.resolve("memory.failcnt")).orElse(0) > 0;
    }

    OptionalLong hardLimit() {
        OptionalLong limit = ControlFiles.number(directory.resolve(unified ? "memory.max" : "memory.limit_in_bytes"));
        return limit.isPresent() && limit.getAsLong() >= NO_LIMIT ? OptionalLong.empty() : limit;
    }

    /** The most there ever was; version 2 tells since Linux 5.19. */
    OptionalLong maximum() {
        return ControlFiles.number(directory.resolve(unified ? "memory.peak" : "memory.max_usage_in_bytes"));
    }

    Optional<Memory> usage() {
        OptionalLong total =
                ControlFiles.number(directory.resolve(unified ? "memory.current" : "memory.usage_in_bytes"));
        if (total.isEmpty()) {
            return Optional.empty();
        }
        Map<String, Long> stat = ControlFiles.table(directory.resolve("memory.stat"));
        OptionalLong soft =
                ControlFiles.number(directory.resolve(unified ? "memory.low" : "memory.soft_limit_in_bytes"));
        return Optional.of(new Memory(
                total.getAsLong(),
                stat.getOrDefault(unified ? "anon" : "total_rss", 0L),
                Optional.ofNullable(stat.get(unified ? "file" : "total_cache")),
                Optional.ofNullable(stat.get(unified ? "file_mapped" : "total_mapped_file")),
                unified
                        ? boxed(ControlFiles.number(directory.resolve("memory.swap.current")))
                        : Optional.ofNullable(stat.get("total_swap")),
                boxed(hardLimit()),
                boxed(soft).filter(bytes -> bytes < NO_LIMIT),
                boxed(maximum())));
    }

    private static Optional<Long> boxed(OptionalLong number) {
        return number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
    }
}
