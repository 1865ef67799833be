package io.finback.controlplane.service;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
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
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.GroupsSnapshot;
import io.finback.controlplane.app.HealthReport;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.runtime.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Keeps one master's {@link ServicesView} and keeps apps awake. One per master. At its start, and whenever a master leaves, it
 * wakes every app the journal knows until each has answered with its snapshot: entities live without traffic and the view is whole.
 * Once a minute it asks the apps it knows again, in case a published snapshot was lost.
 */
public final class ViewKeeper extends AbstractBehavior<ViewKeeper.Command> {
    /** Messages of this actor. */
    public sealed interface Command {}

    private record Seen(AppSnapshot snapshot) implements Command {}

    private record Queued(QueueReport report) implements Command {}

    private record Looked(HealthReport report) implements Command {}

    private record Grouped(GroupsSnapshot snapshot) implements Command {}

    private record Listed(List<String> entityIds) implements Command {}

    private record ListingFailed(Throwable failure) implements Command {}

    private record MemberGone(ClusterEvent.MemberRemoved event) implements Command {}

    private enum Walk implements Command {
        INSTANCE
    }

    private enum Step implements Command {
        INSTANCE
    }

    private enum Refresh implements Command {
        INSTANCE
    }

    /** At most this many unanswered wakes: recoveries read the journal. */
    private static final int BATCH = 200;

    private static final Duration STEP = Duration.ofMillis(250);
    private static final Duration REFRESH = Duration.ofMinutes(1);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final TimerScheduler<Command> timers;
    private final ServicesView view;
    private final Supplier<Source<String, NotUsed>> entityIds;
    private final BiConsumer<String, AppCommand> apps;
    private final Runnable wakeScheduler;
    private final Consumer<ActorRef<GroupsSnapshot>> askGroups;
    private final CompletableFuture<Void> ready;
    private final ActorRef<AppSnapshot> snapshots;
    private final ActorRef<GroupsSnapshot> groups;
    private boolean listed;
    private final Set<String> unanswered = new LinkedHashSet<>();

    /** {@code ready} completes when every app known at the start has answered. {@code apps}: takes an entity id and sends. */
    static Behavior<Command> create(
            ServicesView view,
            Supplier<Source<String, NotUsed>> entityIds,
            BiConsumer<String, AppCommand> apps,
            Runnable wakeScheduler,
            Consumer<ActorRef<GroupsSnapshot>> askGroups,
            Topics topics,
            CompletableFuture<Void> ready) {
        Behavior<Command> behavior = Behaviors.setup(context -> Behaviors.withTimers(timers ->
                new ViewKeeper(context, timers, view, entityIds, apps, wakeScheduler, askGroups, topics, ready)));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.1));
    }

    private ViewKeeper(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ServicesView view,
            Supplier<Source<String, NotUsed>> entityIds,
            BiConsumer<String, AppCommand> apps,
            Runnable wakeScheduler,
            Consumer<ActorRef<GroupsSnapshot>> askGroups,
            Topics topics,
            CompletableFuture<Void> ready) {
        super(context);
        this.timers = timers;
        this.view = view;
        this.entityIds = entityIds;
        this.apps = apps;
        this.wakeScheduler = wakeScheduler;
        this.askGroups = askGroups;
        this.ready = ready;
        this.snapshots = context.messageAdapter(AppSnapshot.class, Seen::new);
        topics.health()
                .tell(akka.actor.typed.pubsub.Topic.subscribe(context.messageAdapter(HealthReport.class, Looked::new)));
        this.groups = context.messageAdapter(GroupsSnapshot.class, Grouped::new);
        topics.groups().tell(akka.actor.typed.pubsub.Topic.subscribe(groups));
        topics.snapshots().tell(akka.actor.typed.pubsub.Topic.subscribe(snapshots));
        topics.queue()
                .tell(akka.actor.typed.pubsub.Topic.subscribe(context.messageAdapter(QueueReport.class, Queued::new)));
        Cluster.get(context.getSystem())
                .subscriptions()
                .tell(Subscribe.create(
                        context.messageAdapter(ClusterEvent.MemberRemoved.class, MemberGone::new),
                        ClusterEvent.MemberRemoved.class));
        timers.startTimerWithFixedDelay(Step.INSTANCE, STEP);
        timers.startTimerWithFixedDelay(Refresh.INSTANCE, REFRESH);
        context.getSelf().tell(Walk.INSTANCE);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Seen.class, this::onSeen)
                .onMessage(Queued.class, this::onQueued)
                .onMessage(Looked.class, this::onLooked)
                .onMessage(Grouped.class, this::onGrouped)
                .onMessage(Walk.class, m -> onWalk())
                .onMessage(Listed.class, this::onListed)
                .onMessage(ListingFailed.class, this::onListingFailed)
                .onMessage(MemberGone.class, this::onMemberGone)
                .onMessage(Step.class, m -> onStep())
                .onMessage(Refresh.class, m -> onRefresh())
                .build();
    }

    private Behavior<Command> onSeen(Seen m) {
        view.apply(m.snapshot());
        if (unanswered.remove(AppPath.entityId(m.snapshot().appId()))) {
            readyWhenAllAnswered();
        }
        return this;
    }

    private Behavior<Command> onQueued(Queued m) {
        view.apply(m.report());
        return this;
    }

    private Behavior<Command> onLooked(Looked m) {
        view.apply(m.report());
        return this;
    }

    private Behavior<Command> onGrouped(Grouped m) {
        view.apply(m.snapshot());
        readyWhenAllAnswered();
        return this;
    }

    private Behavior<Command> onWalk() {
        getContext()
                .pipeToSelf(
                        entityIds.get().runWith(Sink.seq(), getContext().getSystem()),
                        (ids, failure) ->
                                failure == null ? new Listed(new ArrayList<>(ids)) : new ListingFailed(failure));
        return this;
    }

    private Behavior<Command> onListed(Listed m) {
        unanswered.addAll(m.entityIds());
        listed = true;
        readyWhenAllAnswered();
        return onStep();
    }

    private Behavior<Command> onListingFailed(ListingFailed m) {
        getContext()
                .getLog()
                .warn("services.app_listing_failed reason={}", m.failure().getMessage());
        timers.startSingleTimer(Walk.INSTANCE, RETRY);
        return this;
    }

    private Behavior<Command> onMemberGone(MemberGone m) {
        return m.event().member().hasRole(Role.MASTER.id()) ? onWalk() : this;
    }

    private Behavior<Command> onStep() {
        wakeScheduler.run();
        if (!view.groupsKnown()) {
            askGroups.accept(groups);
        }
        unanswered.stream().limit(BATCH).forEach(id -> apps.accept(id, new AppCommand.Wake(snapshots)));
        return this;
    }

    private Behavior<Command> onRefresh() {
        view.all().forEach(app -> unanswered.add(app.entityId()));
        askGroups.accept(groups);
        return this;
    }

    private void readyWhenAllAnswered() {
        if (listed && unanswered.isEmpty() && view.groupsKnown() && ready.complete(null)) {
            getContext()
                    .getLog()
                    .info("services.view_ready apps={}", view.apps().size());
        }
    }
}
