package io.finback.controlplane.allocation;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How fast silent agents are given up: so that a broken network does not cost a whole pool its tasks at once. Source: Mesos {@code
 * --agent_removal_rate_limit}.
 *
 * @param permits agents, at least 1, in each
 * @param per of these, &gt; 0
 */
public record RemovalRate(int permits, Duration per) {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,6})/(\\d{1,9}(?:\\.\\d{1,9})?)([a-z]+)");
    private static final Map<String, Double> SECONDS = Map.of(
            "ns", 1e-9, "us", 1e-6, "ms", 1e-3, "secs", 1.0, "mins", 60.0, "hrs", 3600.0, "days", 86_400.0, "weeks",
            604_800.0);

    public RemovalRate {
        if (permits < 1 || per.isNegative() || per.isZero()) {
            throw new IllegalArgumentException(
                    "agent-removal-rate-limit: " + permits + "/" + per + " (expected: at least 1 in a time > 0)");
        }
    }

    /** Mesos' own text, such as {@code 1/10mins}. */
    public static RemovalRate parse(String text) {
        Matcher matcher = TEXT.matcher(text.trim().toLowerCase(Locale.ROOT));
        if (!matcher.matches() || !SECONDS.containsKey(matcher.group(3))) {
            throw new IllegalArgumentException(
                    "finback.master.agent-removal-rate-limit: '" + text
                            + "' (expected: none, or agents/time such as 1/10mins; units ns, us, ms, secs, mins, hrs, days, weeks)");
        }
        double seconds = Double.parseDouble(matcher.group(2)) * SECONDS.getOrDefault(matcher.group(3), 1.0);
        return new RemovalRate(Integer.parseInt(matcher.group(1)), Duration.ofNanos(Math.round(seconds * 1e9)));
    }

    /** When the next one may be given up after one that was at {@code last}. */
    Instant after(Instant last) {
        return last.plus(per.dividedBy(permits));
    }
}
