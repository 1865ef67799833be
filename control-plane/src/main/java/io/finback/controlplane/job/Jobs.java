package io.finback.controlplane.job;

import akka.Done;
import akka.NotUsed;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.pubsub.Topic;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.stream.javadsl.Source;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.schedule.JobNames;
import io.finback.controlplane.schedule.Run;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.service.ServiceScheduler;
import io.finback.controlplane.service.TaskOwners;
import io.finback.controlplane.waking.TopicListener;
import io.finback.controlplane.waking.WakeKeeper;
import io.finback.runtime.MasterSharding;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The jobs half of one master, wired: entities, graph, scheduler, view. Thread-safe. */
public final class Jobs {
    /** The scheduler of jobs: the same actor as that of apps, for another framework. One entity, {@link GraphMessage#ID}. */
    private static final EntityTypeKey<SchedulerMessage> SCHEDULER =
            EntityTypeKey.create(SchedulerMessage.class, "JobScheduler");

    private static final Duration WAKE_AGAIN = Duration.ofSeconds(2);
    private static final Duration REFRESH = Duration.ofMinutes(10);

    private final JobSettings settings;
    private final ClusterSharding sharding;
    private final JobsView view;
    private final JobsView whole;
    private final JobAccess access;
    private final CompletableFuture<Void> ready;
    private final AtomicBoolean stopping;
    private final Supplier<DrainBook> drains;

    /**
     * {@code names}: lists the jobs of the journal. {@code framework}: the entity of {@link JobEntity#FRAMEWORK}. {@code drains}: the hosts
     * that get no runs, and after their deadline have none.
     */
    public static Jobs start(
            ActorSystem<?> system,
            JobSettings settings,
            Supplier<Source<String, NotUsed>> names,
            RecipientRef<FrameworkMessage> framework,
            Supplier<DrainBook> drains) {
        return new Jobs(system, settings, names, framework, drains);
    }

    private Jobs(
            ActorSystem<?> system,
            JobSettings settings,
            Supplier<Source<String, NotUsed>> names,
            RecipientRef<FrameworkMessage> framework,
            Supplier<DrainBook> drains) {
        this.drains = drains;
        this.settings = settings;
        this.view = new JobsView();
        this.whole = view;
        this.access = JobAccess.ALL;
        this.ready = new CompletableFuture<>();
        this.stopping = new AtomicBoolean();
        this.sharding = ClusterSharding.get(system);
        // What is said to a region that hands over its shards holds up the node's end; it will be said again.
        CoordinatedShutdown.get(system).addTask(CoordinatedShutdown.PhaseServiceStop(), "finback-jobs-quiet", () -> {
            stopping.set(true);
            return CompletableFuture.completedFuture(Done.getInstance());
        });
        InstantSource clock = InstantSource.system();
        ActorRef<Topic.Command<JobSnapshot>> topic =
                system.systemActorOf(Topic.create(JobSnapshot.class, "finback-jobs"), "finback-jobs", Props.empty());
        CompletableFuture<ActorRef<WakeKeeper.Command>> keeper = new CompletableFuture<>();
        JobLinks links = new Links(topic, keeper);
        MasterSharding.init(
                system, Entity.of(JobCommand.KEY, e -> JobEntity.create(e.getEntityId(), settings, links, clock)));
        MasterSharding.init(
                system,
                Entity.of(
                        GraphMessage.KEY,
                        e -> GraphEntity.create(e.getEntityId(), settings.repeat(), this::tell, clock)));
        MasterSharding.init(
                system,
                Entity.of(
                        SCHEDULER,
                        e -> ServiceScheduler.create(
                                settings.scheduler(),
                                framework,
                                ServiceScheduler.framework(JobEntity.FRAMEWORK.value()),
                                new Owners(),
                                report -> {},
                                connected -> {},
                                clock,
                                new SplittableRandom())));
        ActorRef<JobSnapshot> snapshots = system.systemActorOf(
                TopicListener.create(JobSnapshot.class, topic, job -> {
                    view.apply(job);
                    var unused = keeper.thenAccept(k -> k.tell(new WakeKeeper.Answered(job.name())));
                }),
                "finback-job-listener",
                Props.empty());
        WakeKeeper.Kind kind = new WakeKeeper.Kind(
                "jobs",
                names,
                name -> tell(name, new JobCommand.Wake(snapshots)),
                () -> wakeOthers(links),
                () -> {},
                () -> view.jobs().stream().map(JobSnapshot::name).toList(),
                () -> true,
                WAKE_AGAIN,
                REFRESH,
                ready);
        keeper.complete(system.systemActorOf(WakeKeeper.create(kind), "finback-jobs-view", Props.empty()));
    }

    private Jobs(Jobs all, JobsView view, JobAccess access) {
        this.drains = all.drains;
        this.settings = all.settings;
        this.sharding = all.sharding;
        this.view = view;
        this.whole = all.whole;
        this.access = access;
        this.ready = all.ready;
        this.stopping = all.stopping;
    }

    /** The same for somebody who may not do everything: changes are checked before anything is told. The view is that of all. */
    public Jobs changedBy(JobAccess who) {
        return new Jobs(this, whole, who);
    }

    /** The same for somebody who may not see everything; costs a look at every job. The view is that of this moment. */
    public Jobs seenBy(JobAccess who) {
        return new Jobs(this, whole.seen(who::sees), who);
    }

    /** Checks changes that are more than one command. */
    public JobAccess access() {
        return access;
    }

    private void wakeOthers(JobLinks links) {
        links.toScheduler(new SchedulerMessage.Wake());
        links.toGraph(new GraphMessage.Wake());
        leave(Instant.now());
    }

    /** Runs end by themselves, so they have until the deadline. */
    private void leave(Instant now) {
        List<String> hosts = drains.get().hosts().values().stream()
                .filter(drain -> !now.isBefore(drain.deadline()))
                .map(DrainBook.Drain::host)
                .toList();
        if (!hosts.isEmpty()) {
            on(hosts::contains).stream()
                    .filter(guest -> guest.run().doom().isEmpty())
                    .map(Guest::job)
                    .distinct()
                    .forEach(job -> tell(job, new JobCommand.Leave(hosts)));
        }
    }

    /** A run on some host. */
    public record Guest(String job, Run run) {}

    /** What runs on such hosts. */
    public List<Guest> on(Predicate<String> hosts) {
        return view.jobs().stream()
                .flatMap(job -> job.runs().stream()
                        .filter(run -> run.launched()
                                && run.place()
                                        .filter(place -> hosts.test(place.host()))
                                        .isPresent())
                        .map(run -> new Guest(job.name(), run)))
                .toList();
    }

    public JobsView view() {
        return view;
    }

    public JobSettings settings() {
        return settings;
    }

    /** Completes when the view holds every job there was at the start. */
    public CompletionStage<Void> ready() {
        return ready;
    }

    /** Asks a job; its answer is in the view before the stage completes. Fails with a timeout after {@code askTimeout}. */
    public CompletionStage<JobAnswer> ask(String name, Function<ActorRef<JobAnswer>, JobCommand> command) {
        CompletionStage<JobAnswer> answer = sharding.entityRefFor(JobCommand.KEY, name)
                .ask(replyTo -> checked(name, command.apply(replyTo)), settings.askTimeout());
        return answer.thenApply(a -> {
            whole.apply(a.snapshot());
            return a;
        });
    }

    private JobCommand checked(String name, JobCommand command) {
        if (!(command instanceof JobCommand.ReadHistory && access.sees(name))) {
            access.change(name);
        }
        return command;
    }

    /** Makes {@code child} wait for {@code parents} alone. Completes with the circle that would make; empty: it is done. */
    public CompletionStage<List<String>> link(String child, List<String> parents) {
        access.change(child);
        return sharding.entityRefFor(GraphMessage.KEY, GraphMessage.ID)
                .<GraphMessage.Linked>ask(
                        replyTo -> new GraphMessage.Link(child, parents, replyTo), settings.askTimeout())
                .thenApply(GraphMessage.Linked::circle);
    }

    private void tell(String name, JobCommand command) {
        if (!stopping.get()) {
            sharding.entityRefFor(JobCommand.KEY, name).tell(command);
        }
    }

    private final class Owners implements TaskOwners {
        @Override
        public DrainBook drains() {
            return drains.get();
        }

        @Override
        public void place(
                String owner, long round, Map<String, Instance.Place> places, ActorRef<SchedulerMessage> replyTo) {
            tell(owner, new JobCommand.Place(round, places, replyTo));
        }

        @Override
        public Optional<String> ownerOf(TaskStatus status) {
            return JobNames.ofTask(status.task().value()).map(JobNames.Task::job);
        }

        @Override
        public void update(String owner, List<TaskStatus> statuses) {
            statuses.forEach(status -> tell(owner, new JobCommand.TaskUpdate(status)));
        }
    }

    private final class Links implements JobLinks {
        private final ActorRef<Topic.Command<JobSnapshot>> topic;
        private final CompletionStage<ActorRef<WakeKeeper.Command>> keeper;

        Links(ActorRef<Topic.Command<JobSnapshot>> topic, CompletionStage<ActorRef<WakeKeeper.Command>> keeper) {
            this.topic = topic;
            this.keeper = keeper;
        }

        @Override
        public void toScheduler(SchedulerMessage message) {
            if (!stopping.get()) {
                sharding.entityRefFor(SCHEDULER, GraphMessage.ID).tell(message);
            }
        }

        @Override
        public void toGraph(GraphMessage message) {
            if (!stopping.get()) {
                sharding.entityRefFor(GraphMessage.KEY, GraphMessage.ID).tell(message);
            }
        }

        @Override
        public void toViews(JobSnapshot snapshot) {
            topic.tell(Topic.publish(snapshot));
        }

        @Override
        public void stopped(String name) {
            var unused = keeper.thenAccept(k -> {
                if (!stopping.get()) {
                    k.tell(new WakeKeeper.Stopped(name));
                }
            });
        }
    }
}
