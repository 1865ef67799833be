package io.finback.controlplane.schedule;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A cron expression in a time zone: minute, hour, day of month, month, day of week, with a field of seconds before them if there are six.
 * When both days are restricted, either will do. Days of the week are 0 to 7, or names. Clock changes, as in Vixie's cron: an expression that
 * names hours runs once on the day an hour occurs twice, and on the day it does not occur at the same distance after the change; one for
 * every hour follows the real time. Source: crontab(5), BSD.
 */
public final class Cron implements Timetable {
    private static final Map<String, String> NAMED = Map.of(
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *",
            "@monthly", "0 0 1 * *",
            "@weekly", "0 0 * * 0",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@hourly", "0 * * * *");
    private static final List<String> MONTHS =
            List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");
    private static final List<String> DAYS = List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");
    /** A leap day on a given day of the week is at most 40 years away (across 2100). */
    private static final int SEARCH_DAYS = 41 * 366;
    /** More are not counted one by one. */
    private static final int MAX_COUNTED = 100_000;

    private final String expression;
    private final ZoneId zone;
    private final BitSet seconds;
    private final BitSet minutes;
    private final BitSet hours;
    private final BitSet monthDays;
    private final BitSet months;
    private final BitSet weekDays;
    private final boolean anyMonthDay;
    private final boolean anyWeekDay;

    private Cron(String expression, ZoneId zone, List<String> fields) {
        this.expression = expression;
        this.zone = zone;
        this.seconds = CronField.parse("second", fields.get(0), 0, 59, List.of());
        this.minutes = CronField.parse("minute", fields.get(1), 0, 59, List.of());
        this.hours = CronField.parse("hour", fields.get(2), 0, 23, List.of());
        this.monthDays = CronField.parse("day of month", fields.get(3), 1, 31, List.of());
        this.months = CronField.parse("month", fields.get(4), 1, 12, MONTHS);
        this.weekDays = CronField.parse("day of week", fields.get(5), 0, 7, DAYS);
        if (weekDays.get(7)) {
            weekDays.set(0);
        }
        this.anyMonthDay = isAny(fields.get(3));
        this.anyWeekDay = isAny(fields.get(5));
    }

    /** Throws {@link IllegalArgumentException} that names the field, the value and what was expected. */
    public static Cron parse(String expression, Optional<String> zone) {
        String plain = NAMED.getOrDefault(expression.strip().toLowerCase(java.util.Locale.ROOT), expression.strip());
        List<String> fields = new ArrayList<>(List.of(plain.split("\\s+")));
        if (fields.size() == 5) {
            fields.add(0, "0");
        }
        if (fields.size() != 6) {
            throw new IllegalArgumentException("cron '" + expression
                    + "' (expected: minute hour day-of-month month day-of-week, or the same after seconds)");
        }
        Cron cron = new Cron(expression.strip(), zone.map(Timetable::zone).orElse(java.time.ZoneOffset.UTC), fields);
        if (cron.next(Instant.EPOCH.plus(365L * 30, ChronoUnit.DAYS)).isEmpty()) {
            throw new IllegalArgumentException("cron '" + expression + "' (expected: a date that exists)");
        }
        return cron;
    }

    private static boolean isAny(String field) {
        return field.startsWith("*") || field.equals("?");
    }

    public String expression() {
        return expression;
    }

    @Override
    public OptionalLong runs() {
        return OptionalLong.empty();
    }

    @Override
    public Optional<Instant> next(Instant after) {
        ZonedDateTime from = after.atZone(zone);
        LocalDate date = from.toLocalDate();
        // The day before: what did not occur there may have moved past midnight.
        LocalDate day = date.minusDays(1);
        for (int i = 0; i < SEARCH_DAYS; i++, day = day.plusDays(1)) {
            if (matches(day)) {
                Optional<Instant> found = hours.cardinality() == 24 ? everyHour(day, after) : namedHours(day, after);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private boolean matches(LocalDate day) {
        boolean byMonth = monthDays.get(day.getDayOfMonth());
        boolean byWeek = weekDays.get(day.getDayOfWeek().getValue() % 7);
        boolean both = anyMonthDay || anyWeekDay;
        boolean fits = both ? byMonth && byWeek : byMonth || byWeek;
        return fits && months.get(day.getMonthValue());
    }

    /** Follows real time through {@code day}: a repeated hour counts twice, a missing one not at all. */
    private Optional<Instant> everyHour(LocalDate day, Instant after) {
        ZonedDateTime at = day.atStartOfDay(zone);
        ZonedDateTime earliest =
                after.plusSeconds(1).truncatedTo(ChronoUnit.SECONDS).atZone(zone);
        at = earliest.isAfter(at) ? earliest : at;
        while (at.toLocalDate().equals(day)) {
            if (!minutes.get(at.getMinute())) {
                at = at.truncatedTo(ChronoUnit.MINUTES).plusMinutes(1);
            } else if (!seconds.get(at.getSecond())) {
                at = at.plusSeconds(1);
            } else {
                return Optional.of(at.toInstant());
            }
        }
        return Optional.empty();
    }

    /** Every named time of {@code day} once, missing ones moved by the length of the gap. */
    private Optional<Instant> namedHours(LocalDate day, Instant after) {
        if (!day.plusDays(2).atStartOfDay(zone).toInstant().isAfter(after)) {
            return Optional.empty();
        }
        Instant best = Instant.MAX;
        for (int h = hours.nextSetBit(0); h >= 0; h = hours.nextSetBit(h + 1)) {
            Instant whole = day.atTime(h, 59, 59)
                    .atZone(zone)
                    .withLaterOffsetAtOverlap()
                    .toInstant();
            if (!whole.isAfter(after)) {
                continue;
            }
            for (int m = minutes.nextSetBit(0); m >= 0; m = minutes.nextSetBit(m + 1)) {
                for (int s = seconds.nextSetBit(0); s >= 0; s = seconds.nextSetBit(s + 1)) {
                    Instant at = ZonedDateTime.of(day, LocalTime.of(h, m, s), zone)
                            .withEarlierOffsetAtOverlap()
                            .toInstant();
                    best = at.isAfter(after) && at.isBefore(best) ? at : best;
                }
            }
            // A moved hour may lie beside the next one: look at one hour more.
            if (best.isBefore(whole.minusSeconds(3600))) {
                break;
            }
        }
        return best.equals(Instant.MAX) ? Optional.empty() : Optional.of(best);
    }

    @Override
    public Backlog backlog(Instant from, Instant until, int keep) {
        ArrayDeque<Instant> latest = new ArrayDeque<>();
        long count = 0;
        Optional<Instant> first = next(from.minusNanos(1)).filter(t -> t.isBefore(until));
        Optional<Instant> at = first;
        Optional<Instant> last = Optional.empty();
        boolean jumped = false;
        while (at.isPresent()) {
            count++;
            last = at;
            latest.addLast(at.get());
            if (latest.size() > keep) {
                latest.removeFirst();
            }
            Instant after = at.get();
            if (count == MAX_COUNTED && !jumped) {
                // The rest is told as "at least"; the latest day is looked at all the same.
                jumped = true;
                Instant dayBefore = until.minus(1, ChronoUnit.DAYS);
                after = dayBefore.isAfter(after) ? dayBefore : after;
            }
            at = next(after).filter(t -> t.isBefore(until));
        }
        return new Backlog(count, first, last, List.copyOf(latest));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Cron cron && cron.expression.equals(expression) && cron.zone.equals(zone);
    }

    @Override
    public int hashCode() {
        return expression.hashCode() * 31 + zone.hashCode();
    }

    @Override
    public String toString() {
        return expression + " " + zone;
    }
}
