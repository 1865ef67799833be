package io.finback.controlplane.job;

import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.schedule.JobState;
import io.finback.controlplane.schedule.JobTask;
import io.finback.controlplane.schedule.Run;
import io.finback.controlplane.scheduler.Demand;
import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything a job's entity says to others, derived from its state alone: what changed is sent, and what was not confirmed is sent again.
 * Forgetting it (a restart) only repeats messages. Confined to the entity's actor.
 */
final class JobOutbox {
    private final JobSettings settings;
    private final JobLinks links;

    private long viewed = -1;
    private List<String> demanded = List.of();
    private long heard;
    private long reported;
    private Instant stagingAskedAt = Instant.EPOCH;
    private Instant allAskedAt = Instant.EPOCH;
    private final Map<String, Instant> killedAt = new HashMap<>();

    JobOutbox(JobSettings settings, JobLinks links) {
        this.settings = settings;
        this.links = links;
    }

    /** Sends what changed; with {@code tick} also what is unconfirmed. */
    void sync(JobState state, long revision, Instant now, boolean tick) {
        if (revision == 0) {
            return;
        }
        if (revision != viewed) {
            links.toViews(JobSnapshot.of(state, revision));
            viewed = revision;
        }
        demand(state, revision, now, tick);
        successes(state, tick);
        kills(state, now);
        reconcile(state, now);
    }

    /** The graph knows successes up to {@code number}. */
    void heard(long number) {
        heard = Math.max(heard, number);
    }

    long heard() {
        return heard;
    }

    /** How long until something must be said again; empty: nothing is under way. */
    Optional<Duration> pause(JobState state, Instant now) {
        boolean busy = unheard(state).isPresent();
        boolean launched = false;
        for (Run run : state.runs().values()) {
            boolean rests = run.waiting() && run.notBefore().isAfter(now);
            busy |= run.doom().isPresent() || run.phase() == Run.Phase.STAGING || (run.waiting() && !rests);
            launched |= run.launched();
        }
        if (busy) {
            return Optional.of(settings.repeat());
        }
        return launched ? Optional.of(settings.reconcileAll()) : Optional.empty();
    }

    /** Nothing will ever be said again, until somebody creates the job. */
    boolean finished(JobState state) {
        return !state.exists() && state.runs().isEmpty() && unheard(state).isEmpty();
    }

    /** A task the job has given up still runs. */
    void stray(TaskId task, AgentId agent) {
        links.toScheduler(new SchedulerMessage.KillTask(task, Optional.of(agent), Optional.empty()));
    }

    void acknowledge(TaskId task, Optional<String> uuid) {
        uuid.ifPresent(id -> links.toScheduler(new SchedulerMessage.AcknowledgeTask(task, id)));
    }

    private void demand(JobState state, long revision, Instant now, boolean tick) {
        Demand demand = JobTask.demand(state, revision, now);
        boolean waits = !demand.waiting().isEmpty();
        if (!demand.waiting().equals(demanded) || (tick && waits)) {
            links.toScheduler(new SchedulerMessage.Demanded(demand));
            demanded = demand.waiting();
        }
    }

    private Optional<JobState.Success> unheard(JobState state) {
        return state.untold().stream().filter(s -> s.number() > heard).findFirst();
    }

    /** One at a time, so that none can overtake another. */
    private void successes(JobState state, boolean tick) {
        unheard(state).ifPresent(s -> {
            if (s.number() != reported || tick) {
                reported = s.number();
                links.toGraph(new GraphMessage.Succeeded(state.name(), s.number(), s.at()));
            }
        });
    }

    private void kills(JobState state, Instant now) {
        killedAt.keySet().removeIf(id -> state.ofTask(id).isEmpty());
        for (Run run : state.runs().values()) {
            if (run.doom().isEmpty() || !run.launched()) {
                continue;
            }
            String id = state.taskId(run);
            if (!now.isBefore(killedAt.getOrDefault(id, Instant.EPOCH).plus(settings.killRepeat()))) {
                killedAt.put(id, now);
                Optional<AgentId> agent = run.place().map(p -> AgentId.of(p.agentId()));
                links.toScheduler(new SchedulerMessage.KillTask(TaskId.of(id), agent, Optional.empty()));
            }
        }
    }

    private void reconcile(JobState state, Instant now) {
        boolean all = !now.isBefore(allAskedAt.plus(settings.reconcileAll()));
        boolean staging = !now.isBefore(stagingAskedAt.plus(settings.reconcileStaging()));
        if (!all && !staging) {
            return;
        }
        Instant old = now.minus(settings.reconcileStaging());
        List<TaskId> tasks = state.runs().values().stream()
                .filter(r -> r.launched() && r.phase() != Run.Phase.ASYNC)
                .filter(r -> all
                        || (r.phase() == Run.Phase.STAGING
                                && r.place().map(p -> p.at().isBefore(old)).orElse(false)))
                .map(r -> TaskId.of(state.taskId(r)))
                .toList();
        stagingAskedAt = now;
        if (!tasks.isEmpty()) {
            allAskedAt = all ? now : allAskedAt;
            links.toScheduler(new SchedulerMessage.ReconcileTasks(tasks));
        }
    }
}
