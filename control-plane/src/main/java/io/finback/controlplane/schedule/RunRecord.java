package io.finback.controlplane.schedule;

import io.finback.controlplane.scheduler.Instance;
import java.time.Instant;
import java.util.Optional;

/**
 * What became of an attempt, or of occurrences that never ran. Every nominal time ends in one of these; none just vanishes.
 *
 * @param nominal when it was due; the first of them for several
 * @param until the last of several
 * @param count how many occurrences this speaks of
 * @param taskId empty when nothing was launched
 */
public record RunRecord(
        Instant nominal,
        Instant until,
        long count,
        int attempt,
        Outcome outcome,
        Optional<String> taskId,
        Optional<String> agentId,
        Optional<Instant> startedAt,
        Instant endedAt,
        String message,
        long elements) {

    public enum Outcome {
        SUCCEEDED,
        FAILED,
        KILLED,
        /** Never reached a machine; the same occurrence is launched again. */
        NOT_LAUNCHED,
        /** Too late by the job's epsilon. */
        MISSED,
        /** The one before still ran. */
        OVERLAPPED,
        /** A retry that was not needed any more. */
        SUPERSEDED,
        /** The job was removed or disabled first. */
        WITHDRAWN
    }

    /** Occurrences that do not run. */
    static RunRecord without(Instant first, Instant last, long count, Outcome outcome, String message, Instant now) {
        return new RunRecord(
                first, last, count, 0, outcome, Optional.empty(), Optional.empty(), Optional.empty(), now, message, 0);
    }

    static RunRecord of(Run run, Outcome outcome, String taskId, String message, Instant now) {
        return new RunRecord(
                run.nominal(),
                run.nominal(),
                1,
                run.attempt(),
                outcome,
                run.launched() ? Optional.of(taskId) : Optional.empty(),
                run.place().map(Instance.Place::agentId),
                run.startedAt(),
                now,
                message,
                run.elements());
    }
}
