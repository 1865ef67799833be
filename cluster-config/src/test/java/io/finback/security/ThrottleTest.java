package io.finback.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The example of Mesos' guide to rate limiting, and what is refused of such files. */
class ThrottleTest {
    private static final String GUIDE = """
            {"limits": [{"principal": "foo", "qps": 55.5, "capacity": 100000}, {"principal": "bar", "qps": 300}, {"principal": "baz"}],
             "aggregate_default_qps": 333, "aggregate_default_capacity": 1000000}""";

    private final AtomicReference<RateLimits> limits = new AtomicReference<>(RateLimits.NONE);
    private final Throttle throttle = new Throttle(limits::get, Duration.ofSeconds(2));

    private Throttle.Turn ask(String who, double atSeconds) {
        return throttle.next(
                who.isEmpty() ? Optional.empty() : Optional.of(who), (long) (atSeconds * TimeUnit.SECONDS.toNanos(1)));
    }

    private static Throttle.Turn after(double seconds) {
        return new Throttle.Turn(true, Math.round(seconds * TimeUnit.SECONDS.toNanos(1)));
    }

    @Test
    void readsTheGuidesExample() {
        RateLimits read = RateLimits.parse(GUIDE);
        assertThat(read.of(Optional.of("foo")).qps()).hasValue(55.5);
        assertThat(read.of(Optional.of("bar")).capacity()).isEmpty();
        assertThat(read.of(Optional.of("baz")).qps()).isEmpty();
        assertThat(read.of(Optional.of("anyone")).qps()).hasValue(333);
        assertThat(read.of(Optional.empty()).capacity()).hasValue(1_000_000);
    }

    @Test
    void turnsAreEvenlyApartAndLostWhenNotTaken() {
        limits.set(RateLimits.parse("{\"limits\": [{\"principal\": \"foo\", \"qps\": 2}]}"));
        assertThat(ask("foo", 10)).isEqualTo(after(0));
        assertThat(ask("foo", 10)).isEqualTo(after(0.5));
        assertThat(ask("foo", 10.25)).isEqualTo(after(0.75));
        assertThat(ask("foo", 60)).isEqualTo(after(0));
        assertThat(ask("foo", 60)).isEqualTo(after(0.5));
        assertThat(ask("bar", 60)).isEqualTo(after(0));
        assertThat(ask("bar", 60)).isEqualTo(after(0));
    }

    @Test
    void whoWouldWaitTooLongOrBehindTooManyIsSentAway() {
        limits.set(RateLimits.parse("""
                {"limits": [{"principal": "foo", "qps": 1}, {"principal": "bar", "qps": 10, "capacity": 1}]}"""));
        assertThat(ask("foo", 0)).isEqualTo(after(0));
        assertThat(ask("foo", 0)).isEqualTo(after(1));
        assertThat(ask("foo", 0)).isEqualTo(after(2));
        assertThat(ask("foo", 0)).isEqualTo(new Throttle.Turn(false, TimeUnit.SECONDS.toNanos(3)));
        // Being sent away uses no turn up.
        assertThat(ask("foo", 1)).isEqualTo(after(2));
        assertThat(ask("bar", 0)).isEqualTo(after(0));
        assertThat(ask("bar", 0)).isEqualTo(after(0.1));
        assertThat(ask("bar", 0).admitted()).isFalse();
    }

    @Test
    void whoIsNotListedSharesOneLimitWithAllOthersAndWithNobody() {
        limits.set(RateLimits.parse("{\"limits\": [{\"principal\": \"foo\"}], \"aggregate_default_qps\": 1}"));
        assertThat(ask("a", 0)).isEqualTo(after(0));
        assertThat(ask("b", 0)).isEqualTo(after(1));
        assertThat(ask("", 0)).isEqualTo(after(2));
        assertThat(ask("foo", 0)).isEqualTo(after(0));
        limits.set(RateLimits.parse("{\"aggregate_default_qps\": 1}"));
        assertThat(ask("b", 0)).as("new limits, new turns").isEqualTo(after(0));
    }

    @Test
    void aSlipIsNamedWithItsPlace() {
        refuses("{", "line 1");
        refuses("[]", "expected: an object");
        refuses("{\"limit\": []}", "limit: not known (expected: [limits,");
        refuses("{\"limits\": [{\"qps\": 1}]}", "limits[0].principal: missing");
        refuses("{\"limits\": [{\"principal\": \"a\", \"qps\": 0}]}", "limits[0].qps: 0 (expected: a number from");
        refuses("{\"limits\": [{\"principal\": \"a\", \"capacity\": 5}]}", "limits[0].capacity: 5 without qps");
        refuses(
                "{\"limits\": [{\"principal\": \"a\"}, {\"principal\": \"a\"}]}",
                "limits[1].principal: a is there twice");
        refuses("{\"aggregate_default_qps\": \"many\"}", "aggregate_default_qps: \"many\"");
    }

    private static void refuses(String text, String message) {
        assertThatThrownBy(() -> RateLimits.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
