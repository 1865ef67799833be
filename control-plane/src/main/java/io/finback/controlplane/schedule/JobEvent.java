package io.finback.controlplane.schedule;

import io.finback.controlplane.scheduler.Instance;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** What happened to a job. Facts only; the fold needs no clock. */
public sealed interface JobEvent {
    JobState applyTo(JobState state);

    static JobState fold(JobState state, List<JobEvent> events) {
        JobState folded = state;
        for (JobEvent event : events) {
            folded = event.applyTo(folded);
        }
        return folded;
    }

    /** Created or replaced; the timetable begins anew. */
    record JobPut(JobDefinition definition, Optional<Instant> next, OptionalLong left) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.withDefinition(Optional.of(definition), next, left);
        }
    }

    /** What runs is doomed by events beside this one. */
    record JobRemoved() implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            JobState gone = state.withDefinition(Optional.empty(), Optional.empty(), OptionalLong.empty());
            JobState empty = JobState.empty(state.name());
            return gone.withCounters(empty.counters(), empty.durations());
        }
    }

    record JobDisabled(String why) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.withDefinition(state.definition().map(d -> d.withDisabled(true)), state.next(), state.left());
        }
    }

    /** The timetable has been looked at; what was due by then is in events beside this one. */
    record TimetableAdvanced(Optional<Instant> next, OptionalLong left) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.withDefinition(state.definition(), next, left);
        }
    }

    /** Written before a launch is asked for. */
    record RunsOpened(List<Run> opened) implements JobEvent {
        public RunsOpened {
            opened = List.copyOf(opened);
        }

        @Override
        public JobState applyTo(JobState state) {
            Map<String, Run> all = new TreeMap<>(state.runs());
            opened.forEach(run -> all.put(JobState.text(run.key()), run));
            return state.withRuns(all);
        }
    }

    /** Occurrences that will not run. */
    record Skipped(RunRecord record) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.withRecord(record);
        }
    }

    /** Written before the launch is asked for: no task id is ever launched in a second place. */
    record RunPlaced(long key, Instance.Place place) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.run(key).map(r -> state.withRun(r.placed(place))).orElse(state);
        }
    }

    record RunReported(long key, Run.Phase phase, Instant at) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.run(key).map(r -> state.withRun(r.reported(phase, at))).orElse(state);
        }
    }

    record RunProgressed(long key, long elements) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.run(key)
                    .map(r -> state.withRun(r.progressed(elements)))
                    .orElse(state);
        }
    }

    record RunDoomed(long key, String why) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.run(key).map(r -> state.withRun(r.doomed(why))).orElse(state);
        }
    }

    /**
     * An attempt is over.
     *
     * @param again the next attempt of the same occurrence
     * @param triggers children hear of it
     */
    record RunEnded(long key, RunRecord record, Optional<Run> again, boolean triggers) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            JobState next = state.withoutRun(key).withRecord(record);
            if (again.isPresent()) {
                return next.withRun(again.get());
            }
            JobState counted =
                    switch (record.outcome()) {
                        case SUCCEEDED -> succeeded(next, record);
                        case FAILED, SUPERSEDED -> failed(next, record);
                        default -> next;
                    };
            return triggers ? counted.withSuccess(record.endedAt()) : counted;
        }

        private static JobState succeeded(JobState state, RunRecord record) {
            JobState.Counters c = state.counters();
            Durations durations = record.startedAt()
                    .map(s ->
                            state.durations().with(Math.max(0, record.endedAt().toEpochMilli() - s.toEpochMilli())))
                    .orElse(state.durations());
            return state.withCounters(
                    new JobState.Counters(
                            c.successes() + 1, c.errors(), 0, Optional.of(record.endedAt()), c.lastError(), c.missed()),
                    durations);
        }

        private static JobState failed(JobState state, RunRecord record) {
            JobState.Counters c = state.counters();
            Instant at = record.endedAt();
            boolean since = c.lastSuccess().map(at::isAfter).orElse(true);
            boolean last = c.lastError().map(at::isAfter).orElse(true);
            return state.withCounters(
                    new JobState.Counters(
                            c.successes(),
                            c.errors() + 1,
                            c.errorsSinceSuccess() + (since ? 1 : 0),
                            c.lastSuccess(),
                            last ? Optional.of(at) : c.lastError(),
                            c.missed()),
                    state.durations());
        }
    }

    /** Somebody has said that the job succeeded. */
    record SuccessMarked(Instant at) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            JobState.Counters c = state.counters();
            return state.withCounters(
                            new JobState.Counters(
                                    c.successes() + 1, c.errors(), 0, Optional.of(at), c.lastError(), c.missed()),
                            state.durations())
                    .withSuccess(at);
        }
    }

    /** Somebody has said that the job failed. */
    record FailureMarked(Instant at, boolean triggers) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            JobState.Counters c = state.counters();
            JobState next = state.withCounters(
                    new JobState.Counters(
                            c.successes(),
                            c.errors() + 1,
                            c.errorsSinceSuccess() + 1,
                            c.lastSuccess(),
                            Optional.of(at),
                            c.missed()),
                    state.durations());
            return triggers ? next.withSuccess(at) : next;
        }
    }

    /** The dependency graph knows all successes up to this one. */
    record SuccessesTold(long number) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.withTold(
                    Math.max(number, state.told()),
                    state.untold().stream().filter(s -> s.number() > number).toList());
        }
    }

    /** A call of the dependency graph was taken; later repetitions of it mean nothing. */
    record TriggerTaken(long number) implements JobEvent {
        @Override
        public JobState applyTo(JobState state) {
            return state.withTriggered(number);
        }
    }
}
