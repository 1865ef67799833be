package io.finback.controlplane.schedule;

import io.finback.controlplane.schedule.JobDefinition.CatchUp;
import io.finback.controlplane.schedule.JobDefinition.Overlap;
import io.finback.controlplane.schedule.RunRecord.Outcome;
import io.finback.controlplane.scheduler.Instance;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** What follows for a job from requests and from the time. Every method is a function of its arguments and gives events in order. */
public final class JobRules {
    private JobRules() {}

    /** Creates or replaces. The same times as before go on where they were, so that a repeated request runs nothing again. */
    public static List<JobEvent> put(JobState state, JobDefinition job, Instant now) {
        List<JobEvent> events = new ArrayList<>();
        events.add(timed(state, job, now));
        if (job.policy().disabled()) {
            state.runs().values().stream()
                    .filter(run -> run.waiting() && run.cause() == Run.Cause.SCHEDULE)
                    .forEach(run -> events.add(over(state, run, Outcome.WITHDRAWN, "the job was disabled", now)));
        }
        return events;
    }

    private static JobEvent timed(JobState state, JobDefinition job, Instant now) {
        Optional<JobDefinition> old = state.definition();
        Optional<Timetable> timetable = job.timetable();
        if (timetable.isEmpty()) {
            return new JobEvent.JobPut(job, Optional.empty(), OptionalLong.empty());
        }
        boolean same = old.map(o -> sameTimes(o, job)).orElse(false);
        boolean ended = state.next().isEmpty();
        if (same && (ended || !old.orElseThrow().policy().disabled())) {
            return new JobEvent.JobPut(job, state.next(), state.left());
        }
        if (same) {
            // What passed while it was disabled was not owed.
            Optional<Instant> next = state.next()
                    .filter(n -> n.isAfter(now))
                    .or(() -> timetable.get().next(now));
            return new JobEvent.JobPut(job, next, state.left());
        }
        OptionalLong left = timetable.get().runs();
        if (left.isPresent() && left.getAsLong() == 0) {
            return new JobEvent.JobPut(job, Optional.empty(), left);
        }
        Optional<Instant> begun = timetable.get() instanceof Repetition r
                ? r.backlog(r.start().toInstant(), now.plusNanos(1), 1).last()
                : Optional.empty();
        return new JobEvent.JobPut(job, begun.or(() -> timetable.get().next(now)), left);
    }

    private static boolean sameTimes(JobDefinition a, JobDefinition b) {
        return a.times().schedule().equals(b.times().schedule())
                && a.times().cron().equals(b.times().cron())
                && a.times().zone().equals(b.times().zone());
    }

    public static List<JobEvent> remove(JobState state, Instant now) {
        List<JobEvent> events = new ArrayList<>();
        for (Run run : state.runs().values()) {
            if (run.waiting()) {
                events.add(over(state, run, Outcome.WITHDRAWN, "the job was removed", now));
            } else {
                events.addAll(doom(state, run, "the job was removed", now));
            }
        }
        events.add(new JobEvent.JobRemoved());
        return events;
    }

    /** One more run, asked for by a person or by parents that succeeded. Empty: too many wait already. */
    public static Optional<JobEvent> request(
            JobState state,
            Run.Cause cause,
            Optional<String> arguments,
            Instant nominal,
            Instant now,
            JobLimits limits) {
        long waiting = state.runs().values().stream().filter(Run::waiting).count();
        if (waiting >= limits.maxQueued()) {
            return Optional.empty();
        }
        long key = state.freeKey(nominal, Set.of());
        return Optional.of(new JobEvent.RunsOpened(List.of(Run.opened(key, nominal, cause, arguments, now))));
    }

    /** The record of a run that was asked for and cannot be. */
    public static RunRecord refused(Instant nominal, String why, Instant now) {
        return RunRecord.without(nominal, nominal, 1, Outcome.OVERLAPPED, why, now);
    }

    /** Ends what runs. */
    public static List<JobEvent> kill(JobState state, String why, Instant now) {
        List<JobEvent> events = new ArrayList<>();
        state.runs().values().stream().filter(Run::launched).forEach(run -> events.addAll(doom(state, run, why, now)));
        return events;
    }

    /** Ends what runs on these hosts; each such occurrence runs again elsewhere, and that counts as no failure. */
    public static List<JobEvent> leave(JobState state, Collection<String> hosts) {
        return state.runs().values().stream()
                .filter(run -> run.launched()
                        && run.phase() != Run.Phase.ASYNC
                        && run.doom().isEmpty())
                .flatMap(run -> run.place().map(Instance.Place::host).filter(hosts::contains).stream()
                        .map(host -> (JobEvent) new JobEvent.RunDoomed(run.key(), TaskNews.MOVED + host)))
                .toList();
    }

    /** What the passing of time brings about. */
    public static List<JobEvent> settle(JobState state, Instant now, JobLimits limits) {
        return state.definition()
                .map(job -> new Settling(state, job, now, limits).run())
                .orElse(List.of());
    }

    /** When {@link #settle} must be asked again though nothing happens; empty: never. */
    public static Optional<Instant> wake(JobState state, Instant now) {
        List<Instant> times = new ArrayList<>();
        boolean enabled = state.definition().map(d -> !d.policy().disabled()).orElse(false);
        state.next().filter(n -> enabled).ifPresent(times::add);
        Optional<Duration> limit = state.definition().flatMap(d -> d.policy().maxCompletion());
        for (Run run : state.runs().values()) {
            if (run.resting(now)) {
                times.add(run.notBefore());
            }
            if (limit.isPresent() && run.doom().isEmpty()) {
                run.startedAt().map(s -> s.plus(limit.get())).ifPresent(times::add);
            }
        }
        boolean cancels = state.definition()
                .map(d -> d.policy().overlap() == Overlap.CANCEL_NEW)
                .orElse(false);
        if (cancels) {
            List<Run> launched =
                    state.runs().values().stream().filter(Run::launched).toList();
            state.runs()
                    .values()
                    .forEach(later -> launched.forEach(
                            earlier -> overlapAt(earlier, later).ifPresent(times::add)));
        }
        return times.stream().min(Instant::compareTo);
    }

    /** When {@code earlier} will have run for so long that {@code later} lies within it; empty: it never will. */
    private static Optional<Instant> overlapAt(Run earlier, Run later) {
        boolean candidate = later.waiting() && later.cause() == Run.Cause.SCHEDULE && later.attempt() == 0;
        if (!candidate || !earlier.launched() || !earlier.nominal().isBefore(later.nominal())) {
            return Optional.empty();
        }
        Duration gap = Duration.between(earlier.nominal(), later.nominal());
        return earlier.startedAt()
                .or(() -> earlier.place().map(Instance.Place::at))
                .map(began -> began.plus(gap));
    }

    /** The runs that may be launched now, in their order: one at a time unless the job's runs may overlap. */
    public static List<Run> launchable(JobState state, Instant now) {
        if (!state.exists()) {
            return List.of();
        }
        List<Run> ready = state.runs().values().stream()
                .filter(r -> r.waiting() && !r.resting(now))
                .toList();
        if (state.definition().orElseThrow().policy().overlap() == Overlap.RUN_BOTH || ready.isEmpty()) {
            return ready;
        }
        boolean busy = state.runs().values().stream().anyMatch(Run::launched);
        return busy ? List.of() : ready.subList(0, 1);
    }

    static JobEvent over(JobState state, Run run, Outcome outcome, String why, Instant now) {
        return new JobEvent.RunEnded(
                run.key(), RunRecord.of(run, outcome, state.taskId(run), why, now), Optional.empty(), false);
    }

    /** A task is killed; where there is none any more, the run ends at once. */
    static List<JobEvent> doom(JobState state, Run run, String why, Instant now) {
        if (run.phase() == Run.Phase.ASYNC) {
            return List.of(over(state, run, Outcome.KILLED, why, now));
        }
        return run.doom().isPresent() ? List.of() : List.of(new JobEvent.RunDoomed(run.key(), why));
    }

    /** The steps of {@link #settle}, each seeing what the one before has done. */
    private static final class Settling {
        private JobState state;
        private final JobDefinition job;
        private final Instant now;
        private final JobLimits limits;
        private final List<JobEvent> events = new ArrayList<>();

        Settling(JobState state, JobDefinition job, Instant now, JobLimits limits) {
            this.state = state;
            this.job = job;
            this.now = now;
            this.limits = limits;
        }

        List<JobEvent> run() {
            supersede();
            add(Due.events(state, now, limits));
            overlapped();
            expire();
            overtime();
            finish();
            return events;
        }

        private void add(List<JobEvent> more) {
            events.addAll(more);
            state = JobEvent.fold(state, more);
        }

        /** A retry whose job has run since, or runs, is not needed. Source: Chronos retries only after the latest failure. */
        private void supersede() {
            Overlap overlap = job.policy().overlap();
            if (overlap == Overlap.RUN_BOTH || overlap == Overlap.QUEUE) {
                return;
            }
            for (Run run : List.copyOf(state.runs().values())) {
                boolean retry = run.waiting() && run.failures() > 0 && !run.resting(now);
                boolean newer = state.runs().values().stream()
                        .anyMatch(r -> r.key() > run.key() && (r.launched() || !r.resting(now)));
                boolean succeeded = state.counters()
                        .lastSuccess()
                        .map(at -> at.isAfter(run.createdAt()))
                        .orElse(false);
                if (retry && run.cause() == Run.Cause.SCHEDULE && (newer || succeeded)) {
                    add(List.of(over(
                            state, run, Outcome.SUPERSEDED, "a newer occurrence took its place", run.createdAt())));
                }
            }
        }

        /**
         * An occurrence that came due within the time an earlier run took, had that begun on time, does not run. One that comes after
         * that waits its turn: what began late is not the job's fault.
         */
        private void overlapped() {
            if (job.policy().overlap() != Overlap.CANCEL_NEW) {
                return;
            }
            for (Run run : List.copyOf(state.runs().values())) {
                state.runs().values().stream()
                        .filter(earlier -> overlapAt(earlier, run)
                                .map(t -> !t.isAfter(now))
                                .orElse(false))
                        .findFirst()
                        .ifPresent(earlier -> add(List.of(over(
                                state,
                                run,
                                Outcome.OVERLAPPED,
                                "the run of " + earlier.nominal() + " had not ended",
                                now))));
            }
        }

        /** Waiting occurrences grow late as well: the catch-up rule holds for them. */
        private void expire() {
            if (job.policy().catchUp() == CatchUp.ALL) {
                return;
            }
            Instant cutoff = now.minus(Due.epsilon(job, limits));
            List<Run> waiting = state.runs().values().stream()
                    .filter(r -> r.waiting() && r.cause() == Run.Cause.SCHEDULE && r.attempt() == 0)
                    .toList();
            for (int i = 0; i < waiting.size(); i++) {
                Run run = waiting.get(i);
                boolean spared = job.policy().catchUp() == CatchUp.LATEST && i == waiting.size() - 1;
                if (run.nominal().isBefore(cutoff) && !spared) {
                    String why = "could not start within " + Due.epsilon(job, limits) + " (catch-up: "
                            + job.policy().catchUp() + ")";
                    add(List.of(over(state, run, Outcome.MISSED, why, now)));
                }
            }
        }

        private void overtime() {
            Optional<Duration> limit = job.policy().maxCompletion();
            if (limit.isEmpty()) {
                return;
            }
            for (Run run : List.copyOf(state.runs().values())) {
                boolean over = run.startedAt()
                        .map(s -> !s.plus(limit.get()).isAfter(now))
                        .orElse(false);
                if (over && run.doom().isEmpty()) {
                    add(
                            run.phase() == Run.Phase.ASYNC
                                    ? TaskNews.failed(state, run, TaskNews.OVERTIME + limit.get(), now, limits)
                                    : List.of(new JobEvent.RunDoomed(run.key(), TaskNews.OVERTIME + limit.get())));
                }
            }
        }

        /** Chronos: a job whose repetitions are used up is disabled. */
        private void finish() {
            boolean open = state.definition().map(d -> d.policy().disabled()).orElse(true);
            if (!open
                    && !job.dependent()
                    && state.next().isEmpty()
                    && state.runs().isEmpty()) {
                add(List.of(new JobEvent.JobDisabled("its schedule is used up")));
            }
        }
    }
}
