package io.finback.controlplane.schedule;

import java.time.Duration;

/**
 * What holds for every job of a cluster.
 *
 * @param epsilon how late an occurrence may start when its job does not say
 * @param retryDelay between a failure and the next attempt
 * @param catchUp late occurrences that {@code ALL} runs at most
 * @param maxQueued occurrences of one job that wait at most; more are not run, which is written down
 * @param disableAfterFailures so many failed occurrences in a row disable a job; empty: none do
 */
public record JobLimits(
        Duration epsilon,
        Duration retryDelay,
        int catchUp,
        int maxQueued,
        java.util.OptionalInt disableAfterFailures) {}
