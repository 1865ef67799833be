package io.finback.controlplane.schedule;

import io.finback.controlplane.schedule.JobDefinition.CatchUp;
import io.finback.controlplane.schedule.JobDefinition.Overlap;
import io.finback.controlplane.scheduler.Instance;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Jobs for tests. */
public final class JobExamples {
    public static final Instant START = Instant.parse("2026-11-25T12:00:00Z");
    public static final JobLimits LIMITS =
            new JobLimits(Duration.ofSeconds(60), Duration.ofSeconds(60), 100, 100, OptionalInt.empty());

    private JobExamples() {}

    public static JobDefinition scheduled(String schedule, Overlap overlap, CatchUp catchUp) {
        return job(
                new JobDefinition.Times(
                        Optional.of(schedule), Optional.empty(), Optional.empty(), List.of(), Optional.empty()),
                overlap,
                catchUp,
                2);
    }

    public static JobDefinition cron(String expression, Overlap overlap, CatchUp catchUp) {
        return job(
                new JobDefinition.Times(
                        Optional.empty(), Optional.of(expression), Optional.empty(), List.of(), Optional.empty()),
                overlap,
                catchUp,
                2);
    }

    public static JobDefinition job(JobDefinition.Times times, Overlap overlap, CatchUp catchUp, int retries) {
        return new JobDefinition(
                "nightly",
                new JobDefinition.Command(
                        "echo hi", true, List.of(), Map.of("A", "b"), Optional.empty(), List.of(), Optional.empty()),
                times,
                new JobDefinition.Needs(0.1, 128, 256, List.of(List.of("rack", "EQUALS", "r1")), false),
                new JobDefinition.Policy(overlap, catchUp, retries, false, false, Optional.empty(), false),
                new JobDefinition.Notes("", "", "", "", "", "", false));
    }

    public static Instance.Place place(Instant at) {
        return new Instance.Place("agent-1", "host-1", List.of(), Map.of(), at);
    }

    public static TaskStatus status(String taskId, TaskState state, Instant at) {
        return new TaskStatus(
                TaskId.of(taskId),
                FrameworkId.of("finback-jobs"),
                AgentId.of("agent-1"),
                state,
                TaskStatus.Source.AGENT,
                Optional.empty(),
                at,
                Optional.empty(),
                Optional.of("told"),
                Optional.empty(),
                Optional.empty());
    }
}
