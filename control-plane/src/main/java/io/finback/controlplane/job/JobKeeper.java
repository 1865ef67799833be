package io.finback.controlplane.job;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.pubsub.Topic;
import akka.cluster.ClusterEvent;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.finback.runtime.Role;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Keeps one master's {@link JobsView} and keeps jobs awake: an entity that sleeps would miss its times. One per master, nothing persisted.
 * At its start, and whenever a master leaves, it wakes every job the journal knows until each has answered; one whose shard moves away
 * from here it wakes at once. Every ten minutes it asks the jobs it knows again, in case something was lost. While nothing happens it does
 * nothing else, however many jobs there are.
 */
public final class JobKeeper extends AbstractBehavior<JobKeeper.Command> {
    /** Messages of this actor. */
    public sealed interface Command {}

    /** The entity of this job has stopped on this master. */
    public record Stopped(String name) implements Command {}

    private record Seen(JobSnapshot snapshot) implements Command {}

    private record Listed(List<String> names) implements Command {}

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

    /** At most this many unanswered wakes: recoveries read the journal. */
    private static final int UNDER_WAY = 200;
    /** A wake without an answer is repeated after this; also the scheduler and the graph are spoken to this often. */
    private static final Duration AGAIN = Duration.ofSeconds(2);

    private static final Duration REFRESH = Duration.ofMinutes(10);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final TimerScheduler<Command> timers;
    private final JobsView view;
    private final Supplier<Source<String, NotUsed>> names;
    private final BiConsumer<String, JobCommand> jobs;
    private final Runnable wakeOthers;
    private final CompletableFuture<Void> ready;
    private final ActorRef<JobSnapshot> snapshots;
    private final Deque<String> waiting = new ArrayDeque<>();
    private final Set<String> asked = new LinkedHashSet<>();
    private boolean listed;

    /** {@code ready} completes when every job known at the start has answered. {@code names}: the jobs of the journal. */
    static Behavior<Command> create(
            JobsView view,
            Supplier<Source<String, NotUsed>> names,
            BiConsumer<String, JobCommand> jobs,
            Runnable wakeOthers,
            ActorRef<Topic.Command<JobSnapshot>> topic,
            CompletableFuture<Void> ready) {
        Behavior<Command> behavior = Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new JobKeeper(context, timers, view, names, jobs, wakeOthers, topic, ready)));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.1));
    }

    private JobKeeper(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            JobsView view,
            Supplier<Source<String, NotUsed>> names,
            BiConsumer<String, JobCommand> jobs,
            Runnable wakeOthers,
            ActorRef<Topic.Command<JobSnapshot>> topic,
            CompletableFuture<Void> ready) {
        super(context);
        this.timers = timers;
        this.view = view;
        this.names = names;
        this.jobs = jobs;
        this.wakeOthers = wakeOthers;
        this.ready = ready;
        this.snapshots = context.messageAdapter(JobSnapshot.class, Seen::new);
        topic.tell(Topic.subscribe(snapshots));
        Cluster.get(context.getSystem())
                .subscriptions()
                .tell(Subscribe.create(
                        context.messageAdapter(ClusterEvent.MemberRemoved.class, MemberGone::new),
                        ClusterEvent.MemberRemoved.class));
        timers.startTimerWithFixedDelay(Again.INSTANCE, Duration.ZERO, AGAIN);
        timers.startTimerWithFixedDelay(Refresh.INSTANCE, REFRESH);
        context.getSelf().tell(Walk.INSTANCE);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Seen.class, this::onSeen)
                .onMessage(Stopped.class, this::onStopped)
                .onMessage(Walk.class, m -> onWalk())
                .onMessage(Listed.class, this::onListed)
                .onMessage(ListingFailed.class, this::onListingFailed)
                .onMessage(MemberGone.class, this::onMemberGone)
                .onMessage(Again.class, m -> onAgain())
                .onMessage(Refresh.class, m -> onRefresh())
                .build();
    }

    private Behavior<Command> onSeen(Seen m) {
        view.apply(m.snapshot());
        if (asked.remove(m.snapshot().name())) {
            more();
        }
        return this;
    }

    private Behavior<Command> onStopped(Stopped m) {
        waiting.addFirst(m.name());
        more();
        return this;
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
            return names.get().runWith(Sink.seq(), getContext().getSystem());
        } catch (IllegalStateException e) {
            return CompletableFuture.failedFuture(e); // the node is ending
        }
    }

    private Behavior<Command> onListed(Listed m) {
        waiting.clear();
        waiting.addAll(m.names());
        listed = true;
        more();
        return this;
    }

    private Behavior<Command> onListingFailed(ListingFailed m) {
        getContext().getLog().warn("jobs.listing_failed reason={}", m.failure().getMessage());
        timers.startSingleTimer(Walk.INSTANCE, RETRY);
        return this;
    }

    private Behavior<Command> onMemberGone(MemberGone m) {
        return m.event().member().hasRole(Role.MASTER.id()) ? onWalk() : this;
    }

    private Behavior<Command> onAgain() {
        wakeOthers.run();
        asked.forEach(this::wake);
        return this;
    }

    private Behavior<Command> onRefresh() {
        if (waiting.isEmpty()) {
            view.jobs().forEach(job -> waiting.add(job.name()));
            more();
        }
        return this;
    }

    private void more() {
        while (asked.size() < UNDER_WAY && !waiting.isEmpty()) {
            String name = waiting.removeFirst();
            if (asked.add(name)) {
                wake(name);
            }
        }
        if (listed && asked.isEmpty() && waiting.isEmpty() && ready.complete(null)) {
            getContext().getLog().info("jobs.view_ready jobs={}", view.jobs().size());
        }
    }

    private void wake(String name) {
        jobs.accept(name, new JobCommand.Wake(snapshots));
    }
}
