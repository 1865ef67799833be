package io.finback.controlplane.boot;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.pubsub.Topic;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.http.javadsl.ServerBinding;
import akka.pattern.Patterns;
import com.typesafe.config.Config;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocation.AllocatorMeter;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.console.Console;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.job.JobEntity;
import io.finback.controlplane.mesosapi.ClusterApi;
import io.finback.controlplane.mesosapi.ClusterApiParts;
import io.finback.controlplane.mesosapi.ClusterDocument;
import io.finback.controlplane.mesosapi.MasterIdentity;
import io.finback.controlplane.mesosapi.OperatorCommands;
import io.finback.controlplane.mesosapi.subscribe.Connections;
import io.finback.controlplane.mesosapi.subscribe.Gate;
import io.finback.controlplane.mesosapi.subscribe.SchedulerApi;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.ClusterView;
import io.finback.controlplane.view.EventLog;
import io.finback.resources.FrameworkId;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Management;
import io.finback.runtime.Node;
import io.finback.runtime.Ports;
import io.finback.runtime.Readiness;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.security.Guard;
import io.finback.security.Refusals;
import io.finback.settings.ClusterSettings;
import io.finback.settings.HttpListen;
import io.finback.tls.NodeTls;
import io.finback.tracing.Tracing;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A master: one clustered ActorSystem with the allocator, the frameworks, the agents' sessions and the read view, the cluster API on
 * {@code finback.master.http}, and the services rooms. It is ready when it is a member, its allocator has answered, and its listeners
 * are bound. It ends when its system ends, such as when the split brain resolver downs it.
 */
public final class MasterNode implements Node {
    private static final Logger log = LoggerFactory.getLogger(MasterNode.class);
    private static final Duration DRAIN = Duration.ofSeconds(5);

    /** The frameworks of the services rooms: nobody from outside may speak for them. */
    private static final Set<FrameworkId> BUILT_IN = Set.of(SchedulerMessage.FRAMEWORK, JobEntity.FRAMEWORK);

    private static final ServicesStarter SERVICES = new ServicesBoot();

    private final ActorSystem<Void> system;
    private final AtomicReference<ClusterSnapshot> view = new AtomicReference<>(ClusterSnapshot.EMPTY);
    private final EventLog events;
    private final AllocatorMeter meter = new AllocatorMeter();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<String> terminated = new CompletableFuture<>();
    private volatile String reason = "the master's actor system ended (downed, or its disk failed); see the log";

    private MasterNode(ActorSystem<Void> system, EventLog events) {
        this.system = system;
        this.events = events;
        system.getWhenTerminated().whenComplete((done, failure) -> {
            ready.completeExceptionally(new StartFailure("master: " + reason));
            terminated.complete(reason);
        });
    }

    /** Starts a master. Throws {@link StartFailure} when a value is wrong or a port is taken; what fails later, fails {@link #ready}. */
    public static MasterNode start(Config config) {
        return start(config, SERVICES);
    }

    static MasterNode start(Config config, ServicesStarter services) {
        Tracing.check(config);
        MasterSettings settings = MasterSettings.from(config);
        Map<String, HttpListen> listeners = new LinkedHashMap<>();
        listeners.put("finback.master.http", settings.http());
        listeners.put("finback.services.http", ServicesBoot.listen(config));
        Ports.check(listeners);
        ClusterSettings.from(config).evenMasters().ifPresent(why -> log.warn("master.even_number {}", why));
        MasterNode node = new MasterNode(
                ClusterSystem.member(Behaviors.empty(), config, Role.MASTER),
                new EventLog(settings.api().keptEvents()));
        try {
            node.run(config, settings, services);
        } catch (RuntimeException e) {
            node.fail(e);
            throw e;
        }
        return node;
    }

    private void run(Config config, MasterSettings settings, ServicesStarter services) {
        ClusterView.Topics topics = new ClusterView.Topics(
                spawn(Topic.create(AllocationDelta.class, "finback-allocation"), "allocation-topic"),
                spawn(Topic.create(FrameworkDelta.class, "finback-frameworks"), "framework-topic"));
        Guard cluster = new Guard(system, "cluster", settings.security(), ClusterApi::refusal);
        Entities.init(
                system,
                settings,
                spawn(ClusterView.publisher(topics.allocation()), "allocation-publisher"),
                spawn(ClusterView.publisher(topics.frameworks()), "framework-publisher"),
                new AgentStandings(view::get),
                meter,
                cluster);
        var unused = spawn(
                ClusterView.create(
                        view, events, topics, BUILT_IN, settings.allocator().viewDelay()),
                "finback-view");
        Readiness.of(system).add("master", () -> CompletableFuture.completedFuture(isServing()));
        CompletionStage<Void> management = Management.start(system);
        Guard guard = new Guard(system, "services", settings.security(), ServicesBoot::refusal);
        Console console = new Console(system, cluster);
        CompletionStage<Void> api = bind(config, settings, cluster, console);
        CompletionStage<Void> serving = until(this::isServing);
        // Services speak to allocator and frameworks from their first breath.
        CompletionStage<Void> all = management
                .thenCompose(done -> api)
                .thenCompose(done -> serving)
                .thenCompose(done -> services.start(system, config, guard, console));
        all.whenComplete((done, failure) -> {
            if (failure == null) {
                log.info("master.ready http={}", settings.http());
                ready.complete(null);
            } else {
                fail(failure);
            }
        });
    }

    /** Allocator and service framework answer, which takes membership, sharding and the journal. */
    private boolean isServing() {
        return view.get().complete();
    }

    private CompletionStage<Void> until(Callable<Boolean> condition) {
        CompletionStage<Boolean> now = Patterns.after(
                Duration.ofMillis(50), system, () -> CompletableFuture.completedFuture(condition.call()));
        return now.thenCompose(holds -> holds ? CompletableFuture.completedFuture(null) : until(condition));
    }

    private CompletionStage<Void> bind(Config config, MasterSettings settings, Guard guard, Console console) {
        HttpListen listen = settings.http();
        MasterIdentity first = MasterSettings.identity(config, listen.port(), Instant.now());
        AtomicReference<MasterIdentity> self = new AtomicReference<>(first);
        ClusterApi api = ClusterApi.create(new ClusterApiParts(
                view::get,
                self::get,
                Clock.systemUTC(),
                system.dispatchers().lookup(DispatcherSelector.fromConfig("finback.master.reads-dispatcher")),
                settings.api(),
                MasterSettings.flags(config),
                events,
                OperatorCommands.sharded(system, settings.api().askTimeout()),
                guard,
                BUILT_IN,
                meter,
                system));
        SchedulerApi schedulers = SchedulerApi.create(
                system,
                new SchedulerApi.Collaborators(
                        settings.schedulerApi(),
                        self::get,
                        id -> ClusterSharding.get(system).entityRefFor(SchedulerCall.KEY, id.value()),
                        BUILT_IN,
                        guard));
        Gate gate = new Gate(settings.connections());
        Optional<NodeTls> tls = NodeTls.from(config);
        ClusterApi all = api.with("/api/v1/scheduler", schedulers::answer)
                .withRead(
                        "/finback/cluster",
                        new ClusterDocument(system, self::get, () -> tls.map(NodeTls::expires), system.name()))
                .withMetrics(() -> schedulers.counters().prometheus())
                .withMetrics(gate::prometheus)
                .withMetrics(() -> Tracing.of(system).prometheus())
                .withMetrics(() -> tls.map(NodeTls::prometheus).orElse(""))
                .withMetrics(() -> Refusals.of(system).prometheus());
        var guarded = Farewell.of(system, config)
                .before(TracedApi.before(
                        system, "cluster", console.atCluster(guard.before(MasterDoors::cluster, all::answer))));
        CompletionStage<ServerBinding> bound = Connections.bind(system, listen, gate, guarded);
        return bound.handle((binding, failure) -> {
            if (failure != null) {
                throw new CompletionException(new StartFailure(
                        "finback.master.http: cannot listen on " + listen
                                + "; stop what uses the port or set finback.master.http.port",
                        failure));
            }
            self.set(first.at(binding.localAddress().getPort()));
            var unused = binding.addToCoordinatedShutdown(DRAIN, system);
            return null;
        });
    }

    private <T> ActorRef<T> spawn(Behavior<T> behavior, String name) {
        return system.systemActorOf(behavior, name, Props.empty());
    }

    private void fail(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        reason = String.valueOf(cause.getMessage());
        ready.completeExceptionally(
                cause instanceof StartFailure ? cause : new StartFailure("master: " + reason, cause));
        system.terminate();
    }

    /** What this master shows, for rooms above. */
    ClusterSnapshot view() {
        return view.get();
    }

    @Override
    public Role role() {
        return Role.MASTER;
    }

    @Override
    public CompletionStage<Void> ready() {
        return ready;
    }

    @Override
    public CompletionStage<Void> stop() {
        if (!terminated.isDone()) {
            reason = "stopped";
        }
        system.terminate();
        return terminated.thenApply(why -> null);
    }

    @Override
    public CompletionStage<String> terminated() {
        return terminated;
    }
}
