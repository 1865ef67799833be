package io.finback.controlplane.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** When jobs are due: repeating intervals and cron expressions, over clock changes and month ends. */
class TimetableTest {
    private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

    private static Repetition repetition(String text) {
        return Repetition.parse(text, Optional.empty(), NOW);
    }

    private static Cron cron(String text, String zone) {
        return Cron.parse(text, Optional.of(zone));
    }

    private static List<String> next(Timetable timetable, String after, int count) {
        List<String> all = new ArrayList<>();
        Instant at = Instant.parse(after);
        for (int i = 0; i < count; i++) {
            at = timetable.next(at).orElseThrow();
            all.add(at.toString());
        }
        return all;
    }

    @Test
    void readsRepetitionsAsChronosDoes() {
        assertThat(repetition("R/2026-01-01T00:00:00Z/PT1H").runs()).isEqualTo(OptionalLong.empty());
        assertThat(repetition("R5/2026-01-01T00:00:00.000Z/P1D").runs()).isEqualTo(OptionalLong.of(5));
        assertThat(repetition("R//PT10S").start().toInstant()).isEqualTo(NOW.minusSeconds(1));
        assertThat(repetition("R1/2026-01-01T02:00:00+02:00/PT1H").start().toInstant())
                .isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(repetition("R1/2026-01-01T02:00+0200/PT1H").start().toInstant())
                .isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(repetition("R1/2026-01-01/PT1H").start().toInstant())
                .isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
        // The zone takes the written wall clock.
        assertThat(Repetition.parse("R/2026-01-01T08:00:00Z/P1D", Optional.of("America/Los_Angeles"), NOW)
                        .start()
                        .toInstant())
                .isEqualTo(Instant.parse("2026-01-01T16:00:00Z"));
        assertThat(Repetition.parse("R/2026-01-01T08:00:00Z/P1D", Optional.of("PST"), NOW)
                        .start()
                        .toInstant())
                .isEqualTo(Instant.parse("2026-01-01T16:00:00Z"));
    }

    @Test
    void refusesWhatIsNoRepetition() {
        for (String bad : List.of(
                "",
                "R",
                "R/x",
                "R//",
                "R//P",
                "R//PT",
                "R//PT0S",
                "R/-/PT1S",
                "X//PT1S",
                "R//PT1S/x",
                "R/2026-13-01T00:00:00Z/PT1S",
                "R/1969-12-31T23:59:59Z/PT1S",
                "R-1//PT1S",
                "R//PT0.001S",
                "R99999999999999999999//PT1S",
                "R//P1H")) {
            assertThatThrownBy(() -> repetition(bad))
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected");
        }
        assertThatThrownBy(() -> Repetition.parse("R//PT1S", Optional.of("Mars/Olympus"), NOW))
                .hasMessageContaining("Mars/Olympus");
    }

    @Test
    void aDailyJobKeepsItsHourWhenClocksChange() {
        Repetition daily = Repetition.parse("R/2026-03-27T08:00:00/P1D", Optional.of("Europe/Berlin"), NOW);
        assertThat(next(daily, "2026-03-27T07:00:00Z", 3))
                .containsExactly("2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z", "2026-03-30T06:00:00Z");
        Repetition hourly = Repetition.parse("R/2026-03-28T08:00:00/PT24H", Optional.of("Europe/Berlin"), NOW);
        assertThat(next(hourly, "2026-03-28T07:00:00Z", 2))
                .containsExactly("2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z");
    }

    @Test
    void aMonthlyJobComesBackToTheThirtyFirst() {
        assertThat(next(repetition("R/2026-01-31T00:00:00Z/P1M"), "2026-01-31T00:00:00Z", 3))
                .containsExactly("2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z");
    }

    @Test
    void findsTheNextOfVeryManyAtOnce() {
        Repetition old = repetition("R/1970-01-01T00:00:00Z/PT1S");
        assertThat(old.next(NOW)).contains(NOW.plusSeconds(1));
        Timetable.Backlog backlog = old.backlog(Instant.EPOCH, NOW, 2);
        assertThat(backlog.count()).isEqualTo(NOW.getEpochSecond());
        assertThat(backlog.latest()).containsExactly(NOW.minusSeconds(2), NOW.minusSeconds(1));
    }

    @Test
    void showsWhatIsLeft() {
        assertThat(repetition("R5/2026-01-01T00:00:00Z/PT1H")
                        .shown(Optional.of(Instant.parse("2026-01-01T03:00:00Z")), OptionalLong.of(2)))
                .isEqualTo("R2/2026-01-01T03:00:00.000Z/PT1H");
    }

    @Test
    void readsCronExpressions() {
        assertThat(next(cron("*/15 * * * *", "UTC"), "2026-11-25T12:01:00Z", 3))
                .containsExactly("2026-11-25T12:15:00Z", "2026-11-25T12:30:00Z", "2026-11-25T12:45:00Z");
        assertThat(next(cron("0 8 * * MON-FRI", "UTC"), "2026-11-27T09:00:00Z", 2))
                .containsExactly("2026-11-30T08:00:00Z", "2026-12-01T08:00:00Z");
        assertThat(next(cron("* * * * * *", "UTC"), "2026-11-25T12:00:00Z", 2))
                .containsExactly("2026-11-25T12:00:01Z", "2026-11-25T12:00:02Z");
        assertThat(next(cron("@daily", "UTC"), "2026-11-25T12:00:00Z", 1)).containsExactly("2026-11-26T00:00:00Z");
        assertThat(next(cron("0 0 29 2 *", "UTC"), "2026-11-25T12:00:00Z", 2))
                .containsExactly("2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z");
        // Both days restricted: either will do. 7 is Sunday.
        assertThat(next(cron("0 0 1 * 7", "UTC"), "2026-11-25T12:00:00Z", 3))
                .containsExactly("2026-11-29T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-06T00:00:00Z");
        assertThat(next(cron("5,10-12 1 1 jan,JUL ?", "UTC"), "2026-11-25T12:00:00Z", 2))
                .containsExactly("2027-01-01T01:05:00Z", "2027-01-01T01:10:00Z");
    }

    @Test
    void refusesWhatIsNoCronExpression() {
        for (String bad : List.of(
                "",
                "* * * *",
                "60 * * * *",
                "* 24 * * *",
                "* * 0 * *",
                "* * * 13 *",
                "* * * * 8",
                "a * * * *",
                "*/0 * * * *",
                "5-1 * * * *",
                "1-2-3 * * * *",
                "0 0 30 2 *",
                "* * * * * * *",
                "1//2 * * * *",
                ", * * * *")) {
            assertThatThrownBy(() -> cron(bad, "UTC"))
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected");
        }
    }

    @Test
    void anHourThatDoesNotOccurIsMadeUpFor() {
        // Berlin: 02:00 becomes 03:00 on 2026-03-29.
        assertThat(next(cron("30 2 * * *", "Europe/Berlin"), "2026-03-28T12:00:00Z", 2))
                .containsExactly("2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z");
        assertThat(next(cron("30 * * * *", "Europe/Berlin"), "2026-03-29T00:00:00Z", 2))
                .containsExactly("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z");
    }

    @Test
    void anHourThatOccursTwiceRunsADailyJobOnce() {
        // Berlin: 03:00 becomes 02:00 on 2026-10-25.
        assertThat(next(cron("30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00:00Z", 2))
                .containsExactly("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
        assertThat(next(cron("30 * * * *", "Europe/Berlin"), "2026-10-25T00:00:00Z", 3))
                .containsExactly("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z");
    }

    /** Against a slow and obvious reference: every minute of three years in a zone with clock changes. */
    @Test
    void everyMinuteOfAnHourlyCronMatchesTheWallClock() {
        Cron cron = cron("7,37 * * * *", "Europe/Berlin");
        ZoneId zone = ZoneId.of("Europe/Berlin");
        Instant at = Instant.parse("2025-01-01T00:00:00Z");
        Instant expected = at;
        for (int i = 0; i < 3 * 365 * 48; i++) {
            do {
                expected = expected.plusSeconds(60);
            } while (expected.atZone(zone).getMinute() % 30 != 7);
            at = cron.next(at).orElseThrow();
            assertThat(at).isEqualTo(expected);
        }
    }
}
