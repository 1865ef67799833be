package io.finback.tasks;

import java.time.Duration;
import java.util.Map;

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
        Duration gracePeriod) {
    /** The same for everybody to see: environments hold secrets. */
    public HealthCheck withoutEnvironment() {
        return probe.command()
                .filter(command -> !command.environment().isEmpty())
                .map(command -> new HealthCheck(
                        Probe.of(new CommandInfo(
                                command.shell(), command.value(), command.arguments(), Map.of(), command.user())),
                        delay,
                        interval,
                        timeout,
                        consecutiveFailures,
                        gracePeriod))
                .orElse(this);
    }
}
