package io.finback.controlplane.schedule;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** When a job is due. Pure and immutable. */
public sealed interface Timetable permits Repetition, Cron {
    /** The first nominal time after {@code after}; empty: never again. */
    Optional<Instant> next(Instant after);

    /** How many runs there are in all; empty: no end. */
    OptionalLong runs();

    /** What lies from {@code from} (inclusive) to {@code until} (exclusive): how much, and the {@code keep} latest. */
    Backlog backlog(Instant from, Instant until, int keep);

    /**
     * Occurrences of a stretch of time.
     *
     * @param count of them; at least so many when they are very many
     * @param latest in order
     */
    record Backlog(long count, Optional<Instant> first, Optional<Instant> last, List<Instant> latest) {
        static final Backlog NONE = new Backlog(0, Optional.empty(), Optional.empty(), List.of());

        public Backlog {
            latest = List.copyOf(latest);
        }
    }

    /** A zone by its name; also the short ones of old ({@code PST}). Throws {@link IllegalArgumentException}. */
    static ZoneId zone(String name) {
        try {
            return ZoneId.of(name, ZoneId.SHORT_IDS);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "time zone '" + name + "' (expected: a name such as Europe/Berlin, UTC or GMT+2)", e);
        }
    }
}
