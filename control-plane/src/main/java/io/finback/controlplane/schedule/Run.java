package io.finback.controlplane.schedule;

import io.finback.controlplane.scheduler.Instance;
import java.time.Instant;
import java.util.Optional;

/**
 * One occurrence of a job that is owed or under way. Its identity is chosen and journaled before anything is launched: {@code key} and
 * {@code attempt} name the task, and no task id is used twice.
 *
 * @param key the nominal time in milliseconds, moved on when an occurrence of this job has had that one
 * @param nominal when it was due
 * @param attempt counts launches, from 0
 * @param failures attempts that ran and failed
 * @param notBefore a retry waits until then
 * @param place where it was launched; empty while it waits
 * @param doom why it shall end
 * @param elements what it has told of its progress
 */
public record Run(
        long key,
        Instant nominal,
        Cause cause,
        int attempt,
        int failures,
        Optional<String> arguments,
        Phase phase,
        Instant createdAt,
        Instant notBefore,
        Optional<Instance.Place> place,
        Optional<Instant> startedAt,
        Optional<String> doom,
        long elements) {

    /** Why it is owed. */
    public enum Cause {
        SCHEDULE,
        MANUAL,
        PARENTS
    }

    public enum Phase {
        WAITING,
        STAGING,
        RUNNING,
        UNREACHABLE,
        /** The command has ended well; the end of what it started is awaited. */
        ASYNC
    }

    static Run opened(long key, Instant nominal, Cause cause, Optional<String> arguments, Instant now) {
        return new Run(
                key,
                nominal,
                cause,
                0,
                0,
                arguments,
                Phase.WAITING,
                now,
                now,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                0);
    }

    public boolean waiting() {
        return phase == Phase.WAITING;
    }

    public boolean launched() {
        return phase != Phase.WAITING;
    }

    /** Waits for its time after a failure or a lost offer. */
    boolean resting(Instant now) {
        return waiting() && notBefore.isAfter(now);
    }

    Run placed(Instance.Place at) {
        return with(Phase.STAGING, Optional.of(at), startedAt, doom, elements);
    }

    Run reported(Phase next, Instant at) {
        Optional<Instant> started = next == Phase.RUNNING && startedAt.isEmpty() ? Optional.of(at) : startedAt;
        return with(next, place, started, doom, elements);
    }

    Run doomed(String why) {
        return with(phase, place, startedAt, Optional.of(why), elements);
    }

    Run progressed(long more) {
        return with(phase, place, startedAt, doom, elements + more);
    }

    /** The next attempt; {@code failed}: the last one has run. */
    Run again(boolean failed, Instant now, Instant when) {
        return new Run(
                key,
                nominal,
                cause,
                attempt + 1,
                failures + (failed ? 1 : 0),
                arguments,
                Phase.WAITING,
                now,
                when,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                0);
    }

    private Run with(
            Phase nextPhase,
            Optional<Instance.Place> nextPlace,
            Optional<Instant> started,
            Optional<String> why,
            long count) {
        return new Run(
                key, nominal, cause, attempt, failures, arguments, nextPhase, createdAt, notBefore, nextPlace, started,
                why, count);
    }
}
