package io.finback.controlplane.framework;

import akka.NotUsed;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.finback.runtime.Role;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Keeps frameworks awake, so that one whose failover deadline passes is removed though nobody speaks of it any more. One per master,
 * nothing persisted: the journal itself says which frameworks there are. They are woken at the start of a master and whenever a
 * master leaves; from then on an entity keeps its own clock. A wake that is lost is made up for by the next walk.
 */
public final class FrameworkKeeper extends AbstractBehavior<FrameworkKeeper.Command> {
    /** Messages of this actor. */
    public sealed interface Command {}

    private record Listed(List<String> entityIds) implements Command {}

    private record ListingFailed(Throwable failure) implements Command {}

    private record MemberGone(ClusterEvent.MemberRemoved event) implements Command {}

    private enum Walk implements Command {
        INSTANCE
    }

    private enum Step implements Command {
        INSTANCE
    }

    /** Wakes per step: each makes an entity read its journal. */
    private static final int BATCH = 100;

    private static final Duration STEP = Duration.ofMillis(250);
    /** Old frameworks are many, and each wake reads a journal. */
    private static final Duration AGAIN = Duration.ofHours(1);

    private static final Duration RETRY = Duration.ofSeconds(2);

    private final TimerScheduler<Command> timers;
    private final Supplier<Source<String, NotUsed>> entityIds;
    private final Consumer<String> wake;
    private final Deque<String> waiting = new ArrayDeque<>();

    /** {@code entityIds}: the frameworks of the journal. {@code wake}: takes one and speaks to it. */
    public static Behavior<Command> create(Supplier<Source<String, NotUsed>> entityIds, Consumer<String> wake) {
        Behavior<Command> behavior = Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new FrameworkKeeper(context, timers, entityIds, wake)));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.1));
    }

    private FrameworkKeeper(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Supplier<Source<String, NotUsed>> entityIds,
            Consumer<String> wake) {
        super(context);
        this.timers = timers;
        this.entityIds = entityIds;
        this.wake = wake;
        Cluster.get(context.getSystem())
                .subscriptions()
                .tell(Subscribe.create(
                        context.messageAdapter(ClusterEvent.MemberRemoved.class, MemberGone::new),
                        ClusterEvent.MemberRemoved.class));
        context.getSelf().tell(Walk.INSTANCE);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Walk.class, due -> onWalk())
                .onMessage(Listed.class, this::onListed)
                .onMessage(ListingFailed.class, this::onListingFailed)
                .onMessage(MemberGone.class, this::onMemberGone)
                .onMessage(Step.class, due -> onStep())
                .build();
    }

    private Behavior<Command> onWalk() {
        getContext()
                .pipeToSelf(
                        list(),
                        (ids, failure) -> failure == null ? new Listed(List.copyOf(ids)) : new ListingFailed(failure));
        return this;
    }

    private CompletionStage<List<String>> list() {
        try {
            return entityIds.get().runWith(Sink.seq(), getContext().getSystem());
        } catch (IllegalStateException e) {
            return CompletableFuture.failedFuture(e); // the node is ending
        }
    }

    private Behavior<Command> onListed(Listed listed) {
        waiting.clear();
        waiting.addAll(listed.entityIds());
        timers.startSingleTimer(Walk.INSTANCE, AGAIN);
        return onStep();
    }

    private Behavior<Command> onListingFailed(ListingFailed failed) {
        getContext()
                .getLog()
                .warn("framework.listing_failed reason={}", failed.failure().getMessage());
        timers.startSingleTimer(Walk.INSTANCE, RETRY);
        return this;
    }

    private Behavior<Command> onMemberGone(MemberGone gone) {
        return gone.event().member().hasRole(Role.MASTER.id()) ? onWalk() : this;
    }

    private Behavior<Command> onStep() {
        for (int i = 0; i < BATCH && !waiting.isEmpty(); i++) {
            wake.accept(waiting.remove());
        }
        if (!waiting.isEmpty()) {
            timers.startSingleTimer(Step.INSTANCE, STEP);
        }
        return this;
    }
}
