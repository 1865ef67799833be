package io.finback.nodeagent.check;

import io.finback.tasks.HealthCheck;
import io.finback.tasks.Probe;
import java.time.Duration;
import java.util.Optional;

/**
 * What the looks at one task's health have come to. Pure and immutable. As Mesos' built-in executors do it, every failure that counts
 * is reported and, of successes, the first one and those after a failure; so that a check without a limit does not fill journals for
 * ever, only the first {@link #MOST_REPORTED} failures in a row are. Source: apache/mesos {@code src/checks/health_checker.cpp}.
 *
 * @param said the last report; empty: none yet
 * @param failures in a row that counted
 */
public record HealthState(Optional<Boolean> said, int failures) {
    static final int MOST_REPORTED = 20;

    /**
     * What follows from a look.
     *
     * @param report what to say of the task, if anything
     * @param kill whether it has failed too often
     */
    public record Verdict(HealthState next, Optional<Boolean> report, boolean kill) {}

    /** The state of a task whose last report is known; failures before a restart of the agent are not counted again. */
    public static HealthState resumed(Optional<Boolean> said) {
        return new HealthState(said, 0);
    }

    /**
     * What {@code outcome} changes.
     *
     * @param sinceStart how long the task has been running
     */
    public Verdict after(HealthCheck check, Outcome outcome, Duration sinceStart) {
        if (passes(check.probe(), outcome)) {
            HealthState healthy = new HealthState(Optional.of(true), 0);
            boolean news = failures > 0 || !said.equals(Optional.of(true));
            return new Verdict(healthy, news ? Optional.of(true) : Optional.empty(), false);
        }
        if (!said.equals(Optional.of(true))
                && failures == 0
                && sinceStart.compareTo(check.gracePeriod()) <= 0
                && !check.gracePeriod().isZero()) {
            return new Verdict(this, Optional.empty(), false);
        }
        int inARow = failures == Integer.MAX_VALUE ? failures : failures + 1;
        boolean kill = check.consecutiveFailures() > 0 && inARow >= check.consecutiveFailures();
        boolean report = kill || inARow <= MOST_REPORTED;
        return new Verdict(
                new HealthState(report ? Optional.of(false) : said, inARow),
                report ? Optional.of(false) : Optional.empty(),
                kill);
    }

    /** Whether a look shows a healthy task. */
    static boolean passes(Probe probe, Outcome outcome) {
        if (outcome instanceof Outcome.Exited exited) {
            return exited.status() == 0;
        }
        if (outcome instanceof Outcome.Answered answered) {
            int status = answered.status();
            return probe.http()
                    .map(Probe.Http::statuses)
                    .filter(wanted -> !wanted.isEmpty())
                    .map(wanted -> wanted.contains(status))
                    .orElse(status >= 200 && status <= 399);
        }
        return outcome instanceof Outcome.Connected connected && connected.accepted();
    }
}
