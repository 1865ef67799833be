package io.finback.nodeagent.node;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.finback.nodeagent.check.Cadence;
import io.finback.nodeagent.check.HealthState;
import io.finback.nodeagent.check.Outcome;
import io.finback.nodeagent.check.Sightings;
import io.finback.nodeagent.probe.Prober;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.resources.TaskKey;
import io.finback.tasks.CheckInfo;
import io.finback.tasks.CheckStatus;
import io.finback.tasks.HealthCheck;
import io.finback.tasks.Probe;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the checks of this agent's tasks: one timer or one look at a time per check, no thread waits. One per agent node. Keeps
 * nothing that a restart loses but the failures in a row: what was last said is in the task's own record, and {@link TasksActor}
 * hands it over when it watches a task (again).
 */
final class ChecksActor extends AbstractBehavior<ChecksActor.Command> {
    sealed interface Command {}

    /**
     * Checks a running task from now on.
     *
     * @param container names the run; what is seen of an earlier one is dropped
     * @param sinceStart how long it has been running
     * @param adopted whether another agent has checked it before
     */
    record Watch(
            TaskKey task,
            String container,
            Optional<Long> leader,
            Optional<HealthCheck> health,
            Optional<Boolean> healthy,
            Optional<CheckInfo> check,
            Optional<CheckStatus> seen,
            Duration sinceStart,
            boolean adopted)
            implements Command {
        /** Empty for a task without checks. */
        static Optional<Watch> of(AgentTask task, Duration sinceStart, boolean adopted) {
            Optional<HealthCheck> health = task.info().options().healthCheck();
            Optional<CheckInfo> check = task.info().options().check();
            if (health.isEmpty() && check.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(new Watch(
                    task.key(),
                    task.container(),
                    task.process().flatMap(ContainerRef::leader),
                    health,
                    task.vitals().healthy(),
                    check,
                    task.vitals().check(),
                    sinceStart,
                    adopted));
        }
    }

    /** Checks it no more: it ends, or has ended. */
    record Forget(TaskKey task) implements Command {}

    private enum Which {
        HEALTH,
        CHECK
    }

    private record Slot(TaskKey task, Which which) {}

    private record Due(Slot slot, String container) implements Command {}

    private record Looked(Slot slot, String container, Outcome outcome) implements Command {}

    /**
     * What is new of a task.
     *
     * @param kill whether it has been unhealthy too often
     * @param why what was seen; for people
     */
    record News(
            TaskKey task,
            String container,
            Optional<Boolean> healthy,
            Optional<CheckStatus> seen,
            boolean kill,
            String why) {}

    private static final class Checked {
        private final Watch watch;
        private final long startNanos;
        private HealthState health;
        private Optional<CheckStatus> seen;

        private Checked(Watch watch) {
            this.watch = watch;
            this.startNanos = System.nanoTime() - Math.max(0, watch.sinceStart().toNanos());
            this.health = HealthState.resumed(watch.healthy());
            this.seen = watch.seen();
        }

        private Probe probe(Which which) {
            return which == Which.HEALTH
                    ? watch.health().orElseThrow().probe()
                    : watch.check().orElseThrow().probe();
        }

        private Duration timeout(Which which) {
            return which == Which.HEALTH
                    ? watch.health().orElseThrow().timeout()
                    : watch.check().orElseThrow().timeout();
        }

        private Duration interval(Which which) {
            return which == Which.HEALTH
                    ? watch.health().orElseThrow().interval()
                    : watch.check().orElseThrow().interval();
        }

        private Duration delay(Which which) {
            return which == Which.HEALTH
                    ? watch.health().orElseThrow().delay()
                    : watch.check().orElseThrow().delay();
        }
    }

    private static final Logger log = LoggerFactory.getLogger(ChecksActor.class);

    private final TimerScheduler<Command> timers;
    private final Prober prober;
    private final Consumer<News> news;
    private final Map<TaskKey, Checked> tasks = new HashMap<>();

    static Behavior<Command> create(Prober prober, Consumer<News> news) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new ChecksActor(context, timers, prober, news)));
    }

    private ChecksActor(
            ActorContext<Command> context, TimerScheduler<Command> timers, Prober prober, Consumer<News> news) {
        super(context);
        this.timers = timers;
        this.prober = prober;
        this.news = news;
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Watch.class, this::onWatch)
                .onMessage(Forget.class, this::onForget)
                .onMessage(Due.class, this::onDue)
                .onMessage(Looked.class, this::onLooked)
                .build();
    }

    private Behavior<Command> onWatch(Watch watch) {
        Checked known = tasks.get(watch.task());
        if (known != null && known.watch.container().equals(watch.container())) {
            return this;
        }
        Checked checked = new Checked(watch);
        tasks.put(watch.task(), checked);
        watch.health().ifPresent(health -> begin(checked, Which.HEALTH));
        watch.check().ifPresent(check -> begin(checked, Which.CHECK));
        return this;
    }

    private Behavior<Command> onForget(Forget forget) {
        if (tasks.remove(forget.task()) != null) {
            timers.cancel(new Slot(forget.task(), Which.HEALTH));
            timers.cancel(new Slot(forget.task(), Which.CHECK));
        }
        return this;
    }

    private Behavior<Command> onDue(Due due) {
        find(due.slot(), due.container()).ifPresent(checked -> {
            Which which = due.slot().which();
            getContext()
                    .pipeToSelf(
                            prober.look(checked.watch.leader(), checked.probe(which), checked.timeout(which)),
                            (outcome, failure) -> new Looked(
                                    due.slot(),
                                    due.container(),
                                    failure == null ? outcome : new Outcome.Broken(failure.toString())));
        });
        return this;
    }

    private Behavior<Command> onLooked(Looked looked) {
        find(looked.slot(), looked.container()).ifPresent(checked -> {
            if (looked.slot().which() == Which.HEALTH) {
                judge(checked, looked.outcome());
            } else {
                tell(checked, looked.outcome());
            }
            Which which = looked.slot().which();
            arm(checked, which, Cadence.next(checked.interval(which), chance()));
        });
        return this;
    }

    private void judge(Checked checked, Outcome outcome) {
        Duration since = Duration.ofNanos(System.nanoTime() - checked.startNanos);
        HealthState.Verdict verdict =
                checked.health.after(checked.watch.health().orElseThrow(), outcome, since);
        checked.health = verdict.next();
        verdict.report().ifPresent(healthy -> {
            log.info(
                    "task.health task={} healthy={} failures={} kill={} saw={}",
                    checked.watch.task(),
                    healthy,
                    verdict.next().failures(),
                    verdict.kill(),
                    outcome.describe());
            news.accept(new News(
                    checked.watch.task(),
                    checked.watch.container(),
                    verdict.report(),
                    Optional.empty(),
                    verdict.kill(),
                    outcome.describe()));
        });
    }

    private void tell(Checked checked, Outcome outcome) {
        CheckStatus now = Sightings.of(checked.watch.check().orElseThrow().probe(), outcome);
        if (checked.seen.equals(Optional.of(now))) {
            return;
        }
        checked.seen = Optional.of(now);
        news.accept(new News(
                checked.watch.task(),
                checked.watch.container(),
                Optional.empty(),
                Optional.of(now),
                false,
                outcome.describe()));
    }

    private void begin(Checked checked, Which which) {
        Duration delay = checked.delay(which);
        arm(
                checked,
                which,
                checked.watch.adopted()
                        ? Cadence.resumed(delay, checked.interval(which), checked.watch.sinceStart(), chance())
                        : Cadence.first(delay));
    }

    private void arm(Checked checked, Which which, Duration after) {
        Slot slot = new Slot(checked.watch.task(), which);
        timers.startSingleTimer(slot, new Due(slot, checked.watch.container()), after);
    }

    private Optional<Checked> find(Slot slot, String container) {
        Optional<Checked> known = Optional.ofNullable(tasks.get(slot.task()));
        return known.filter(checked -> checked.watch.container().equals(container));
    }

    /** From 0 to 1: spreads looks, decides nothing else. */
    private static double chance() {
        return ThreadLocalRandom.current().nextDouble();
    }
}
