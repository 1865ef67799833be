package io.finback.nodeagent.node;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.finback.nodeagent.executor.EndWatch;
import io.finback.nodeagent.probe.Prober;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.resources.FrameworkId;
import io.finback.resources.PersistentVolume;
import io.finback.resources.TaskKey;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent.KillTask;
import io.finback.wire.MasterToAgent.UpdateId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Owns the tasks of this agent. One per agent node; on a thread of its own, since it waits for the disk. It reads its state from
 * disk on every start, so a restart of the actor and a restart of the process are the same thing: running tasks are adopted.
 */
public final class TasksActor extends AbstractBehavior<TasksActor.Command> {
    public sealed interface Command {}

    /** Starts what is not known yet, and confirms all; {@code traces} as in {@link io.finback.wire.MasterToAgent.Launch}. */
    public record Launch(List<TaskInfo> tasks, Map<String, String> traces) implements Command {
        public Launch(List<TaskInfo> tasks) {
            this(tasks, Map.of());
        }
    }

    public record Kill(List<KillTask> tasks) implements Command {}

    public record Acknowledge(List<UpdateId> updates) implements Command {}

    /** Asks for every task, as it is after all commands before this one. */
    public record Describe(ActorRef<ConversationActor.Command> replyTo) implements Command {}

    /** Ends every task and takes no new one; answered when all have ended. */
    public record StopAll(ActorRef<Done> replyTo) implements Command {}

    /** Nobody will ever take what is left to be said: tasks that have ended are done. */
    public record ForgetUpdates(ActorRef<Done> replyTo) implements Command {}

    /** An executor speaks. */
    public record FromExecutor(ExecutorCall call, ActorRef<ExecutorCall.Answer> replyTo) implements Command {}

    /** A stream of an executor has ended. */
    public record ExecutorLeft(ExecutorStream stream) implements Command {}

    /** These volumes are to be emptied; answered by {@link ConversationActor.VolumesDestroyed}. */
    record DestroyVolumes(List<PersistentVolume> volumes) implements Command {}

    /** A framework has a word for an executor. */
    public record FromFramework(FrameworkId framework, String executor, Bytes data) implements Command {}

    private record ExecutorLate(TaskKey run) implements Command {}
    /** Ends a task on revocable resources: others need them. */
    record Preempt(TaskKey task, String why) implements Command {}

    /** A task's sandbox holds more than it asked for; {@code why} says how much. */
    public record OverDisk(TaskKey task, String container, String why) implements Command {}

    private record Prepared(TaskKey task, ContainerRef process) implements Command {}

    private record NotPrepared(TaskKey task, String why) implements Command {}

    private record Began(TaskKey task, ContainerRef process, ContainerRef running) implements Command {}

    private record Ended(TaskKey task, ContainerRef process, Exit exit) implements Command {}

    private record GraceOver(TaskKey task) implements Command {}

    private record Checked(ChecksActor.News news) implements Command {}

    private record CompletionDue(TaskKey task, String container) implements Command {}

    /** The name of the timer of a task's last moment. */
    private record Completion(TaskKey task) {}

    private enum RetryDue implements Command {
        INSTANCE
    }

    private enum CollectDue implements Command {
        INSTANCE
    }

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final Duration COLLECT_EVERY = Duration.ofMinutes(1);

    private final ActorRef<ConversationActor.Command> conversation;
    private final TimerScheduler<Command> timers;
    private final EndWatch watch;
    private final TaskWork work;
    private final LaunchTraces traces;
    private final Prober prober;
    private final ActorRef<ChecksActor.Command> checks;
    private @Nullable ActorRef<Done> stopping;

    public static Behavior<Command> create(TaskTools tools, ActorRef<ConversationActor.Command> conversation) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new TasksActor(context, timers, tools, conversation).recovered()));
    }

    private TasksActor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            TaskTools tools,
            ActorRef<ConversationActor.Command> conversation) {
        super(context);
        this.conversation = conversation;
        this.traces = tools.traces();
        this.timers = timers;
        ActorRef<Command> self = context.getSelf();
        this.watch = EndWatch.start(
                tools.containers(),
                new Heard(self),
                tools.settings().lookFast(),
                tools.settings().lookSlow(),
                tools.settings().looks());
        this.prober = new Prober(
                context.getSystem(),
                tools.inside(),
                tools.settings().checkCalls(),
                tools.settings().checkCommands());
        this.checks = context.spawnAnonymous(
                ChecksActor.create(prober, news -> self.tell(new Checked(news))),
                DispatcherSelector.defaultDispatcher());
        // Without its checks no task could be trusted: should they fail, this starts anew, too, and adopts.
        context.watch(checks);
        this.work = new TaskWork(tools, watch, new Surroundings());
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Launch.class, this::onLaunch)
                .onMessage(Kill.class, this::onKill)
                .onMessage(Acknowledge.class, this::onAcknowledge)
                .onMessage(Describe.class, this::onDescribe)
                .onMessage(StopAll.class, this::onStopAll)
                .onMessage(ForgetUpdates.class, this::onForgetUpdates)
                .onMessage(Prepared.class, this::onPrepared)
                .onMessage(NotPrepared.class, failed -> settled(() -> work.notPrepared(failed.task(), failed.why())))
                .onMessage(Began.class, now -> settled(() -> work.began(now.task(), now.process(), now.running())))
                .onMessage(Ended.class, end -> settled(() -> work.ended(end.task(), end.process(), end.exit())))
                .onMessage(GraceOver.class, over -> settled(() -> work.graceOver(over.task())))
                .onMessage(FromExecutor.class, this::onFromExecutor)
                .onMessage(
                        ExecutorLeft.class,
                        left -> settled(() -> work.executors().left(left.stream())))
                .onMessage(FromFramework.class, this::onFromFramework)
                .onMessage(DestroyVolumes.class, this::onDestroyVolumes)
                .onMessage(
                        ExecutorLate.class,
                        late -> settled(() -> work.executors().late(late.run())))
                .onMessage(Checked.class, checked -> settled(() -> work.checked(checked.news())))
                .onMessage(CompletionDue.class, due -> settled(() -> work.completionDue(due.task(), due.container())))
                .onMessage(Preempt.class, order -> settled(() -> work.preempt(order.task(), order.why())))
                .onMessage(
                        OverDisk.class, over -> settled(() -> work.overDisk(over.task(), over.container(), over.why())))
                .onMessage(RetryDue.class, due -> settled(work::retry))
                .onMessage(CollectDue.class, due -> collected())
                .onSignal(PreRestart.class, signal -> closed())
                .onSignal(PostStop.class, signal -> closed())
                .build();
    }

    private Behavior<Command> recovered() {
        try {
            work.recover();
        } catch (IOException e) {
            watch.close();
            prober.close();
            throw new UncheckedIOException(e);
        }
        timers.startTimerWithFixedDelay(CollectDue.INSTANCE, Duration.ZERO, COLLECT_EVERY);
        return settled(() -> {});
    }

    private Behavior<Command> onLaunch(Launch launch) {
        if (stopping != null) {
            return this;
        }
        work.launch(
                launch.tasks(), task -> traces.received(task, launch.traces().get(task.toString()), Instant.now()));
        conversation.tell(new ConversationActor.Confirm(
                launch.tasks().stream()
                        .map(info -> TaskKey.of(info.framework(), info.id()))
                        .toList(),
                List.of()));
        return settled(() -> {});
    }

    private Behavior<Command> onPrepared(Prepared made) {
        traces.prepared(made.task(), Instant.now());
        return settled(() -> work.prepared(made.task(), made.process()));
    }

    private Behavior<Command> onKill(Kill kill) {
        // What the disk refused is done, but not confirmed: it comes again, also to an agent that does not remember it.
        List<TaskKey> stored = kill.tasks().stream()
                .filter(order -> work.kill(order.task(), order.grace(), order.maxGrace()))
                .map(KillTask::task)
                .toList();
        conversation.tell(new ConversationActor.Confirm(List.of(), stored));
        return settled(() -> {});
    }

    private Behavior<Command> onAcknowledge(Acknowledge acknowledge) {
        return settled(() -> acknowledge.updates().forEach(update -> work.acknowledged(update.task(), update.uuid())));
    }

    private Behavior<Command> onDescribe(Describe describe) {
        describe.replyTo().tell(new ConversationActor.Known(work.known(), work.updates()));
        return this;
    }

    private Behavior<Command> onFromExecutor(FromExecutor from) {
        return settled(() -> from.replyTo().tell(work.executors().call(from.call())));
    }

    private Behavior<Command> onFromFramework(FromFramework message) {
        if (!work.executors().tell(message.framework(), message.executor(), message.data())) {
            getContext()
                    .getLog()
                    .debug("executor.message_lost framework={} executor={}", message.framework(), message.executor());
        }
        return this;
    }

    private Behavior<Command> onDestroyVolumes(DestroyVolumes order) {
        conversation.tell(new ConversationActor.VolumesDestroyed(work.destroy(order.volumes())));
        return this;
    }

    private Behavior<Command> onStopAll(StopAll stop) {
        stopping = stop.replyTo();
        return settled(work::killAll);
    }

    private Behavior<Command> onForgetUpdates(ForgetUpdates forget) {
        work.forgetUpdates();
        forget.replyTo().tell(Done.getInstance());
        return settled(() -> {});
    }

    /** After every change: come back for what the disk refused, and say so when the last task has ended. */
    private Behavior<Command> settled(Runnable change) {
        change.run();
        work.executors().follow();
        if (!work.isSettled()) {
            timers.startSingleTimer(RetryDue.INSTANCE, RETRY_AFTER);
        }
        if (stopping != null && work.allEnded()) {
            stopping.tell(Done.getInstance());
        }
        return this;
    }

    private Behavior<Command> collected() {
        work.collect(Instant.now());
        return this;
    }

    private Behavior<Command> closed() {
        work.close();
        watch.close();
        prober.close();
        return this;
    }

    private record Heard(ActorRef<Command> self) implements EndWatch.Listener {
        @Override
        public void began(TaskKey task, ContainerRef process, ContainerRef running) {
            self.tell(new Began(task, process, running));
        }

        @Override
        public void ended(TaskKey task, ContainerRef process, Exit exit) {
            self.tell(new Ended(task, process, exit));
        }
    }

    private final class Surroundings implements TaskWork.Surroundings {
        @Override
        public void prepare(AgentTask task, Supplier<ContainerRef> making, Executor where) {
            TaskKey id = task.key();
            getContext()
                    .pipeToSelf(
                            CompletableFuture.supplyAsync(making, where),
                            (process, failure) -> failure == null
                                    ? new Prepared(id, process)
                                    : new NotPrepared(id, TaskHands.reason(failure)));
        }

        @Override
        public void armGrace(TaskKey task, Duration grace) {
            timers.startSingleTimer(task, new GraceOver(task), grace);
        }

        @Override
        public void disarmGrace(TaskKey task) {
            timers.cancel(task);
        }

        @Override
        public void armExecutor(TaskKey run, Duration after) {
            timers.startSingleTimer(new ExecutorLate(run), new ExecutorLate(run), after);
        }

        @Override
        public void disarmExecutor(TaskKey run) {
            timers.cancel(new ExecutorLate(run));
        }

        @Override
        public void executorSays(FrameworkId framework, String executor, Bytes data) {
            conversation.tell(new ConversationActor.ExecutorSays(framework, executor, data));
        }

        @Override
        public void attend(AgentTask task, boolean adopted) {
            Duration age = task.age(Instant.now());
            ChecksActor.Watch.of(task, age, adopted).ifPresent(checks::tell);
            task.info().options().maxCompletion().ifPresent(most -> {
                Duration left = most.minus(age);
                timers.startSingleTimer(
                        new Completion(task.key()),
                        new CompletionDue(task.key(), task.container()),
                        left.isNegative() ? Duration.ZERO : left);
            });
        }

        @Override
        public void leave(TaskKey task) {
            checks.tell(new ChecksActor.Forget(task));
            timers.cancel(new Completion(task));
        }

        @Override
        public void say(TaskStatus update) {
            conversation.tell(new ConversationActor.NewUpdate(update));
            traces.said(update, Instant.now());
        }
    }
}
