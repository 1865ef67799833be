package io.finback.controlplane.job;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.SignalHandler;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.schedule.JobEvent;
import io.finback.controlplane.schedule.JobRules;
import io.finback.controlplane.schedule.JobState;
import io.finback.controlplane.schedule.JobTask;
import io.finback.controlplane.schedule.Run;
import io.finback.controlplane.schedule.RunRecord;
import io.finback.controlplane.schedule.TaskNews;
import io.finback.persistence.EntityDefaults;
import io.finback.persistence.OwningEntity;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Owns one job: its timetable, every occurrence that is owed or under way, and what became of the rest. One per job name, on a master.
 * An occurrence is journaled with its task id before anything is launched. After a restart or failover it goes on from its journal, says
 * again what it had said ({@link JobOutbox}), and deals with what was due meanwhile by the job's own rules. It has one timer, and none while
 * nothing is due. A removed job keeps its journal, so that no task id comes back, and its entity stops.
 */
public final class JobEntity extends OwningEntity<JobCommand, JobEvent, JobState> {
    /** Task ids of runs are unique within it. */
    public static final FrameworkId FRAMEWORK = FrameworkId.of("finback-jobs");

    private enum Tick implements JobCommand {
        INSTANCE
    }

    private enum Idle implements JobCommand {
        INSTANCE
    }

    private static final int SNAPSHOT_EVERY = 200;
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(1);
    /** Clocks of machines are set; no wait is longer. */
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);
    /** One that was only asked for goes away after this. */
    private static final Duration UNKNOWN_STAYS = Duration.ofSeconds(30);
    /** So many heard successes are journaled by themselves; fewer wait for the next write. */
    private static final int HEARD_BATCH = 50;

    private final ActorContext<JobCommand> context;
    private final TimerScheduler<JobCommand> timers;
    private final String name;
    private final JobSettings settings;
    private final InstantSource clock;
    private final JobLinks links;
    private final JobOutbox outbox;
    private boolean needed;

    public static Behavior<JobCommand> create(String name, JobSettings settings, JobLinks links, InstantSource clock) {
        return EntityDefaults.supervised(Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new JobEntity(name, context, timers, settings, links, clock))));
    }

    private JobEntity(
            String name,
            ActorContext<JobCommand> context,
            TimerScheduler<JobCommand> timers,
            JobSettings settings,
            JobLinks links,
            InstantSource clock) {
        super(
                JobCommand.KEY.name(),
                name,
                JobState.empty(name),
                (state, event) -> event.applyTo(state),
                EntityDefaults.snapshotEvery(SNAPSHOT_EVERY));
        this.context = context;
        this.timers = timers;
        this.name = name;
        this.settings = settings;
        this.clock = clock;
        this.links = links;
        this.outbox = new JobOutbox(settings, links);
    }

    @Override
    public SignalHandler<JobState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(
                        RecoveryCompleted.instance(), state -> context.getSelf().tell(Tick.INSTANCE))
                .onSignal(PostStop.instance(), state -> {
                    if (needed) {
                        links.stopped(name);
                    }
                })
                .build();
    }

    @Override
    public CommandHandlerWithReply<JobCommand, JobEvent, JobState> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(JobCommand.Put.class, this::onPut)
                .onCommand(JobCommand.Remove.class, this::onRemove)
                .onCommand(JobCommand.RunNow.class, this::onRunNow)
                .onCommand(JobCommand.Kill.class, this::onKill)
                .onCommand(JobCommand.MarkSuccess.class, this::onMarkSuccess)
                .onCommand(JobCommand.MarkFailure.class, this::onMarkFailure)
                .onCommand(JobCommand.Told.class, this::onTold)
                .onCommand(JobCommand.Progress.class, this::onProgress)
                .onCommand(JobCommand.ReadHistory.class, this::onReadHistory)
                .onCommand(JobCommand.Wake.class, (state, c) -> Effect().reply(c.replyTo(), snapshot(state)))
                .onCommand(
                        JobCommand.Leave.class, (state, c) -> commit(state, JobRules.leave(state, c.hosts()), s -> {}))
                .onCommand(JobCommand.Place.class, this::onPlace)
                .onCommand(JobCommand.TaskUpdate.class, this::onTaskUpdate)
                .onCommand(JobCommand.Called.class, this::onCalled)
                .onCommand(JobCommand.SuccessHeard.class, this::onSuccessHeard)
                .onCommand(Tick.class, (state, c) -> onTick(state))
                .onCommand(Idle.class, (state, c) -> onIdle(state))
                .build();
    }

    private ReplyEffect<JobEvent, JobState> onPut(JobState state, JobCommand.Put c) {
        return commit(state, JobRules.put(state, c.definition(), clock.instant()), s -> {
            context.getLog()
                    .info(
                            "job.changed job={} next={}",
                            name,
                            s.next().map(Instant::toString).orElse("-"));
            c.replyTo().tell(new JobAnswer.Done(snapshot(s)));
        });
    }

    private ReplyEffect<JobEvent, JobState> onRemove(JobState state, JobCommand.Remove c) {
        if (!state.exists()) {
            return refuse(state, JobAnswer.Why.NO_JOB, c.replyTo());
        }
        return commit(state, JobRules.remove(state, clock.instant()), s -> {
            context.getLog().info("job.removed job={}", name);
            c.replyTo().tell(new JobAnswer.Done(snapshot(s)));
        });
    }

    private ReplyEffect<JobEvent, JobState> onRunNow(JobState state, JobCommand.RunNow c) {
        if (!state.exists()) {
            return refuse(state, JobAnswer.Why.NO_JOB, c.replyTo());
        }
        Instant now = clock.instant();
        return JobRules.request(state, Run.Cause.MANUAL, c.arguments(), now, now, settings.limits())
                .map(event -> answered(state, List.of(event), c.replyTo()))
                .orElseGet(() -> refuse(state, JobAnswer.Why.FULL, c.replyTo()));
    }

    private ReplyEffect<JobEvent, JobState> onKill(JobState state, JobCommand.Kill c) {
        return state.exists()
                ? answered(state, JobRules.kill(state, "killed by a request", clock.instant()), c.replyTo())
                : refuse(state, JobAnswer.Why.NO_JOB, c.replyTo());
    }

    private ReplyEffect<JobEvent, JobState> onMarkSuccess(JobState state, JobCommand.MarkSuccess c) {
        return state.exists()
                ? answered(state, List.of(new JobEvent.SuccessMarked(clock.instant())), c.replyTo())
                : refuse(state, JobAnswer.Why.NO_JOB, c.replyTo());
    }

    private ReplyEffect<JobEvent, JobState> onMarkFailure(JobState state, JobCommand.MarkFailure c) {
        boolean soft = state.definition().map(d -> d.policy().softError()).orElse(false);
        return state.exists()
                ? answered(state, List.of(new JobEvent.FailureMarked(clock.instant(), soft)), c.replyTo())
                : refuse(state, JobAnswer.Why.NO_JOB, c.replyTo());
    }

    private ReplyEffect<JobEvent, JobState> onTold(JobState state, JobCommand.Told c) {
        List<JobEvent> events = TaskNews.told(state, c.taskId(), c.success(), clock.instant(), settings.limits());
        return events.isEmpty()
                ? refuse(state, JobAnswer.Why.NO_TASK, c.replyTo())
                : answered(state, events, c.replyTo());
    }

    private ReplyEffect<JobEvent, JobState> onProgress(JobState state, JobCommand.Progress c) {
        return state.ofTask(c.taskId())
                .filter(Run::launched)
                .map(run -> answered(state, List.of(new JobEvent.RunProgressed(run.key(), c.elements())), c.replyTo()))
                .orElseGet(() -> refuse(state, JobAnswer.Why.NO_TASK, c.replyTo()));
    }

    private ReplyEffect<JobEvent, JobState> onReadHistory(JobState state, JobCommand.ReadHistory c) {
        return state.exists()
                ? Effect().reply(c.replyTo(), new JobAnswer.History(snapshot(state), state.history()))
                : refuse(state, JobAnswer.Why.NO_JOB, c.replyTo());
    }

    private ReplyEffect<JobEvent, JobState> onPlace(JobState state, JobCommand.Place c) {
        Instant now = clock.instant();
        List<Long> placed = new ArrayList<>();
        List<JobEvent> events = new ArrayList<>();
        for (Run run : JobRules.launchable(state, now)) {
            Optional.ofNullable(c.places().get(state.taskId(run))).ifPresent(place -> {
                placed.add(run.key());
                events.add(new JobEvent.RunPlaced(run.key(), place));
            });
        }
        return commit(state, events, s -> {
            List<TaskInfo> tasks = placed.stream()
                    .flatMap(key -> s.run(key).stream())
                    .filter(run -> run.launched() && s.exists())
                    .map(run -> JobTask.task(s, run, FRAMEWORK))
                    .toList();
            SchedulerMessage.Placed.parts(name, c.round(), tasks).forEach(c.replyTo()::tell);
        });
    }

    private ReplyEffect<JobEvent, JobState> onTaskUpdate(JobState state, JobCommand.TaskUpdate c) {
        TaskId task = c.status().task();
        if (TaskNews.stray(state, c.status())) {
            outbox.stray(task, c.status().agent());
            context.getLog().info("job.stray_task_killed job={} taskId={}", name, task);
        }
        List<JobEvent> events = TaskNews.events(state, c.status(), clock.instant(), settings.limits());
        return commit(state, events, s -> outbox.acknowledge(task, c.status().uuid()));
    }

    private ReplyEffect<JobEvent, JobState> onCalled(JobState state, JobCommand.Called c) {
        GraphMessage.Taken taken = new GraphMessage.Taken(name, c.number());
        if (c.number() <= state.triggered()) {
            links.toGraph(taken);
            return Effect().noReply();
        }
        List<JobEvent> events = new ArrayList<>(List.of(new JobEvent.TriggerTaken(c.number())));
        boolean runs = state.definition()
                .map(d -> d.dependent() && !d.policy().disabled())
                .orElse(false);
        if (runs) {
            Instant now = clock.instant();
            events.add(JobRules.request(state, Run.Cause.PARENTS, Optional.empty(), c.at(), now, settings.limits())
                    .orElseGet(() -> new JobEvent.Skipped(JobRules.refused(
                            c.at(), "more than " + settings.limits().maxQueued() + " runs wait", now))));
        }
        return commit(state, events, s -> links.toGraph(taken));
    }

    private ReplyEffect<JobEvent, JobState> onSuccessHeard(JobState state, JobCommand.SuccessHeard c) {
        outbox.heard(c.number());
        long lag = c.number() - state.told();
        List<JobEvent> events = lag >= HEARD_BATCH ? List.of(new JobEvent.SuccessesTold(c.number())) : List.of();
        return commit(state, events, s -> {});
    }

    private ReplyEffect<JobEvent, JobState> onTick(JobState state) {
        if (lastSequenceNumber(context) == 0) {
            timers.startSingleTimer(Idle.INSTANCE, UNKNOWN_STAYS);
            return Effect().noReply();
        }
        return commit(state, List.of(), s -> outbox.sync(s, lastSequenceNumber(context), clock.instant(), true));
    }

    /** Somebody asked for a job that never was, or that is no more: it costs nothing once this has stopped. */
    private ReplyEffect<JobEvent, JobState> onIdle(JobState state) {
        return outbox.finished(state) ? Effect().none().thenStop().thenNoReply() : onTick(state);
    }

    private ReplyEffect<JobEvent, JobState> refuse(JobState state, JobAnswer.Why why, ActorRef<JobAnswer> replyTo) {
        return Effect().reply(replyTo, new JobAnswer.Refused(snapshot(state), why));
    }

    private ReplyEffect<JobEvent, JobState> answered(
            JobState state, List<JobEvent> events, ActorRef<JobAnswer> replyTo) {
        return commit(state, events, s -> replyTo.tell(new JobAnswer.Done(snapshot(s))));
    }

    /** Persists {@code events} and what follows from them as one write, then says what has changed. Replies are in {@code then}. */
    private ReplyEffect<JobEvent, JobState> commit(JobState state, List<JobEvent> events, Consumer<JobState> then) {
        List<JobEvent> all = new ArrayList<>(events);
        all.addAll(JobRules.settle(JobEvent.fold(state, events), clock.instant(), settings.limits()));
        if (all.isEmpty()) {
            return Effect().none().thenRun((JobState s) -> committed(s, then)).thenNoReply();
        }
        if (outbox.heard() > state.told() && all.stream().noneMatch(e -> e instanceof JobEvent.SuccessesTold)) {
            all.add(0, new JobEvent.SuccessesTold(outbox.heard()));
        }
        Set<RunRecord> before = new HashSet<>(state.history());
        return Effect()
                .persist(all)
                .thenRun((JobState s) -> {
                    s.history().stream().filter(r -> !before.contains(r)).forEach(this::log);
                    committed(s, then);
                })
                .thenNoReply();
    }

    private void log(RunRecord record) {
        switch (record.outcome()) {
            case MISSED, OVERLAPPED ->
                context.getLog()
                        .warn(
                                "job.occurrences_not_run job={} outcome={} count={} first={} last={}",
                                name,
                                record.outcome(),
                                record.count(),
                                record.nominal(),
                                record.until());
            case SUCCEEDED -> context.getLog().debug("job.run_succeeded job={} nominal={}", name, record.nominal());
            default ->
                context.getLog()
                        .info(
                                "job.run_ended job={} outcome={} nominal={} attempt={}",
                                name,
                                record.outcome(),
                                record.nominal(),
                                record.attempt());
        }
    }

    private void committed(JobState state, Consumer<JobState> then) {
        Instant now = clock.instant();
        outbox.sync(state, lastSequenceNumber(context), now, false);
        then.accept(state);
        if (outbox.finished(state)) {
            needed = false;
            timers.startSingleTimer(Idle.INSTANCE, UNKNOWN_STAYS);
            return;
        }
        needed = true;
        timers.cancel(Idle.INSTANCE);
        Optional<Duration> due = JobRules.wake(state, now).map(at -> Duration.between(now, at));
        Optional<Duration> pause = outbox.pause(state, now);
        Optional<Duration> wait = due.isEmpty() || pause.isEmpty()
                ? due.or(() -> pause)
                : Optional.of(due.get().compareTo(pause.get()) < 0 ? due.get() : pause.get());
        wait.ifPresentOrElse(
                d -> timers.startSingleTimer(Tick.INSTANCE, within(d)), () -> timers.cancel(Tick.INSTANCE));
    }

    private static Duration within(Duration wait) {
        Duration atLeast = wait.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : wait;
        return atLeast.compareTo(LONGEST_WAIT) < 0 ? atLeast : LONGEST_WAIT;
    }

    private JobSnapshot snapshot(JobState state) {
        return JobSnapshot.of(state, lastSequenceNumber(context));
    }
}
