package io.finback.controlplane.schedule;

import io.finback.controlplane.scheduler.AppDefinition.Constraint;
import io.finback.controlplane.scheduler.Demand;
import io.finback.controlplane.scheduler.Instance;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a job asks of the scheduler, and the task of a placed run. Source: Chronos' MesosTaskBuilder. */
public final class JobTask {
    private JobTask() {}

    /** Everything the job would launch now. */
    public static Demand demand(JobState state, long revision, Instant now) {
        Optional<JobDefinition> job = state.definition();
        List<String> waiting = JobRules.launchable(state, now).stream()
                .filter(r -> r.doom().isEmpty())
                .map(state::taskId)
                .toList();
        if (job.isEmpty() || waiting.isEmpty()) {
            return Demand.none(state.name(), revision);
        }
        JobDefinition.Needs needs = job.get().needs();
        return new Demand(
                state.name(),
                revision,
                resources(needs),
                List.of(),
                false,
                needs.constraints().stream().map(JobTask::constraint).toList(),
                waiting,
                Instant.EPOCH,
                List.of(),
                needs.highPriority() ? 1 : 0,
                false,
                Demand.Terms.ANYBODY);
    }

    /** Chronos' EQUALS is the services' IS; the other two are the same. */
    public static Constraint constraint(List<String> triple) {
        String operator = triple.get(1).equals("EQUALS") ? "IS" : triple.get(1);
        return new Constraint(triple.get(0), operator, Optional.of(triple.get(2)));
    }

    static Resources resources(JobDefinition.Needs needs) {
        return Resources.of(needs.cpus(), needs.mem(), needs.disk());
    }

    /** {@code run} has a place. */
    public static TaskInfo task(JobState state, Run run, FrameworkId framework) {
        JobDefinition job = state.definition().orElseThrow();
        Instance.Place place = run.place().orElseThrow();
        Map<String, String> environment = environment(job, run, state.taskId(run), place);
        TaskInfo task = new TaskInfo(
                TaskId.of(state.taskId(run)),
                "ChronosTask:" + job.name(),
                framework,
                AgentId.of(place.agentId()),
                resources(job.needs()),
                command(job.command(), run, environment),
                Optional.empty(),
                Map.of());
        return job.command()
                .container()
                .map(c -> task.withOptions(RunOptions.NONE.withContainer(c)))
                .orElse(task);
    }

    private static CommandInfo command(JobDefinition.Command command, Run run, Map<String, String> environment) {
        if (command.shell()) {
            // Chronos appends what a manual run brings.
            String line = run.arguments().map(a -> command.line() + " " + a).orElse(command.line());
            return new CommandInfo(true, line, List.of(), environment, command.user(), command.fetch());
        }
        List<String> vector = new ArrayList<>(List.of(command.line()));
        vector.addAll(command.arguments());
        run.arguments().ifPresent(vector::add);
        return new CommandInfo(false, command.line(), vector, environment, command.user(), command.fetch());
    }

    /** The variables of Chronos; the job's own win. */
    static Map<String, String> environment(JobDefinition job, Run run, String taskId, Instance.Place place) {
        Map<String, String> env = new TreeMap<>();
        env.put("MESOS_TASK_ID", taskId);
        env.put("mesos_task_id", taskId);
        env.put("CHRONOS_JOB_NAME", job.name());
        env.put("CHRONOS_JOB_OWNER", job.notes().owner());
        env.put("CHRONOS_JOB_RUN_TIME", Long.toString(run.nominal().toEpochMilli()));
        env.put("CHRONOS_JOB_RUN_ATTEMPT", Integer.toString(run.attempt()));
        env.put("CHRONOS_RESOURCE_CPU", Double.toString(job.needs().cpus()));
        env.put("CHRONOS_RESOURCE_MEM", Double.toString(job.needs().mem()));
        env.put("CHRONOS_RESOURCE_DISK", Double.toString(job.needs().disk()));
        env.put("HOST", place.host());
        env.putAll(job.command().environment());
        return env;
    }
}
