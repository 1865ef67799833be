package io.finback.controlplane.schedule;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A repeating interval of ISO 8601: {@code R5/2026-11-25T08:00:00Z/PT1H}. The n-th occurrence is the start and n steps; finding one is
 * O(log n). Source: Chronos' docs/docs/api.md (schedule), Iso8601Expressions.
 *
 * @param times how many runs there are in all; empty: no end
 */
public record Repetition(OptionalLong times, ZonedDateTime start, String period, Step step) implements Timetable {
    private static final Pattern FORM = Pattern.compile("R(\\d{0,18})/([^/]*)/(P[^/]+)");
    private static final Instant EARLIEST = Instant.EPOCH;
    private static final DateTimeFormatter START = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .optionalStart()
            .appendLiteral('T')
            .appendValue(ChronoField.HOUR_OF_DAY, 2)
            .optionalStart()
            .appendLiteral(':')
            .appendValue(ChronoField.MINUTE_OF_HOUR, 2)
            .optionalStart()
            .appendLiteral(':')
            .appendValue(ChronoField.SECOND_OF_MINUTE, 2)
            .optionalStart()
            .appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, true)
            .optionalEnd()
            .optionalEnd()
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HH:MM", "Z")
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HHMM", "Z")
            .optionalEnd()
            .optionalEnd()
            .parseDefaulting(ChronoField.HOUR_OF_DAY, 0)
            .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
            .parseDefaulting(ChronoField.SECOND_OF_MINUTE, 0)
            .toFormatter(java.util.Locale.ROOT);
    private static final DateTimeFormatter SHOWN =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", java.util.Locale.ROOT);

    /**
     * Reads a schedule. An empty start means a second ago: at once. {@code zone} keeps the written wall clock and moves it there; without one
     * the written offset holds, else UTC. Throws {@link IllegalArgumentException} that says what was expected.
     */
    public static Repetition parse(String schedule, Optional<String> zone, Instant now) {
        Matcher m = FORM.matcher(schedule);
        if (!m.matches()) {
            throw new IllegalArgumentException(
                    "'" + schedule + "' (expected: R[n]/start/period such as R5/2026-11-25T08:00:00Z/PT1H)");
        }
        OptionalLong times = m.group(1).isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(m.group(1)));
        ZonedDateTime start = m.group(2).isEmpty()
                ? now.minusSeconds(1).atZone(zone.map(Timetable::zone).orElse(ZoneOffset.UTC))
                : start(m.group(2), zone);
        if (start.toInstant().isBefore(EARLIEST)) {
            throw new IllegalArgumentException("start '" + m.group(2) + "' (expected: not before 1970)");
        }
        return new Repetition(times, start, m.group(3), Step.parse(m.group(3)));
    }

    private static ZonedDateTime start(String text, Optional<String> zone) {
        try {
            TemporalAccessor parsed = START.parseBest(text, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
            LocalDateTime wall = LocalDateTime.from(parsed);
            if (zone.isPresent()) {
                return wall.atZone(Timetable.zone(zone.get()));
            }
            ZoneId written = parsed instanceof OffsetDateTime offset ? offset.getOffset() : ZoneOffset.UTC;
            return wall.atZone(written);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "start '" + text + "' (expected: ISO 8601 such as 2026-11-25T08:00:00Z, or nothing)", e);
        }
    }

    @Override
    public Optional<Instant> next(Instant after) {
        return at(indexBefore(after) + 1);
    }

    @Override
    public OptionalLong runs() {
        return times;
    }

    @Override
    public Backlog backlog(Instant from, Instant until, int keep) {
        // Occurrences from (inclusive) to until (exclusive).
        long first = indexBefore(from.minusNanos(1)) + 1;
        long last = indexBefore(until.minusNanos(1));
        if (last < first) {
            return Backlog.NONE;
        }
        List<Instant> latest = new ArrayList<>();
        for (long i = Math.max(first, last - keep + 1); i <= last; i++) {
            at(i).ifPresent(latest::add);
        }
        return new Backlog(last - first + 1, at(first), at(last), latest);
    }

    /** As Chronos shows it: what is left, from the next one on. */
    public String shown(Optional<Instant> next, OptionalLong left) {
        String at = next.map(n -> SHOWN.format(n.atZone(start.getZone()))).orElse(SHOWN.format(start));
        return "R" + (left.isPresent() ? Long.toString(left.getAsLong()) : "") + "/" + at + "/" + period;
    }

    private Optional<Instant> at(long index) {
        return step.from(start, index);
    }

    /** The largest index whose time is not after {@code limit}; -1 when even the start is. */
    private long indexBefore(Instant limit) {
        if (start.toInstant().isAfter(limit)) {
            return -1;
        }
        long low = 0;
        long high = 1;
        while (!isAfter(high, limit)) {
            low = high;
            high *= 2;
        }
        while (high - low > 1) {
            long middle = low + (high - low) / 2;
            if (isAfter(middle, limit)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return low;
    }

    private boolean isAfter(long index, Instant limit) {
        return at(index).map(t -> t.isAfter(limit)).orElse(true);
    }
}
