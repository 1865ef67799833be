package io.finback.controlplane.schedule;

import io.finback.controlplane.schedule.Run.Phase;
import io.finback.controlplane.schedule.RunRecord.Outcome;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a status update means to a job. Updates of an attempt that is over, and repeated ones, mean nothing. */
public final class TaskNews {
    static final String OVERTIME = "ran longer than ";
    static final String MOVED = "has to leave drained host ";
    /** These say that nothing was started, whoever says it. */
    private static final Set<TaskState> NEVER_RAN = Set.of(TaskState.DROPPED, TaskState.UNKNOWN);
    /** So says the built-in scheduler when an offer had gone before it could be used. */
    private static final String OFFER_GONE = "INVALID_OFFERS";
    /** A task nobody could launch is tried again at this pace, then slower. */
    private static final Duration RELAUNCH = Duration.ofMillis(200);

    private TaskNews() {}

    public static List<JobEvent> events(JobState state, TaskStatus status, Instant now, JobLimits limits) {
        Optional<Run> known = state.ofTask(status.task().value()).filter(r -> r.launched() && r.phase() != Phase.ASYNC);
        if (known.isEmpty()) {
            return List.of();
        }
        Run run = known.get();
        boolean ended = status.state().isTerminal() || status.state() == TaskState.UNKNOWN;
        return ended ? ended(state, run, status, now, limits) : reported(run, status);
    }

    /** True when this task runs somewhere but the job has given it up: it must be killed. */
    public static boolean stray(JobState state, TaskStatus status) {
        return state.ofTask(status.task().value()).filter(Run::launched).isEmpty()
                && !status.state().isTerminal()
                && status.state() != TaskState.UNKNOWN
                && status.state() != TaskState.UNREACHABLE;
    }

    private static List<JobEvent> reported(Run run, TaskStatus status) {
        Phase next =
                switch (status.state()) {
                    case RUNNING, KILLING -> Phase.RUNNING;
                    case UNREACHABLE -> Phase.UNREACHABLE;
                    default -> Phase.STAGING;
                };
        boolean back = next == Phase.STAGING && run.phase() != Phase.STAGING;
        return next == run.phase() || back
                ? List.of()
                : List.of(new JobEvent.RunReported(run.key(), next, status.at()));
    }

    private static List<JobEvent> ended(JobState state, Run run, TaskStatus status, Instant now, JobLimits limits) {
        String message = status.message().orElse(status.state().wireName());
        if (status.state() == TaskState.FINISHED) {
            boolean async = state.definition().map(d -> d.policy().async()).orElse(false);
            return async && run.doom().isEmpty()
                    ? List.of(new JobEvent.RunReported(run.key(), Phase.ASYNC, status.at()))
                    : List.of(succeeded(state, run, message, status.at()));
        }
        if (state.exists() && run.doom().filter(d -> d.startsWith(MOVED)).isPresent()) {
            RunRecord record = RunRecord.of(
                    run, Outcome.KILLED, state.taskId(run), run.doom().get(), now);
            return List.of(new JobEvent.RunEnded(run.key(), record, Optional.of(run.again(false, now, now)), false));
        }
        boolean overtime = run.doom().map(d -> d.startsWith(OVERTIME)).orElse(false);
        if (!state.exists() || (run.doom().isPresent() && !overtime)) {
            return List.of(JobRules.over(state, run, Outcome.KILLED, run.doom().orElse(message), status.at()));
        }
        if (status.state() == TaskState.KILLED && !overtime) {
            return List.of(JobRules.over(state, run, Outcome.KILLED, message, status.at()));
        }
        boolean neverRan = NEVER_RAN.contains(status.state())
                || (status.state() == TaskState.LOST
                        && status.reason().filter(OFFER_GONE::equals).isPresent());
        if (neverRan && run.startedAt().isEmpty()) {
            return List.of(again(state, run, message, now, limits));
        }
        return failed(state, run, run.doom().orElse(message), now, limits);
    }

    /** The same occurrence once more: nothing of it has run. */
    private static JobEvent again(JobState state, Run run, String message, Instant now, JobLimits limits) {
        int lost = run.attempt() - run.failures();
        Duration slower = RELAUNCH.multipliedBy(1L << Math.min(lost, 16));
        Duration wait = slower.compareTo(limits.retryDelay()) < 0 ? slower : limits.retryDelay();
        RunRecord record = RunRecord.of(run, Outcome.NOT_LAUNCHED, state.taskId(run), message, now);
        return new JobEvent.RunEnded(run.key(), record, Optional.of(run.again(false, now, now.plus(wait))), false);
    }

    static JobEvent succeeded(JobState state, Run run, String message, Instant at) {
        RunRecord record = RunRecord.of(run, Outcome.SUCCEEDED, state.taskId(run), message, at);
        return new JobEvent.RunEnded(run.key(), record, Optional.empty(), state.exists());
    }

    static List<JobEvent> failed(JobState state, Run run, String message, Instant at, JobLimits limits) {
        JobDefinition job = state.definition().orElseThrow();
        RunRecord record = RunRecord.of(run, Outcome.FAILED, state.taskId(run), message, at);
        if (run.failures() < job.policy().retries()) {
            Run retry = run.again(true, at, at.plus(limits.retryDelay()));
            return List.of(new JobEvent.RunEnded(run.key(), record, Optional.of(retry), false));
        }
        List<JobEvent> events = new ArrayList<>();
        events.add(new JobEvent.RunEnded(
                run.key(), record, Optional.empty(), job.policy().softError()));
        long inARow = state.counters().errorsSinceSuccess() + 1;
        if (limits.disableAfterFailures().isPresent()
                && inARow >= limits.disableAfterFailures().getAsInt()
                && !job.policy().disabled()) {
            events.add(new JobEvent.JobDisabled(inARow + " occurrences failed in a row"));
        }
        return events;
    }

    /** The end of what an asynchronous command has started. Empty: no such task awaits it. */
    public static List<JobEvent> told(JobState state, String taskId, boolean success, Instant now, JobLimits limits) {
        Optional<Run> run = state.ofTask(taskId).filter(Run::launched).filter(r -> state.exists());
        if (run.isEmpty()) {
            return List.of();
        }
        // The command itself may still run: it ends with its work.
        return success
                ? List.of(succeeded(state, run.get(), "told by a request", now))
                : failed(state, run.get(), "told by a request", now, limits);
    }
}
