package io.finback.controlplane.job;

import io.finback.controlplane.schedule.Durations;
import io.finback.controlplane.schedule.JobDefinition;
import io.finback.controlplane.schedule.JobState;
import io.finback.controlplane.schedule.Run;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * A job as views keep it.
 *
 * @param revision the entity's sequence number: the larger one is newer
 * @param definition empty: the job was removed
 * @param left runs its timetable still owes; empty: no end
 */
public record JobSnapshot(
        String name,
        long revision,
        Optional<JobDefinition> definition,
        Optional<Instant> next,
        OptionalLong left,
        List<Run> runs,
        JobState.Counters counters,
        Durations.Summary durations)
        implements WireMessage {
    public JobSnapshot {
        runs = List.copyOf(runs);
    }

    /** The same with no other parents than these. */
    JobSnapshot waitingFor(Predicate<String> parents) {
        boolean all = definition
                .map(job -> job.times().parents().stream().allMatch(parents))
                .orElse(true);
        return all
                ? this
                : new JobSnapshot(
                        name,
                        revision,
                        definition.map(job -> job.withTimes(job.times().waitingFor(parents))),
                        next,
                        left,
                        runs,
                        counters,
                        durations);
    }

    static JobSnapshot of(JobState state, long revision) {
        return new JobSnapshot(
                state.name(),
                revision,
                state.definition(),
                state.next(),
                state.left(),
                List.copyOf(state.runs().values()),
                state.counters(),
                state.durations().summary());
    }
}
