package io.finback.controlplane.schedule;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A period of ISO 8601 such as {@code P1M}, {@code P1DT12H} or {@code PT0.5S}. Months and days are those of a calendar, so that a daily job
 * keeps its hour when clocks change; the part below {@code T} is exact.
 */
record Step(long months, long days, Duration exact) {
    private static final Pattern FORM =
            Pattern.compile("P(?:(\\d{1,6})Y)?(?:(\\d{1,6})M)?(?:(\\d{1,6})W)?(?:(\\d{1,6})D)?"
                    + "(?:T(?:(\\d{1,9})H)?(?:(\\d{1,9})M)?(?:(\\d{1,9}(?:\\.\\d{1,9})?)S)?)?");
    private static final BigDecimal NANOS = BigDecimal.valueOf(1_000_000_000L);
    /** Ids of occurrences are in milliseconds. */
    private static final Duration SHORTEST = Duration.ofMillis(10);

    static Step parse(String text) {
        Matcher m = FORM.matcher(text);
        if (!m.matches()) {
            throw new IllegalArgumentException("period '" + text + "' (expected: ISO 8601 such as PT1H or P1D)");
        }
        long months = number(m, 1) * 12 + number(m, 2);
        long days = number(m, 3) * 7 + number(m, 4);
        Duration exact = Duration.ofHours(number(m, 5)).plusMinutes(number(m, 6));
        if (m.group(7) != null) {
            exact = exact.plusNanos(new BigDecimal(m.group(7)).multiply(NANOS).longValue());
        }
        if (months == 0 && days == 0 && exact.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException("period '" + text + "' (expected: at least 10 ms)");
        }
        return new Step(months, days, exact);
    }

    private static long number(Matcher m, int group) {
        String digits = m.group(group);
        return digits == null ? 0 : Long.parseLong(digits);
    }

    /** {@code start} and {@code times} steps; counted from the start, so that the 31st stays the last day of months. Empty: beyond all calendars. */
    Optional<Instant> from(ZonedDateTime start, long times) {
        try {
            return Optional.of(start.plusMonths(Math.multiplyExact(months, times))
                    .plusDays(Math.multiplyExact(days, times))
                    .plus(exact.multipliedBy(times))
                    .toInstant());
        } catch (DateTimeException | ArithmeticException e) {
            return Optional.empty();
        }
    }
}
