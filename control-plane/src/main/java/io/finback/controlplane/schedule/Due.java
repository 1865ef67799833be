package io.finback.controlplane.schedule;

import io.finback.controlplane.schedule.JobDefinition.CatchUp;
import io.finback.controlplane.schedule.RunRecord.Outcome;
import io.finback.controlplane.schedule.Timetable.Backlog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * One look at a timetable: every occurrence up to now is either opened as a run or written down as one that does not run. What is no later
 * than the job's epsilon runs; for what is later the job's catch-up rule holds, and then its overlap rule.
 */
final class Due {
    private final JobState state;
    private final JobDefinition job;
    private final Instant now;
    private final JobLimits limits;
    private final List<JobEvent> events = new ArrayList<>();

    private Due(JobState state, JobDefinition job, Instant now, JobLimits limits) {
        this.state = state;
        this.job = job;
        this.now = now;
        this.limits = limits;
    }

    /** Empty when nothing is due. */
    static List<JobEvent> events(JobState state, Instant now, JobLimits limits) {
        Optional<JobDefinition> job = state.definition().filter(d -> !d.policy().disabled());
        boolean due = state.next().map(n -> !n.isAfter(now)).orElse(false);
        if (job.isEmpty() || !due) {
            return List.of();
        }
        Due step = new Due(state, job.get(), now, limits);
        job.get().timetable().ifPresent(step::look);
        return step.events;
    }

    static Duration epsilon(JobDefinition job, JobLimits limits) {
        return job.times().epsilon().orElse(limits.epsilon());
    }

    private void look(Timetable timetable) {
        Instant from = state.next().orElseThrow();
        Instant cutoff = now.minus(epsilon(job, limits));
        Instant onTimeFrom = cutoff.isAfter(from) ? cutoff : from;
        long budget = state.left().orElse(Long.MAX_VALUE);
        Instant end = budget <= limits.catchUp() ? nth(timetable, from, budget) : now;
        Instant until = (end.isBefore(now) ? end : now).plusNanos(1);
        Backlog late = cutoff.isAfter(from)
                ? timetable.backlog(from, cutoff.isBefore(until) ? cutoff : until, limits.catchUp())
                : Backlog.NONE;
        Backlog onTime =
                onTimeFrom.isBefore(until) ? timetable.backlog(onTimeFrom, until, limits.maxQueued()) : Backlog.NONE;
        List<Instant> kept = new ArrayList<>(late(late, onTime));
        kept.addAll(onTime.latest());
        full(onTime.count() - onTime.latest().size(), onTime);
        boolean collapsed = job.policy().catchUp() == CatchUp.LATEST;
        long used = onTime.count() + (collapsed ? (onTime.count() == 0 ? 1 : 0) : late.count());
        OptionalLong left = state.left().isPresent()
                ? OptionalLong.of(Math.max(0, state.left().getAsLong() - used))
                : OptionalLong.empty();
        Optional<Instant> next = left.isPresent() && left.getAsLong() == 0 ? Optional.empty() : timetable.next(now);
        events.add(new JobEvent.TimetableAdvanced(next, left));
        open(kept);
    }

    private static Instant nth(Timetable timetable, Instant first, long n) {
        Instant at = first;
        for (long i = 1; i < n; i++) {
            Optional<Instant> following = timetable.next(at);
            if (following.isEmpty()) {
                return at;
            }
            at = following.get();
        }
        return at;
    }

    /** Which of the late ones run all the same. */
    private List<Instant> late(Backlog late, Backlog onTime) {
        if (late.count() == 0) {
            return List.of();
        }
        List<Instant> kept =
                switch (job.policy().catchUp()) {
                    case SKIP -> List.of();
                    case LATEST ->
                        onTime.count() > 0
                                ? List.of()
                                : late.last().map(List::of).orElse(List.of());
                    case ALL -> late.latest();
                };
        long missed = late.count() - kept.size();
        if (missed > 0) {
            Instant last = kept.isEmpty() || kept.get(0).equals(late.first().orElseThrow())
                    ? late.last().orElseThrow()
                    : kept.get(0);
            skip(
                    late.first().orElseThrow(),
                    last,
                    missed,
                    Outcome.MISSED,
                    "could not start within " + epsilon(job, limits) + " (catch-up: "
                            + job.policy().catchUp() + ")");
        }
        return kept;
    }

    private void full(long surplus, Backlog onTime) {
        if (surplus > 0) {
            skip(
                    onTime.first().orElseThrow(),
                    onTime.latest().get(0),
                    surplus,
                    Outcome.OVERLAPPED,
                    "more than " + limits.maxQueued() + " occurrences wait");
        }
    }

    private void open(List<Instant> kept) {
        if (kept.isEmpty()) {
            return;
        }
        switch (job.policy().overlap()) {
            // Whether the one before is really in the way is seen while it runs: it may only have begun late
            // (JobRules).
            case RUN_BOTH, QUEUE, CANCEL_NEW -> enqueue(kept);
            case KILL_EXISTING -> {
                Instant newest = kept.get(kept.size() - 1);
                if (kept.size() > 1) {
                    skip(
                            kept.get(0),
                            kept.get(kept.size() - 2),
                            kept.size() - 1L,
                            Outcome.OVERLAPPED,
                            "replaced by the occurrence of " + newest);
                }
                replace("replaced by the occurrence of " + newest);
                enqueue(List.of(newest));
            }
        }
    }

    private void replace(String why) {
        for (Run run : state.runs().values()) {
            if (run.waiting() && run.cause() == Run.Cause.SCHEDULE) {
                events.add(JobRules.over(state, run, Outcome.OVERLAPPED, why, now));
            } else if (run.launched()) {
                events.addAll(JobRules.doom(state, run, why, now));
            }
        }
    }

    private void enqueue(List<Instant> kept) {
        long waiting = state.runs().values().stream().filter(Run::waiting).count();
        int room = (int) Math.max(0, limits.maxQueued() - waiting);
        List<Instant> opened = kept.size() > room ? kept.subList(0, room) : kept;
        if (opened.size() < kept.size()) {
            skip(
                    kept.get(room),
                    kept.get(kept.size() - 1),
                    kept.size() - (long) room,
                    Outcome.OVERLAPPED,
                    "more than " + limits.maxQueued() + " occurrences wait");
        }
        Set<Long> taken = new HashSet<>();
        List<Run> runs = new ArrayList<>();
        for (Instant nominal : opened) {
            long key = state.freeKey(nominal, taken);
            taken.add(key);
            runs.add(Run.opened(key, nominal, Run.Cause.SCHEDULE, Optional.empty(), now));
        }
        if (!runs.isEmpty()) {
            events.add(new JobEvent.RunsOpened(runs));
        }
    }

    private void skip(Instant first, Instant last, long count, Outcome outcome, String why) {
        events.add(new JobEvent.Skipped(RunRecord.without(first, last, count, outcome, why, now)));
    }
}
