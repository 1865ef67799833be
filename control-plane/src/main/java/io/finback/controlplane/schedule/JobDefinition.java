package io.finback.controlplane.schedule;

import io.finback.tasks.ContainerInfo;
import io.finback.tasks.FetchUri;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A job as its owner described it. Of {@code times.schedule}, {@code times.cron} and {@code times.parents} exactly one is given. Source:
 * Chronos' jobs ({@code scheduler/jobs/Jobs.scala}); {@code cron}, {@code overlap} and {@code catchUp} are ours.
 */
public record JobDefinition(String name, Command command, Times times, Needs needs, Policy policy, Notes notes) {

    /**
     * What is run.
     *
     * @param line run by {@code /bin/sh -c} when {@code shell}, else the program, with {@code arguments}
     * @param user empty: the agent's own
     * @param container empty: a plain command
     */
    public record Command(
            String line,
            boolean shell,
            List<String> arguments,
            Map<String, String> environment,
            Optional<String> user,
            List<FetchUri> fetch,
            Optional<ContainerInfo> container) {
        public Command {
            fetch = List.copyOf(fetch);
            arguments = List.copyOf(arguments);
            environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        }
    }

    /**
     * When it is due.
     *
     * @param schedule {@code R5/<start>/PT1H}, its start filled in
     * @param zone a name; empty: as the schedule is written, or UTC
     * @param epsilon how late an occurrence may start; empty: the cluster's default
     */
    public record Times(
            Optional<String> schedule,
            Optional<String> cron,
            Optional<String> zone,
            List<String> parents,
            Optional<Duration> epsilon) {
        public Times {
            parents = List.copyOf(parents);
        }

        /** The same with no other parents than these. */
        public Times waitingFor(Predicate<String> some) {
            return new Times(schedule, cron, zone, parents.stream().filter(some).toList(), epsilon);
        }
    }

    /** {@code constraints}: {@code [attribute, EQUALS|LIKE|UNLIKE, value]}. */
    public record Needs(double cpus, double mem, double disk, List<List<String>> constraints, boolean highPriority) {
        public Needs {
            constraints = constraints.stream().map(List::copyOf).toList();
        }
    }

    /**
     * What is done when things do not go by the timetable.
     *
     * @param retries further attempts after a failed one
     * @param softError a failure lets the children run as well
     * @param async the command only starts the work; its end is told by a request
     * @param maxCompletion longer than this and the task is killed
     */
    public record Policy(
            Overlap overlap,
            CatchUp catchUp,
            int retries,
            boolean softError,
            boolean async,
            Optional<Duration> maxCompletion,
            boolean disabled) {}

    /** Kept for their readers; nothing here depends on them. */
    public record Notes(
            String owner,
            String ownerName,
            String description,
            String executor,
            String executorFlags,
            String taskInfoData,
            boolean dataProcessing) {}

    /** What happens to an occurrence while the one before still runs. */
    public enum Overlap {
        /** It does not run. Chronos' {@code concurrent: false}. */
        CANCEL_NEW,
        /** What runs is killed; when that has ended, it runs. */
        KILL_EXISTING,
        /** Both run. Chronos' {@code concurrent: true}. */
        RUN_BOTH,
        /** It runs after the one before. */
        QUEUE
    }

    /** What happens to occurrences that could not start within {@code epsilon}. */
    public enum CatchUp {
        /** They do not run. */
        SKIP,
        /** The latest of them runs, unless a newer occurrence is due already. Chronos 3. */
        LATEST,
        /** Each runs, the oldest first, up to a limit. */
        ALL
    }

    public boolean dependent() {
        return !times.parents().isEmpty();
    }

    /** Empty for one that waits for its parents. The schedule was checked before it came here. */
    public Optional<Timetable> timetable() {
        if (times.cron().isPresent()) {
            return Optional.of(Cron.parse(times.cron().get(), times.zone()));
        }
        return times.schedule().map(s -> Repetition.parse(s, times.zone(), Instant.EPOCH.plusSeconds(1)));
    }

    public JobDefinition withTimes(Times other) {
        return new JobDefinition(name, command, other, needs, policy, notes);
    }

    public JobDefinition withDisabled(boolean disabled) {
        Policy p = new Policy(
                policy.overlap(),
                policy.catchUp(),
                policy.retries(),
                policy.softError(),
                policy.async(),
                policy.maxCompletion(),
                disabled);
        return new JobDefinition(name, command, times, needs, p, notes);
    }
}
