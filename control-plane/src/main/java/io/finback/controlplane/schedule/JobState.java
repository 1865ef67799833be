package io.finback.controlplane.schedule;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * One job: what it is, where its timetable stands, what is owed and under way, what became of the rest. A removed job keeps its counters, so
 * that no identity comes back when the name does.
 *
 * @param definition empty: there is no such job
 * @param next the next nominal time; empty: none comes, or the job waits for parents
 * @param left runs the timetable still owes; empty: no end
 * @param runs open runs by {@link Run#key} as text, in order of the key
 * @param history latest last
 * @param highestKey no occurrence has had a greater one
 * @param told successes the dependency graph knows of
 * @param untold those it may not know of yet, oldest first
 * @param triggered the last call of the dependency graph that was taken
 */
public record JobState(
        String name,
        Optional<JobDefinition> definition,
        Optional<Instant> next,
        OptionalLong left,
        Map<String, Run> runs,
        List<RunRecord> history,
        long highestKey,
        Counters counters,
        Durations durations,
        long told,
        List<Success> untold,
        long triggered) {
    /** Attempts and gaps that are remembered. */
    static final int HISTORY = 100;

    public JobState {
        runs = Collections.unmodifiableMap(new TreeMap<>(runs));
        history = List.copyOf(history);
        untold = List.copyOf(untold);
    }

    /** Of finished occurrences. */
    public record Counters(
            long successes,
            long errors,
            long errorsSinceSuccess,
            Optional<Instant> lastSuccess,
            Optional<Instant> lastError,
            long missed) {
        static final Counters NONE = new Counters(0, 0, 0, Optional.empty(), Optional.empty(), 0);
    }

    /** What children wait for; numbered without gaps. */
    public record Success(long number, Instant at) {}

    public static JobState empty(String name) {
        return new JobState(
                name,
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                Map.of(),
                List.of(),
                Long.MIN_VALUE,
                Counters.NONE,
                Durations.NONE,
                0,
                List.of(),
                0);
    }

    /** Text in which keys sort as numbers do. */
    static String text(long key) {
        return (key < 0 ? "-" : "") + String.format(java.util.Locale.ROOT, "%020d", Math.abs(key));
    }

    public boolean exists() {
        return definition.isPresent();
    }

    public Optional<Run> run(long key) {
        return Optional.ofNullable(runs.get(text(key)));
    }

    /** The run whose current attempt this task is. */
    public Optional<Run> ofTask(String taskId) {
        return JobNames.ofTask(taskId)
                .flatMap(t -> run(t.key()).filter(r -> r.attempt() == t.attempt()))
                .filter(r -> JobNames.taskId(name, r).equals(taskId));
    }

    public String taskId(Run run) {
        return JobNames.taskId(name, run);
    }

    /** An identity for an occurrence at {@code nominal} that none has had. */
    long freeKey(Instant nominal, Collection<Long> taken) {
        long key = nominal.toEpochMilli();
        if (key > highestKey && !taken.contains(key)) {
            return key;
        }
        long highest = highestKey;
        for (long other : taken) {
            highest = Math.max(highest, other);
        }
        return Math.max(key, highest + 1);
    }

    JobState withDefinition(Optional<JobDefinition> d, Optional<Instant> nextAt, OptionalLong remaining) {
        return new JobState(
                name, d, nextAt, remaining, runs, history, highestKey, counters, durations, told, untold, triggered);
    }

    JobState withRuns(Map<String, Run> all) {
        long highest = highestKey;
        for (Run run : all.values()) {
            highest = Math.max(highest, run.key());
        }
        return new JobState(
                name, definition, next, left, all, history, highest, counters, durations, told, untold, triggered);
    }

    JobState withRun(Run run) {
        Map<String, Run> all = new TreeMap<>(runs);
        all.put(text(run.key()), run);
        return withRuns(all);
    }

    JobState withoutRun(long key) {
        Map<String, Run> all = new TreeMap<>(runs);
        all.remove(text(key));
        return withRuns(all);
    }

    JobState withRecord(RunRecord record) {
        List<RunRecord> all = new ArrayList<>(history);
        all.add(record);
        boolean missed =
                record.outcome() == RunRecord.Outcome.MISSED || record.outcome() == RunRecord.Outcome.OVERLAPPED;
        Counters c = missed
                ? new Counters(
                        counters.successes(),
                        counters.errors(),
                        counters.errorsSinceSuccess(),
                        counters.lastSuccess(),
                        counters.lastError(),
                        counters.missed() + record.count())
                : counters;
        return new JobState(
                name,
                definition,
                next,
                left,
                runs,
                all.size() > HISTORY ? all.subList(all.size() - HISTORY, all.size()) : all,
                highestKey,
                c,
                durations,
                told,
                untold,
                triggered);
    }

    JobState withCounters(Counters c, Durations d) {
        return new JobState(name, definition, next, left, runs, history, highestKey, c, d, told, untold, triggered);
    }

    JobState withSuccess(Instant at) {
        List<Success> all = new ArrayList<>(untold);
        long number =
                untold.isEmpty() ? told + 1 : untold.get(untold.size() - 1).number() + 1;
        all.add(new Success(number, at));
        return withTold(told, all);
    }

    JobState withTold(long number, List<Success> rest) {
        return new JobState(
                name, definition, next, left, runs, history, highestKey, counters, durations, number, rest, triggered);
    }

    JobState withTriggered(long number) {
        return new JobState(
                name, definition, next, left, runs, history, highestKey, counters, durations, told, untold, number);
    }
}
