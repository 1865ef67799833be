package io.finback.controlplane.mesosapi.subscribe;

import java.time.Duration;

/**
 * Limits of the scheduler API; {@code reference.conf} has the reasons.
 *
 * @param heartbeat between heartbeats of a stream, at most Mesos' 15 s, on which clients rely
 * @param askTimeout how long a call waits for its framework; then 503
 * @param maxBodyBytes of one call; more is 413
 * @param maxBodiesBytes of all calls being read at a time; more is 503
 * @param bodyTimeout how long one call may take to arrive; then 408
 * @param maxValues messages, list elements and fields in one call; more is 413
 * @param maxStreams subscriptions on one master; more are 503
 * @param bufferEvents events one subscriber may be behind; then it is disconnected
 * @param bufferBytes the same in bytes
 */
public record SchedulerApiSettings(
        Duration heartbeat,
        Duration askTimeout,
        long maxBodyBytes,
        long maxBodiesBytes,
        Duration bodyTimeout,
        int maxValues,
        int maxStreams,
        int bufferEvents,
        long bufferBytes) {
    /** What Mesos sends; not configurable there. */
    public static final Duration MESOS_HEARTBEAT = Duration.ofSeconds(15);

    public SchedulerApiSettings {
        if (heartbeat.isNegative() || heartbeat.isZero() || heartbeat.compareTo(MESOS_HEARTBEAT) > 0) {
            throw new IllegalArgumentException(
                    "finback.master.scheduler-api.heartbeat: " + heartbeat + " (expected: > 0 and at most 15 s)");
        }
        if (maxBodiesBytes < maxBodyBytes) {
            throw new IllegalArgumentException("finback.master.scheduler-api.max-bodies: " + maxBodiesBytes
                    + " (expected: at least max-body, " + maxBodyBytes + ")");
        }
    }
}
