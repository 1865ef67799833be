package io.finback.nodeagent.node;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.executor.EndWatch;
import io.finback.nodeagent.executor.Launcher;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.nodeagent.task.Stamp;
import io.finback.nodeagent.task.Step;
import io.finback.nodeagent.task.Step.Action;
import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentToMaster.KnownTask;
import io.finback.wire.MasterToAgent.KillTask;
import io.finback.wire.MasterToAgent.UpdateId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Owns the tasks of this agent. One per agent node; on a thread of its own, since it waits for the disk. It reads its state from
 * disk on every start, so a restart of the actor and a restart of the process are the same thing: running tasks are adopted.
 */
public final class TasksActor extends AbstractBehavior<TasksActor.Command> {
    public sealed interface Command {}

    /** Starts what is not known yet, and confirms all. */
    public record Launch(List<TaskInfo> tasks) implements Command {}

    public record Kill(List<KillTask> tasks) implements Command {}

    public record Acknowledge(List<UpdateId> updates) implements Command {}

    /** Asks for every task, as it is after all commands before this one. */
    public record Describe(ActorRef<ConversationActor.Command> replyTo) implements Command {}

    /** Ends every task and takes no new one; answered when all have ended. */
    public record StopAll(ActorRef<Done> replyTo) implements Command {}

    private record Prepared(TaskId task, ProcessRef process) implements Command {}

    private record NotPrepared(TaskId task, String why) implements Command {}

    private record Ended(TaskId task, ProcessRef process, Exit exit) implements Command {}

    private record GraceOver(TaskId task) implements Command {}

    private enum RetryDue implements Command {
        INSTANCE
    }

    private enum CollectDue implements Command {
        INSTANCE
    }

    /** What the actor works with; {@code blocking} runs what takes long: starts of processes, deletion of sandboxes. */
    public record Tools(
            AgentId agent,
            CheckpointStore store,
            Sandboxes sandboxes,
            Launcher launcher,
            Processes processes,
            TaskBoard board,
            Executor blocking,
            String bootId,
            TasksSettings settings) {}

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final Duration COLLECT_EVERY = Duration.ofMinutes(1);

    private final Tools tools;
    private final ActorRef<ConversationActor.Command> conversation;
    private final TimerScheduler<Command> timers;
    private final TaskHands hands;
    private final EndWatch watch;
    private final TaskLedger ledger;
    private @Nullable ActorRef<Done> stopping;

    public static Behavior<Command> create(Tools tools, ActorRef<ConversationActor.Command> conversation) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new TasksActor(context, timers, tools, conversation).recovered()));
    }

    private TasksActor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Tools tools,
            ActorRef<ConversationActor.Command> conversation) {
        super(context);
        this.tools = tools;
        this.conversation = conversation;
        this.timers = timers;
        this.hands = new TaskHands(tools);
        ActorRef<Command> self = context.getSelf();
        this.watch = EndWatch.start(
                tools.processes(),
                (task, process, exit) -> self.tell(new Ended(task, process, exit)),
                tools.settings().lookFast(),
                tools.settings().lookSlow());
        this.ledger = new TaskLedger(tools.store(), tools.board(), new Effects());
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Launch.class, this::onLaunch)
                .onMessage(Kill.class, this::onKill)
                .onMessage(Acknowledge.class, this::onAcknowledge)
                .onMessage(Describe.class, this::onDescribe)
                .onMessage(StopAll.class, this::onStopAll)
                .onMessage(Prepared.class, this::onPrepared)
                .onMessage(NotPrepared.class, this::onNotPrepared)
                .onMessage(Ended.class, this::onEnded)
                .onMessage(GraceOver.class, this::onGraceOver)
                .onMessage(RetryDue.class, due -> settled(ledger::retry))
                .onMessage(CollectDue.class, due -> collected())
                .onSignal(PreRestart.class, signal -> closed())
                .onSignal(PostStop.class, signal -> closed())
                .build();
    }

    private Behavior<Command> recovered() {
        tools.launcher().discardAll();
        List<AgentTask> tasks;
        try {
            tasks = ledger.recover();
        } catch (IOException e) {
            watch.close();
            throw new UncheckedIOException(e);
        }
        hands.endOrphans(tasks);
        for (AgentTask task : tasks) {
            boolean sameBoot = task.process()
                    .map(ProcessRef::bootId)
                    .filter(tools.bootId()::equals)
                    .isPresent();
            getContext()
                    .getLog()
                    .info(
                            "task.recovered taskId={} state={} pid={}",
                            task.info().id(),
                            task.state(),
                            pid(task));
            ledger.apply(sameBoot ? task.resumed(stamp()) : task.machineRestarted(stamp()));
        }
        timers.startTimerWithFixedDelay(CollectDue.INSTANCE, Duration.ZERO, COLLECT_EVERY);
        return settled(() -> {});
    }

    private Behavior<Command> onLaunch(Launch launch) {
        if (stopping != null) {
            return this;
        }
        List<TaskId> confirmed = new ArrayList<>();
        for (TaskInfo info : launch.tasks()) {
            if (!ledger.knows(info.id())) {
                begin(info);
            }
            confirmed.add(info.id());
        }
        conversation.tell(new ConversationActor.Confirm(confirmed, List.of()));
        return settled(() -> {});
    }

    private void begin(TaskInfo info) {
        tools.board().countLaunch();
        AgentTask task = AgentTask.received(info, UUID.randomUUID().toString(), Instant.now());
        Optional<String> refusal = ledger.add(task);
        if (refusal.isPresent()) {
            ledger.refuse(task.notStarted(refusal.get(), stamp()));
            return;
        }
        ledger.apply(
                hands.objection(info).map(why -> task.invalid(why, stamp())).orElseGet(task::stored));
    }

    private Behavior<Command> onKill(Kill kill) {
        for (KillTask order : kill.tasks()) {
            ledger.find(order.task()).ifPresent(task -> kill(task, order.grace()));
        }
        // What the disk refused is done, but not confirmed: it comes again, also to an agent that does not remember it.
        conversation.tell(new ConversationActor.Confirm(
                List.of(),
                kill.tasks().stream()
                        .map(KillTask::task)
                        .filter(ledger::isStored)
                        .toList()));
        return settled(() -> {});
    }

    private void kill(AgentTask task, Optional<Duration> grace) {
        Duration given =
                grace.or(task.info()::killGrace).orElse(tools.settings().killGrace());
        getContext()
                .getLog()
                .info("task.kill taskId={} pid={} grace={}", task.info().id(), pid(task), given);
        ledger.applyAnyway(task.kill(given, Instant.now()));
    }

    private Behavior<Command> onAcknowledge(Acknowledge acknowledge) {
        for (UpdateId update : acknowledge.updates()) {
            ledger.find(update.task()).ifPresent(task -> ledger.apply(task.acknowledged(update.uuid())));
        }
        return settled(() -> {});
    }

    private Behavior<Command> onDescribe(Describe describe) {
        describe.replyTo()
                .tell(new ConversationActor.Known(
                        ledger.all().stream()
                                .map(task -> new KnownTask(task.info(), task.state()))
                                .toList(),
                        ledger.updates()));
        return this;
    }

    private Behavior<Command> onStopAll(StopAll stop) {
        stopping = stop.replyTo();
        ledger.all().stream().filter(task -> !task.isEnded()).forEach(task -> kill(task, Optional.empty()));
        return settled(() -> {});
    }

    private Behavior<Command> onPrepared(Prepared prepared) {
        Optional<AgentTask> task = ledger.find(prepared.task());
        Step step =
                task.map(found -> found.prepared(prepared.process(), stamp())).orElse(null);
        if (step == null || step.actions().contains(Action.DISCARD)) {
            tools.launcher().discard(prepared.process());
        }
        if (step != null && step.actions().contains(Action.RELEASE)) {
            if (!ledger.applyNow(step)) {
                tools.launcher().discard(prepared.process());
                ledger.refuse(task.orElseThrow()
                        .notStarted("its process cannot be written to disk, so it was not started", stamp()));
            }
        } else if (step != null) {
            ledger.apply(step);
        }
        return settled(() -> {});
    }

    private Behavior<Command> onNotPrepared(NotPrepared failed) {
        return settled(() ->
                ledger.find(failed.task()).ifPresent(task -> ledger.apply(task.notStarted(failed.why(), stamp()))));
    }

    private Behavior<Command> onEnded(Ended ended) {
        ledger.find(ended.task())
                .filter(task -> task.process().equals(Optional.of(ended.process())))
                .ifPresent(task -> {
                    Step step = task.ended(ended.exit(), tools.store().hasBegun(task), stamp());
                    getContext()
                            .getLog()
                            .info(
                                    "task.ended taskId={} pid={} state={} how={}",
                                    ended.task(),
                                    pid(task),
                                    step.next().state(),
                                    ended.exit().describe());
                    tools.board().countEnd();
                    timers.cancel(ended.task());
                    ledger.apply(step);
                });
        return settled(() -> {});
    }

    private Behavior<Command> onGraceOver(GraceOver over) {
        return settled(() -> ledger.find(over.task()).ifPresent(task -> ledger.apply(task.graceOver())));
    }

    /** After every change: come back for what the disk refused, and say so when the last task has ended. */
    private Behavior<Command> settled(Runnable change) {
        change.run();
        if (!ledger.isSettled()) {
            timers.startSingleTimer(RetryDue.INSTANCE, RETRY_AFTER);
        }
        if (stopping != null && ledger.all().stream().allMatch(AgentTask::isEnded)) {
            stopping.tell(Done.getInstance());
        }
        return this;
    }

    private Behavior<Command> collected() {
        Instant oldest = Instant.now().minus(tools.settings().sandboxDelay());
        ledger.collect(tools.settings().maxEnded(), oldest, task -> tools.blocking()
                .execute(() -> new SandboxRemoval(tools.sandboxes(), tools.store()).remove(task)));
        return this;
    }

    private Behavior<Command> closed() {
        watch.close();
        return this;
    }

    private void prepare(AgentTask task) {
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> hands.prepare(task), tools.blocking()),
                        (process, failure) -> failure == null
                                ? new Prepared(task.info().id(), process)
                                : new NotPrepared(task.info().id(), TaskHands.reason(failure)));
    }

    private static Stamp stamp() {
        return new Stamp(Instant.now(), UUID.randomUUID().toString());
    }

    private static String pid(AgentTask task) {
        return task.process().map(process -> Long.toString(process.pid())).orElse("none");
    }

    private final class Effects implements TaskLedger.Effects {
        @Override
        public void act(AgentTask task, Action action) {
            if (action == Action.PREPARE) {
                prepare(task);
            } else {
                hands.act(task, action, watch);
            }
        }

        @Override
        public void armGrace(AgentTask task, Duration grace) {
            timers.startSingleTimer(task.info().id(), new GraceOver(task.info().id()), grace);
        }

        @Override
        public void say(TaskStatus update) {
            conversation.tell(new ConversationActor.NewUpdate(update));
        }
    }
}
