package io.finback.nodeagent.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.oversubscription.AgentUsage;
import io.finback.nodeagent.oversubscription.Lending;
import io.finback.nodeagent.oversubscription.QosController;
import io.finback.nodeagent.oversubscription.ResourceEstimator;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the running tasks from time to time, has the masters told what may be lent, and has tasks ended that must give back what
 * they were lent. At most one per agent node; a restart measures anew.
 */
public final class LendingActor extends AbstractBehavior<LendingActor.Command> {
    sealed interface Command {}

    private enum Due implements Command {
        INSTANCE
    }

    private record Measured(List<AgentTask> running, Map<ContainerRef, Usage> usage, long atNanos) implements Command {}

    private record NotMeasured(String why) implements Command {}

    /**
     * What it works with.
     *
     * @param total what the agent has, nothing revocable in it
     * @param blocking reads the kernel's files
     */
    public record Parts(
            ResourceEstimator estimator,
            QosController qos,
            Duration interval,
            Resources total,
            TaskBoard board,
            Containerizers containers,
            Executor blocking) {}

    private static final Logger log = LoggerFactory.getLogger(LendingActor.class);

    private final Parts parts;
    private final ActorRef<ConversationActor.Command> conversation;
    private final Peers peers;
    private Map<ContainerRef, Duration> cpuBefore = Map.of();
    private long beforeNanos;
    private Resources told = Resources.EMPTY;

    static Behavior<Command> create(Parts parts, ActorRef<ConversationActor.Command> conversation, Peers peers) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Due.INSTANCE, Duration.ZERO, parts.interval());
            return new LendingActor(context, parts, conversation, peers);
        }));
    }

    private LendingActor(
            ActorContext<Command> context, Parts parts, ActorRef<ConversationActor.Command> conversation, Peers peers) {
        super(context);
        this.parts = parts;
        this.conversation = conversation;
        this.peers = peers;
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessageEquals(Due.INSTANCE, this::onDue)
                .onMessage(Measured.class, this::onMeasured)
                .onMessage(NotMeasured.class, this::onNotMeasured)
                .build();
    }

    private Behavior<Command> onDue() {
        List<AgentTask> running = parts.board().live().stream()
                .filter(task -> task.isRunning() && task.kill().isEmpty())
                .toList();
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(
                                () -> new Measured(
                                        running,
                                        parts.containers()
                                                .usage(running.stream()
                                                        .flatMap(task -> task.process().stream())
                                                        .toList()),
                                        System.nanoTime()),
                                parts.blocking()),
                        (measured, failure) -> failure == null ? measured : new NotMeasured(failure.toString()));
        return this;
    }

    private Behavior<Command> onNotMeasured(NotMeasured failure) {
        log.warn("lending.not_measured reason={} next=again_in_{}", failure.why(), parts.interval());
        return this;
    }

    private Behavior<Command> onMeasured(Measured measured) {
        AgentUsage usage = usage(measured);
        for (TaskKey task : parts.qos().preempt(usage)) {
            if (usage.tasks().stream().anyMatch(one -> one.task().equals(task) && one.isRevocable())) {
                log.warn("lending.preempt task={} load={}", task, usage.load());
                peers.tell(new TasksActor.Preempt(
                        task,
                        "the machine needs what it was lent (load "
                                + usage.load().orElse(-1.0) + ")"));
            }
        }
        Resources offer = Lending.offer(usage, parts.estimator().moreCpus(usage));
        if (!offer.equals(told)) {
            log.info("lending.changed from={} to={}", told, offer);
            told = offer;
            conversation.tell(new ConversationActor.Lend(offer));
        }
        return this;
    }

    private AgentUsage usage(Measured measured) {
        double seconds = (measured.atNanos() - beforeNanos) / 1e9;
        Map<ContainerRef, Duration> now = new HashMap<>();
        List<AgentUsage.Running> tasks = new ArrayList<>();
        for (AgentTask task : measured.running()) {
            Optional<Double> cpus = Optional.empty();
            Optional<ContainerRef> ref = task.process();
            Optional<Duration> spent = ref.flatMap(
                            container -> Optional.ofNullable(measured.usage().get(container)))
                    .flatMap(Usage::cpu)
                    .map(cpu -> cpu.user().plus(cpu.system()));
            if (ref.isPresent() && spent.isPresent()) {
                now.put(ref.get(), spent.get());
                Duration before = cpuBefore.get(ref.get());
                if (before != null && seconds > 0) {
                    cpus = Optional.of(Math.max(0, spent.get().minus(before).toNanos() / 1e9 / seconds));
                }
            }
            tasks.add(new AgentUsage.Running(task.key(), task.info().resources(), cpus));
        }
        cpuBefore = now;
        beforeNanos = measured.atNanos();
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return new AgentUsage(parts.total(), tasks, load < 0 ? Optional.empty() : Optional.of(load));
    }
}
