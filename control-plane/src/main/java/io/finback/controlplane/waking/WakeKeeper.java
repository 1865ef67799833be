package io.finback.controlplane.waking;

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
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Keeps entities awake: one that sleeps would miss what it is there for. One per kind and master, nothing persisted. At its start, and
 * whenever a master leaves, it wakes every entity the journal knows until each has answered; one whose shard moves away from here it wakes
 * at once. Now and then it asks those it knows again, in case something was lost. In between it does nothing, however many there are.
 */
public final class WakeKeeper extends AbstractBehavior<WakeKeeper.Command> {
    /** Messages of this actor. */
    public sealed interface Command {}

    /** This entity has been heard of. */
    public record Answered(String id) implements Command {}

    /** This entity has stopped on this master. */
    public record Stopped(String id) implements Command {}

    /** Something {@link Kind#othersReady} looks at has changed. */
    public enum Look implements Command {
        INSTANCE
    }

    private record Listed(List<String> ids) implements Command {}

    private record ListingFailed(Throwable failure) implements Command {}

    private record MemberGone(ClusterEvent.MemberRemoved event) implements Command {}

    private enum Walk implements Command {
        INSTANCE
    }

    private enum Again implements Command {
        INSTANCE
    }

    private enum Refresh implements Command {
        INSTANCE
    }

    /**
     * What is kept awake.
     *
     * @param name of the kind in log lines
     * @param ids the entities of the journal
     * @param wake sends one of them what it answers
     * @param wakeOthers done at every {@code again}: what lives beside them and is no such entity
     * @param refreshOthers done at every {@code refresh}
     * @param known entities that are asked again at every {@code refresh}
     * @param othersReady what else must be there before {@code ready}
     * @param again how often a wake without an answer is repeated
     * @param ready completes when every entity known at the start has answered
     */
    public record Kind(
            String name,
            Supplier<Source<String, NotUsed>> ids,
            Consumer<String> wake,
            Runnable wakeOthers,
            Runnable refreshOthers,
            Supplier<Collection<String>> known,
            BooleanSupplier othersReady,
            Duration again,
            Duration refresh,
            CompletableFuture<Void> ready) {}

    /** At most this many unanswered wakes: recoveries read the journal. */
    private static final int UNDER_WAY = 200;

    private static final Duration RETRY = Duration.ofSeconds(2);

    private final TimerScheduler<Command> timers;
    private final Kind kind;
    private final Deque<String> waiting = new ArrayDeque<>();
    private final Set<String> asked = new LinkedHashSet<>();
    private boolean listed;

    public static Behavior<Command> create(Kind kind) {
        Behavior<Command> behavior =
                Behaviors.setup(context -> Behaviors.withTimers(timers -> new WakeKeeper(context, timers, kind)));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.1));
    }

    private WakeKeeper(ActorContext<Command> context, TimerScheduler<Command> timers, Kind kind) {
        super(context);
        this.timers = timers;
        this.kind = kind;
        Cluster.get(context.getSystem())
                .subscriptions()
                .tell(Subscribe.create(
                        context.messageAdapter(ClusterEvent.MemberRemoved.class, MemberGone::new),
                        ClusterEvent.MemberRemoved.class));
        timers.startTimerWithFixedDelay(Again.INSTANCE, Duration.ZERO, kind.again());
        timers.startTimerWithFixedDelay(Refresh.INSTANCE, kind.refresh());
        context.getSelf().tell(Walk.INSTANCE);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Answered.class, this::onAnswered)
                .onMessage(Stopped.class, this::onStopped)
                .onMessage(Look.class, m -> more())
                .onMessage(Walk.class, m -> onWalk())
                .onMessage(Listed.class, this::onListed)
                .onMessage(ListingFailed.class, this::onListingFailed)
                .onMessage(MemberGone.class, this::onMemberGone)
                .onMessage(Again.class, m -> onAgain())
                .onMessage(Refresh.class, m -> onRefresh())
                .build();
    }

    private Behavior<Command> onAnswered(Answered m) {
        return asked.remove(m.id()) ? more() : this;
    }

    private Behavior<Command> onStopped(Stopped m) {
        waiting.addFirst(m.id());
        return more();
    }

    private Behavior<Command> onWalk() {
        getContext()
                .pipeToSelf(
                        list(),
                        (all, failure) -> failure == null ? new Listed(List.copyOf(all)) : new ListingFailed(failure));
        return this;
    }

    private CompletionStage<List<String>> list() {
        try {
            return kind.ids().get().runWith(Sink.seq(), getContext().getSystem());
        } catch (IllegalStateException e) {
            return CompletableFuture.failedFuture(e); // the node is ending
        }
    }

    private Behavior<Command> onListed(Listed m) {
        waiting.clear();
        waiting.addAll(m.ids());
        listed = true;
        return more();
    }

    private Behavior<Command> onListingFailed(ListingFailed m) {
        getContext()
                .getLog()
                .warn("{}.listing_failed reason={}", kind.name(), m.failure().getMessage());
        timers.startSingleTimer(Walk.INSTANCE, RETRY);
        return this;
    }

    private Behavior<Command> onMemberGone(MemberGone m) {
        return m.event().member().hasRole(Role.MASTER.id()) ? onWalk() : this;
    }

    private Behavior<Command> onAgain() {
        kind.wakeOthers().run();
        asked.forEach(kind.wake());
        return this;
    }

    private Behavior<Command> onRefresh() {
        kind.refreshOthers().run();
        if (waiting.isEmpty()) {
            waiting.addAll(kind.known().get());
        }
        return more();
    }

    private Behavior<Command> more() {
        while (asked.size() < UNDER_WAY && !waiting.isEmpty()) {
            String id = waiting.removeFirst();
            if (asked.add(id)) {
                kind.wake().accept(id);
            }
        }
        boolean complete = listed
                && asked.isEmpty()
                && waiting.isEmpty()
                && kind.othersReady().getAsBoolean();
        if (complete && kind.ready().complete(null)) {
            getContext()
                    .getLog()
                    .info(
                            "{}.view_ready known={}",
                            kind.name(),
                            kind.known().get().size());
        }
        return this;
    }
}
