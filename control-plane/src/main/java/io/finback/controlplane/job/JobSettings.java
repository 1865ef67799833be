package io.finback.controlplane.job;

import io.finback.controlplane.schedule.JobLimits;
import io.finback.controlplane.service.SchedulerSettings;
import java.time.Duration;

/**
 * How jobs pace themselves.
 *
 * @param limits what holds for every job
 * @param repeat how often what is unconfirmed is said again
 * @param scheduler of the built-in scheduler that places runs
 * @param askTimeout how long a request waits for a job before it is answered with 503
 * @param maxBodyBytes larger request bodies are answered with 413
 * @param user whom commands run as when their job does not say; empty: the agent's own
 */
public record JobSettings(
        JobLimits limits,
        Duration repeat,
        SchedulerSettings scheduler,
        Duration askTimeout,
        long maxBodyBytes,
        String user) {
    /** {@code refuse}: for how long resources that no job waits for are not offered again. */
    public static JobSettings of(
            JobLimits limits, Duration repeat, Duration refuse, Duration askTimeout, long maxBodyBytes, String user) {
        SchedulerSettings scheduler = new SchedulerSettings(
                repeat.dividedBy(5),
                repeat.multipliedBy(5),
                repeat.multipliedBy(3),
                refuse,
                Duration.ofMillis(20),
                Duration.ofMinutes(6),
                Integer.MAX_VALUE,
                1,
                Duration.ofDays(3650));
        return new JobSettings(limits, repeat, scheduler, askTimeout, maxBodyBytes, user);
    }

    Duration killRepeat() {
        return repeat.multipliedBy(5);
    }

    /** A launch without any news is asked about this often. */
    Duration reconcileStaging() {
        return repeat.multipliedBy(15);
    }

    /** Everything launched is asked about this often. */
    Duration reconcileAll() {
        return repeat.multipliedBy(600);
    }
}
