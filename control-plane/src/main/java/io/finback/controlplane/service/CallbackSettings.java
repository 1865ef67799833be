package io.finback.controlplane.service;

import java.time.Duration;

/**
 * How events are posted to those who subscribed with a URL.
 *
 * @param max URLs at most
 * @param queue events that wait for one URL; more push out the oldest
 * @param attempts how often one event is posted at most
 * @param retry between the first two attempts; doubles with each
 * @param timeout of one attempt
 */
public record CallbackSettings(int max, int queue, int attempts, Duration retry, Duration timeout) {
    public static final CallbackSettings DEFAULTS =
            new CallbackSettings(100, 1000, 5, Duration.ofSeconds(1), Duration.ofSeconds(10));
}
