package io.finback.controlplane.service;

import akka.Done;
import akka.NotUsed;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Props;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.pubsub.Topic;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.stream.javadsl.Source;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppEntity;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.CallbackMessage;
import io.finback.controlplane.app.DeploymentMessage;
import io.finback.controlplane.app.DrainMessage;
import io.finback.controlplane.app.DrainsEntity;
import io.finback.controlplane.app.DrainsSnapshot;
import io.finback.controlplane.app.GroupMessage;
import io.finback.controlplane.app.GroupsEntity;
import io.finback.controlplane.app.GroupsSnapshot;
import io.finback.controlplane.app.HealthReport;
import io.finback.controlplane.app.PortsEntity;
import io.finback.controlplane.app.PortsMessage;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.deployment.DeploymentEntity;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.Member;
import io.finback.controlplane.waking.TopicListener;
import io.finback.controlplane.waking.WakeKeeper;
import io.finback.runtime.MasterSharding;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The services half of one master, wired: entities, scheduler, view. Thread-safe. */
public final class Services {
    /** Lists the entity ids of one type that the journal knows, as {@code EventFeed.entityIds} does. */
    @FunctionalInterface
    public interface EntityIds {
        Source<String, NotUsed> of(String entityType);
    }

    /** Carries out what an operator may command; the built-in scheduler gives back volumes by it that nobody uses. */
    @FunctionalInterface
    public interface Operator {
        CompletionStage<OperatorReply> operate(OperatorCommand command);
    }

    private static final Duration WAKE_AGAIN = Duration.ofMillis(250);
    private static final Duration REFRESH = Duration.ofMinutes(1);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

    private final ServicesSettings settings;
    private final ClusterSharding sharding;
    private final ServicesView view;
    private final ServicesView whole;
    private final Access access;
    private final CompletableFuture<Void> ready;
    private final AtomicBoolean stopping;
    private final Uptimes uptimes;
    /** Events that no attempt could bring to those who subscribed by URL, where they were kept here. */
    private final LongAdder lostCallbacks;

    private final DeploymentIds deploymentIds;
    private final Rollouts rollouts;
    private final EventHub events;
    private final ActorRef<Topic.Command<ServiceEvent>> eventTopic;

    /**
     * Starts everything on a master. {@code framework}: the entity of {@link SchedulerMessage#FRAMEWORK}. {@code json}: an event as it is
     * posted to callbacks.
     */
    public static Services start(
            ActorSystem<?> system,
            ServicesSettings settings,
            EntityIds entityIds,
            RecipientRef<FrameworkMessage> framework,
            Operator operator,
            Function<ServiceEvent, byte[]> json) {
        return new Services(system, settings, entityIds, framework, operator, json);
    }

    private Services(
            ActorSystem<?> system,
            ServicesSettings settings,
            EntityIds entityIds,
            RecipientRef<FrameworkMessage> framework,
            Operator operator,
            Function<ServiceEvent, byte[]> json) {
        this.settings = settings;
        this.access = Access.ALL;
        this.ready = new CompletableFuture<>();
        this.stopping = new AtomicBoolean();
        this.uptimes = new Uptimes(Instant.now());
        this.lostCallbacks = new LongAdder();
        this.sharding = ClusterSharding.get(system);
        this.deploymentIds = new DeploymentIds(
                system.settings().config().getInt("akka.cluster.sharding.number-of-shards"), System::nanoTime);
        this.rollouts = new Rollouts(sharding, settings.askTimeout(), this::ask);
        // Whatever is said to a region that hands over its shards is buffered and holds up the node's end; it will be
        // said again.
        CoordinatedShutdown.get(system)
                .addTask(CoordinatedShutdown.PhaseServiceStop(), "finback-services-quiet", () -> {
                    stopping.set(true);
                    return CompletableFuture.completedFuture(Done.getInstance());
                });
        InstantSource clock = InstantSource.system();
        this.view = new ServicesView(settings.groupsEnforceRole());
        this.whole = view;
        Topics topics = new Topics(
                system.systemActorOf(Topic.create(AppSnapshot.class, "finback-apps"), "finback-apps", Props.empty()),
                system.systemActorOf(Topic.create(QueueReport.class, "finback-queue"), "finback-queue", Props.empty()),
                system.systemActorOf(
                        Topic.create(GroupsSnapshot.class, "finback-groups"), "finback-groups", Props.empty()),
                system.systemActorOf(
                        Topic.create(HealthReport.class, "finback-health"), "finback-health", Props.empty()),
                system.systemActorOf(
                        Topic.create(ServiceEvent.class, "finback-events"), "finback-events", Props.empty()));
        this.eventTopic = topics.events();
        this.events = new EventHub(settings.events().kept());
        var unusedListener = system.systemActorOf(
                TopicListener.create(ServiceEvent.class, topics.events(), events::accept),
                "finback-event-listener",
                Props.empty());
        ActorRef<EndpointsPublisher.Command> endpoints =
                system.systemActorOf(EndpointsPublisher.create(), "finback-endpoints", Props.empty());
        ServiceLinks links = new ServiceLinks(
                sharding,
                topics,
                endpoints,
                stopping,
                new Prober(system, settings.looks()),
                view::drains,
                view::enforcesRole,
                operator,
                system.dispatchers().lookup(DispatcherSelector.blocking()));
        MasterSharding.init(
                system,
                Entity.of(AppCommand.KEY, e -> AppEntity.create(e.getEntityId(), settings.app(), links, clock)));
        MasterSharding.init(system, Entity.of(DeploymentMessage.KEY, e -> {
            deploymentIds.startedHere(e.getEntityId());
            return DeploymentEntity.create(
                    e.getEntityId(),
                    settings.deploymentRepeat(),
                    (appId, command) -> tell(AppPath.entityId(appId), command),
                    this::publish,
                    clock);
        }));
        MasterSharding.init(system, Entity.of(PortsMessage.KEY, e -> PortsEntity.create(e.getEntityId())));
        MasterSharding.init(
                system,
                Entity.of(
                        GroupMessage.KEY,
                        e -> GroupsEntity.create(
                                e.getEntityId(), groups -> topics.groups().tell(Topic.publish(groups)))));
        MasterSharding.init(system, Entity.of(DrainMessage.KEY, e -> DrainsEntity.create(e.getEntityId())));
        // One for as long as this master runs, however often the scheduler is started here.
        ConnectionNews news = new ConnectionNews(this::publish, settings.address());
        MasterSharding.init(
                system,
                Entity.of(
                        SchedulerMessage.KEY,
                        e -> ServiceScheduler.create(
                                settings.scheduler(),
                                framework,
                                ServiceScheduler.framework("finback-services"),
                                new AppTasks(view, this::tell),
                                report -> topics.queue().tell(Topic.publish(report)),
                                news::told,
                                clock,
                                new SplittableRandom())));
        MasterSharding.init(
                system,
                Entity.of(
                        CallbackMessage.KEY,
                        e -> CallbacksEntity.create(
                                e.getEntityId(),
                                settings.callbacks(),
                                topics,
                                new HttpPoster(system, settings.callbacks().timeout(), json),
                                lostCallbacks,
                                clock)));
        var unusedLooks = system.scheduler()
                .scheduleAtFixedRate(
                        LOOK_EVERY,
                        LOOK_EVERY,
                        () -> uptimes.look(view.all(), clock.instant()),
                        system.executionContext());
        keep(system, topics, entityIds, links);
    }

    private Services(Services all, ServicesView view, Access access) {
        this.settings = all.settings;
        this.sharding = all.sharding;
        this.view = view;
        this.whole = all.whole;
        this.access = access;
        this.ready = all.ready;
        this.stopping = all.stopping;
        this.uptimes = all.uptimes;
        this.lostCallbacks = all.lostCallbacks;
        this.deploymentIds = all.deploymentIds;
        this.rollouts = all.rollouts;
        this.events = all.events;
        this.eventTopic = all.eventTopic;
    }

    /** The same for somebody who may not do everything: changes are checked before anything is told. The view is that of all. */
    public Services changedBy(Access who) {
        return new Services(this, whole, who);
    }

    /** The same for somebody who may not see everything; costs a look at every app. The view is that of this moment. */
    public Services seenBy(Access who) {
        return new Services(this, whole.seen(who::sees, who::seesRole), who);
    }

    /** Checks changes that are more than one command. */
    public Access access() {
        return access;
    }

    /** What is there, for sums alone. */
    public ServicesView whole() {
        return whole;
    }

    /** Follows what is published, and wakes every app until it has been heard of. */
    private void keep(ActorSystem<?> system, Topics topics, EntityIds entityIds, ServiceLinks links) {
        var unusedDrainKeeper = system.systemActorOf(
                DrainKeeper.create(
                        view,
                        replyTo -> {
                            if (!stopping.get()) {
                                sharding.entityRefFor(DrainMessage.KEY, DrainMessage.ID)
                                        .tell(new DrainMessage.Read(replyTo));
                            }
                        },
                        this::tell),
                "finback-services-drains",
                Props.empty());
        CompletableFuture<ActorRef<WakeKeeper.Command>> keeper = new CompletableFuture<>();
        ActorRef<AppSnapshot> snapshots = system.systemActorOf(
                TopicListener.create(AppSnapshot.class, topics.snapshots(), app -> {
                    view.apply(app);
                    var unused = keeper.thenAccept(k -> k.tell(new WakeKeeper.Answered(app.entityId())));
                }),
                "finback-app-listener",
                Props.empty());
        ActorRef<GroupsSnapshot> groups = system.systemActorOf(
                TopicListener.create(GroupsSnapshot.class, topics.groups(), book -> {
                    view.apply(book);
                    var unused = keeper.thenAccept(k -> k.tell(WakeKeeper.Look.INSTANCE));
                }),
                "finback-group-listener",
                Props.empty());
        var unusedQueue = system.systemActorOf(
                TopicListener.create(QueueReport.class, topics.queue(), view::apply),
                "finback-queue-listener",
                Props.empty());
        var unusedHealth = system.systemActorOf(
                TopicListener.create(HealthReport.class, topics.health(), view::apply),
                "finback-health-listener",
                Props.empty());
        Runnable askGroups =
                () -> sharding.entityRefFor(GroupMessage.KEY, GroupMessage.ID).tell(new GroupMessage.Read(groups));
        WakeKeeper.Kind kind = new WakeKeeper.Kind(
                "services",
                () -> entityIds.of(AppCommand.KEY.name()),
                id -> tell(id, new AppCommand.Wake(snapshots)),
                () -> {
                    wakeOthers(links);
                    if (!view.groupsKnown()) {
                        askGroups.run();
                    }
                },
                askGroups,
                () -> view.all().stream().map(AppSnapshot::entityId).toList(),
                view::groupsKnown,
                WAKE_AGAIN,
                REFRESH,
                ready);
        keeper.complete(system.systemActorOf(WakeKeeper.create(kind), "finback-services-view", Props.empty()));
    }

    public ServicesView view() {
        return view;
    }

    /** How long instances were up and down since this master began. */
    public Uptimes uptimes() {
        return uptimes;
    }

    /** Events that were given up before every subscriber had them, since this master began and while it kept them. */
    public long lostCallbacks() {
        return lostCallbacks.sum();
    }

    /** What happened lately, and what happens. */
    public EventHub events() {
        return events;
    }

    /** Tells those who listen at any master. */
    public void publish(ServiceEvent event) {
        eventTopic.tell(Topic.publish(event));
    }

    /** An id for a new deployment, a UUID. */
    public String deploymentId() {
        return deploymentIds.next();
    }

    public ServicesSettings settings() {
        return settings;
    }

    /** Completes when the view holds every app there was at the start. */
    public CompletionStage<Void> ready() {
        return ready;
    }

    /**
     * Asks an app; its answer is in the view before the stage completes. The command is made once, and said again while nobody answers: sharding
     * drops what meets an app on its way to another master. Fails with a timeout after {@code askTimeout}.
     */
    public CompletionStage<AppAnswer> ask(String appId, Function<ActorRef<AppAnswer>, AppCommand> command) {
        AtomicReference<@Nullable AppCommand> said = new AtomicReference<>();
        CompletionStage<AppAnswer> answer = ask(
                appId,
                replyTo -> {
                    AppCommand made = access.checked(appId, command.apply(replyTo));
                    said.set(made);
                    return made;
                },
                settings.askTimeout());
        return Patience.repeat(settings.askTimeout(), answer, () -> {
            AppCommand again = said.get();
            if (again != null) {
                tell(AppPath.entityId(appId), again);
            }
        });
    }

    private CompletionStage<AppAnswer> ask(
            String appId, Function<ActorRef<AppAnswer>, AppCommand> command, Duration limit) {
        CompletionStage<AppAnswer> answer =
                sharding.entityRefFor(AppCommand.KEY, AppPath.entityId(appId)).ask(command::apply, limit);
        return answer.thenApply(a -> {
            whole.apply(a.snapshot());
            return a;
        });
    }

    /**
     * Begins a deployment over these apps, all or none. Completes with the refusals; none: it has begun, and the view shows it.
     * Fails when an entity does not answer; then nothing begins that has not.
     */
    public CompletionStage<List<AppAnswer.Refused>> begin(DeploymentPlan plan, List<Member> members, boolean force) {
        members.forEach(access::check);
        return rollouts.begin(plan, members, force);
    }

    /** Asks the owner of groups; its answer is in the view before the stage completes. */
    public CompletionStage<GroupsSnapshot> groups(Function<ActorRef<GroupsSnapshot>, GroupMessage> message) {
        CompletionStage<GroupsSnapshot> answer =
                sharding.entityRefFor(GroupMessage.KEY, GroupMessage.ID).ask(message::apply, settings.askTimeout());
        return answer.thenApply(snapshot -> {
            view.apply(snapshot);
            return snapshot;
        });
    }

    /** Asks the owner of event callbacks. */
    public CompletionStage<CallbackMessage.Answer> callbacks(
            Function<ActorRef<CallbackMessage.Answer>, CallbackMessage> message) {
        return sharding.entityRefFor(CallbackMessage.KEY, CallbackMessage.ID)
                .ask(message::apply, settings.askTimeout());
    }

    /** Lets the scheduler subscribe anew, wherever it is. */
    public void abdicate() {
        sharding.entityRefFor(SchedulerMessage.KEY, SchedulerMessage.ID).tell(new SchedulerMessage.Abdicate());
    }

    private void wakeOthers(ServiceLinks links) {
        links.toScheduler(new SchedulerMessage.Wake());
        if (!stopping.get()) {
            sharding.entityRefFor(CallbackMessage.KEY, CallbackMessage.ID).tell(new CallbackMessage.Wake());
        }
    }

    /** Asks the owner of drains; its answer is in the view before the stage completes. */
    public CompletionStage<DrainsSnapshot> drains(Function<ActorRef<DrainsSnapshot>, DrainMessage> message) {
        CompletionStage<DrainsSnapshot> answer =
                sharding.entityRefFor(DrainMessage.KEY, DrainMessage.ID).ask(message::apply, settings.askTimeout());
        return answer.thenApply(snapshot -> {
            view.apply(snapshot);
            return snapshot;
        });
    }

    private void tell(String entityId, AppCommand command) {
        if (!stopping.get()) {
            sharding.entityRefFor(AppCommand.KEY, entityId).tell(command);
        }
    }
}
