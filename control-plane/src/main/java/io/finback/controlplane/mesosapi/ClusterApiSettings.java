package io.finback.controlplane.mesosapi;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Limits of the cluster API.
 *
 * @param maxReads answers that wait to be written; more are refused with 503
 * @param maxBody bytes of a request's body; more are refused with 413
 * @param askTimeout how long a write waits for its entity; then 503, and whether it was done is not known
 * @param maxSubscribers of the event stream; one more evicts the oldest
 * @param keptEvents how far behind a subscriber may be, and come back without a new snapshot
 * @param maxFiles answers of agents passed on at the same time; one more is refused with 503
 * @param log the master's own log file, if it writes one
 */
public record ClusterApiSettings(
        int maxReads,
        long maxBody,
        Duration askTimeout,
        int maxSubscribers,
        int keptEvents,
        int maxFiles,
        Optional<Path> log) {
    public ClusterApiSettings {
        atLeastOne("max-reads", maxReads);
        atLeastOne("max-body", maxBody);
        atLeastOne("ask-timeout", askTimeout.toMillis());
        atLeastOne("events.max-subscribers", maxSubscribers);
        atLeastOne("events.kept", keptEvents);
        atLeastOne("max-files", maxFiles);
        log.filter(file -> !file.isAbsolute()).ifPresent(file -> {
            throw new IllegalArgumentException(
                    "finback.master.api.log: '" + file + "' (expected: an absolute path, or nothing)");
        });
    }

    public ClusterApiSettings(
            int maxReads, long maxBody, Duration askTimeout, int maxSubscribers, int keptEvents, int maxFiles) {
        this(maxReads, maxBody, askTimeout, maxSubscribers, keptEvents, maxFiles, Optional.empty());
    }

    private static void atLeastOne(String key, long value) {
        if (value < 1) {
            throw new IllegalArgumentException("finback.master.api." + key + ": " + value + " (expected: >= 1)");
        }
    }
}
