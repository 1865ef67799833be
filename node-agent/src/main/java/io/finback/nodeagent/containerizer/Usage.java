package io.finback.nodeagent.containerizer;

import java.time.Duration;
import java.util.Optional;

/**
 * What a container uses at one moment. What nobody measures is missing, never zero. Source of the names: Mesos
 * {@code ResourceStatistics}.
 */
public record Usage(Optional<Cpu> cpu, Optional<Memory> memory, Optional<Long> processes, Optional<Long> threads) {
    /** Nothing is measured. */
    public static final Usage NONE = new Usage(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /**
     * Since the container began.
     *
     * @param throttling how the hard limit was felt, where there is one
     */
    public record Cpu(Duration user, Duration system, Optional<Throttling> throttling) {}

    /** Of {@code periods}, {@code throttled} were cut short, by {@code time} in all. */
    public record Throttling(long periods, long throttled, Duration time) {}

    /**
     * Bytes.
     *
     * @param total everything that counts against the limit
     * @param rss anonymous memory
     * @param limit where the kernel kills
     * @param softLimit what it is squeezed to when the machine is short
     * @param maximum the most there ever was
     */
    public record Memory(
            long total,
            long rss,
            Optional<Long> cache,
            Optional<Long> mappedFile,
            Optional<Long> swap,
            Optional<Long> limit,
            Optional<Long> softLimit,
            Optional<Long> maximum) {}
}
