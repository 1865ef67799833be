package io.finback.runtime;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * How much this process logs, in Mesos' numbers: 0 as configured, 1 DEBUG, 2 and 3 TRACE, for everything of ours; for a while, then as
 * configured again. All of a process share the one level, whichever node of it was asked. Thread-safe.
 */
public final class LogLevel {
    private static final String OURS = "io.finback";
    private static final int MAX_LEVEL = 3;
    private static final Duration LONGEST = Duration.ofDays(7);

    private static final LevelOfProcess PROCESS = new LevelOfProcess();

    private final BiConsumer<Duration, Runnable> later;

    /** @param later runs something after a while */
    public LogLevel(BiConsumer<Duration, Runnable> later) {
        this.later = later;
    }

    public int current() {
        return PROCESS.current();
    }

    /** What cannot be is an {@link IllegalArgumentException}. */
    public void set(int level, Duration duration) {
        if (level < 0 || level > MAX_LEVEL) {
            throw new IllegalArgumentException("level: " + level + " (expected: 0 to " + MAX_LEVEL + ")");
        }
        if (duration.isNegative() || duration.isZero() || duration.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("duration: " + duration + " (expected: more than 0 and at most 7 days)");
        }
        long mine = PROCESS.apply(level);
        later.accept(duration, () -> PROCESS.revert(mine));
    }

    private static final class LevelOfProcess {
        private int current;
        private long changes;
        private Optional<Configured> configured = Optional.empty();

        private record Configured(@Nullable Level level) {}

        synchronized int current() {
            return current;
        }

        synchronized long apply(int level) {
            if (LoggerFactory.getLogger(OURS) instanceof Logger logger) {
                Configured before = configured.orElseGet(() -> new Configured(logger.getLevel()));
                configured = Optional.of(before);
                logger.setLevel(level == 0 ? before.level() : level == 1 ? Level.DEBUG : Level.TRACE);
                current = level;
            }
            return ++changes;
        }

        synchronized void revert(long change) {
            if (change == changes) {
                var unused = apply(0);
            }
        }
    }
}
