package io.finback.tasks;

import java.time.Duration;

/**
 * Decides whether a task is healthy, and ends one that is not. Source: Mesos {@code HealthCheck}.
 *
 * @param delay before the first look
 * @param interval between the end of one look and the next
 * @param timeout of one look; zero: none
 * @param consecutiveFailures after so many the task is ended; 0: never
 * @param gracePeriod failures this long after the start do not count, until the first success
 */
public record HealthCheck(
        Probe probe,
        Duration delay,
        Duration interval,
        Duration timeout,
        int consecutiveFailures,
        Duration gracePeriod) {}
