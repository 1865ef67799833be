package io.finback.meshrouter.boot;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.ServerBinding;
import com.typesafe.config.Config;
import io.finback.meshrouter.admin.Admin;
import io.finback.meshrouter.admin.AdminParts;
import io.finback.meshrouter.admin.StatsdSender;
import io.finback.meshrouter.admin.Tap;
import io.finback.meshrouter.heap.HeapRoom;
import io.finback.meshrouter.http.Loops;
import io.finback.meshrouter.linkerd.Plan;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.meshrouter.namers.Changes;
import io.finback.meshrouter.namers.Interpreter;
import io.finback.meshrouter.namers.NameSource;
import io.finback.meshrouter.namers.Streams;
import io.finback.meshrouter.router.Endpoints;
import io.finback.meshrouter.router.EndpointsLink;
import io.finback.meshrouter.router.EndpointsSnapshot;
import io.finback.meshrouter.router.FinbackNamer;
import io.finback.meshrouter.router.MeshRouter;
import io.finback.meshrouter.router.RouterSpec;
import io.finback.meshrouter.router.RunningRouter;
import io.finback.meshrouter.traffic.AccessLog;
import io.finback.meshrouter.traffic.Listener;
import io.finback.runtime.ClusterLink;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Management;
import io.finback.runtime.Node;
import io.finback.runtime.Readiness;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.security.SecuritySettings;
import io.finback.settings.HttpListen;
import io.finback.tracing.Tracing;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A router node: the mesh listener on event loops of its own, endpoints and admin in a local actor system, and, with seeds, a membership
 * that only listens. Ready when its listeners are bound and, with seeds, it is a member that is up; it serves from the moment {@link
 * #start} returns, whatever masters do.
 */
public final class RouterNode implements Node {
    private static final Logger log = LoggerFactory.getLogger(RouterNode.class);
    private static final Duration BIND_LIMIT = Duration.ofSeconds(20);
    private static final Duration HEAP_LOOK = Duration.ofSeconds(1);

    /** Leaving without masters takes the coordinated shutdown's own limits; a stop must not take longer. */
    private static final Duration LEAVE_LIMIT = Duration.ofSeconds(20);

    private final RouterSettings settings;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<String> terminated = new CompletableFuture<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final AtomicBoolean stopping = new AtomicBoolean();

    /** What was started, in reverse: the order to stop in. */
    private final Deque<Supplier<CompletionStage<?>>> stops = new ArrayDeque<>();

    private final List<RunningRouter> routers = new ArrayList<>();
    private final int adminPort;

    private RouterNode(Config config, RouterSettings settings) {
        this.settings = settings;
        try {
            Plan plan = settings.plan();
            Changes changes = new Changes();
            AtomicReference<EndpointsSnapshot> endpoints = new AtomicReference<>(EndpointsSnapshot.NOTHING);
            ActorSystem<Endpoints.Command> system = ClusterSystem.local(
                    Endpoints.create(heard -> publish(endpoints, heard, changes), System::nanoTime),
                    Role.ROUTER,
                    config);
            stops.push(() -> {
                system.terminate();
                return system.getWhenTerminated();
            });
            Streams streams = new Streams(settings.shared().namers());
            stops.push(() -> closed(streams));
            Plan.Environment environment = new Plan.Environment(streams, changes);
            List<NameSource> sources = sources(plan, environment, new FinbackNamer(endpoints::get));
            boolean clustered = settings.clustered();
            Optional<ClusterLink> managed = clustered ? Optional.of(join(config, system)) : Optional.empty();
            manage(system, managed);
            Loops loops = Loops.start(settings.ioThreads(), settings.transport());
            stops.push(loops::stop);
            Watching watching = Watching.start(Tracing.of(system), plan.telemetry());
            stops.push(() -> closed(watching));
            for (RouterPlan router : plan.routers()) {
                routers.add(start(
                        router,
                        environment,
                        sources,
                        loops,
                        () -> clustered && !endpoints.get().fed()
                                ? Optional.of("endpoints are not known yet; try again")
                                : Optional.empty(),
                        watching));
            }
            AdminParts parts = new AdminParts(
                    plan,
                    routers,
                    sources,
                    streams,
                    endpoints::get,
                    settings.config(),
                    watching.recent(),
                    SecuritySettings.from(config).reads(),
                    watching.spans()::counts,
                    watching.spans().toggle(),
                    new Tap(settings.shared().tap(), watching.spans().toggle()),
                    System::nanoTime,
                    () -> {
                        var ending = stop();
                        Objects.requireNonNull(ending);
                    });
            plan.telemetry().statsd().ifPresent(statsd -> {
                StatsdSender sender = StatsdSender.start(parts, statsd);
                stops.push(() -> closed(sender));
            });
            Admin admin = new Admin(parts);
            stops.push(() -> closed(admin));
            adminPort = bindAdmin(admin, system);
            HeapRoom.of(settings.heap()).ifPresent(room -> {
                var looks = system.scheduler()
                        .scheduleWithFixedDelay(HEAP_LOOK, HEAP_LOOK, room, system.executionContext());
                stops.push(() -> {
                    boolean unused = looks.cancel();
                    return CompletableFuture.completedFuture(null);
                });
            });
            if (!clustered) {
                ready.complete(null);
            }
            log.info(
                    "router.started http={} admin={}:{} clustered={}",
                    listeners(),
                    plan.admin().ip(),
                    adminPort,
                    clustered);
        } catch (RuntimeException e) {
            var ignored = stopNext();
            throw e;
        }
    }

    private static void publish(
            AtomicReference<EndpointsSnapshot> endpoints, EndpointsSnapshot heard, Changes changes) {
        EndpointsSnapshot before = endpoints.getAndSet(heard);
        if (before.appsVersion() != heard.appsVersion()) {
            changes.happened();
        }
    }

    private static CompletionStage<?> closed(AutoCloseable closeable) {
        try {
            closeable.close();
            return CompletableFuture.completedFuture(null);
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private ClusterLink join(Config config, ActorSystem<Endpoints.Command> system) {
        AtomicInteger links = new AtomicInteger();
        ClusterLink link = ClusterLink.start(
                config,
                Role.ROUTER,
                () -> EndpointsLink.guardian(links.incrementAndGet(), system, () -> ready.complete(null)));
        stops.push(() -> link.stop().toCompletableFuture().copy().orTimeout(LEAVE_LIMIT.toSeconds(), TimeUnit.SECONDS));
        return link;
    }

    /** In the order to ask: the last one configured first, ours at the end. */
    private List<NameSource> sources(Plan plan, Plan.Environment environment, FinbackNamer own) {
        List<NameSource> sources = new ArrayList<>();
        sources.add(own);
        for (Plan.NamerPlan namer : plan.namers()) {
            NameSource source = namer.start().start(environment);
            stops.push(() -> closed(source));
            sources.add(0, source);
        }
        return sources;
    }

    private RunningRouter start(
            RouterPlan plan,
            Plan.Environment environment,
            List<NameSource> sources,
            Loops loops,
            Supplier<Optional<String>> notYet,
            Watching watching) {
        Interpreter interpreter = plan.interpreter().start().start(environment, sources);
        stops.push(() -> closed(interpreter));
        MeshRouter router = new MeshRouter(
                new RouterSpec(
                        plan.label(),
                        plan.dtab(),
                        plan.identifiers().stream()
                                .map(identifier ->
                                        identifier.start(environment, watch -> stops.push(() -> closed(watch))))
                                .toList(),
                        interpreter,
                        plan.policies(),
                        notYet,
                        plan.limits()),
                environment.changes());
        Optional<AccessLog> accessLog = watching.accessLog(plan, log -> stops.push(() -> closed(log)));
        Listening listening =
                Listening.of(plan, settings, loops, router, accessLog, relay -> stops.push(() -> closed(relay)));
        List<RunningRouter.Server> servers = new ArrayList<>();
        for (ServerPlan server : plan.servers()) {
            Listener listener = listen(plan, watching.spans().of(plan, server), listening);
            stops.push(() -> listener.stop(settings.plan().admin().grace()));
            // Taken back before the listener drains.
            Announcements.start(plan, server, listener.port(), environment, stops::push);
            servers.add(new RunningRouter.Server(server.ip(), listener.port(), listener));
        }
        return new RunningRouter(router, servers);
    }

    private String listeners() {
        return String.join(
                ",",
                routers.stream()
                        .flatMap(running -> running.servers().stream())
                        .map(server -> server.ip() + ":" + server.port())
                        .toList());
    }

    /** Starts a router. {@code config} is the whole resolved configuration. Throws {@link StartFailure}. */
    public static RouterNode start(Config config) {
        Tracing.check(config);
        return new RouterNode(config, RouterSettings.from(config));
    }

    /**
     * What a router with this configuration listens at, by names such as {@code finback.router.<label>}: its admin server, and each server
     * of each router. Throws {@link StartFailure} as {@link #start} would.
     */
    public static Map<String, HttpListen> listeners(Config config) {
        Plan plan = RouterSettings.from(config).plan();
        Map<String, HttpListen> found = new LinkedHashMap<>();
        found.put(
                "finback.router.admin",
                new HttpListen(plan.admin().ip(), plan.admin().port()));
        for (RouterPlan router : plan.routers()) {
            for (int i = 0; i < router.servers().size(); i++) {
                ServerPlan server = router.servers().get(i);
                String name = "finback.router." + router.label() + (i == 0 ? "" : "[" + i + "]");
                found.put(name, new HttpListen(server.ip(), server.port()));
            }
        }
        return found;
    }

    /** Shows this node at its management port, also when it runs alone; then there are no members to show. */
    private static void manage(ActorSystem<?> system, Optional<ClusterLink> link) {
        Readiness.of(system).add("listeners", () -> CompletableFuture.completedFuture(true));
        try {
            var unused = link.map(member -> Management.start(system, member))
                    .orElseGet(() -> Management.start(system))
                    .toCompletableFuture()
                    .orTimeout(BIND_LIMIT.toSeconds(), TimeUnit.SECONDS)
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof StartFailure failure ? failure : e;
        }
    }

    private Listener listen(RouterPlan plan, ServerPlan server, Listening listening) {
        try {
            return listening.at(server);
        } catch (IOException e) {
            throw cannotListen(
                    settings.linkerdYaml().isPresent() ? plan.where() + ".servers" : plan.where(),
                    server.ip(),
                    server.port(),
                    e);
        }
    }

    private int bindAdmin(Admin admin, ActorSystem<?> system) {
        try {
            ServerBinding binding = admin.bind(
                            system,
                            settings.plan().admin().ip(),
                            settings.plan().admin().port())
                    .toCompletableFuture()
                    .orTimeout(BIND_LIMIT.toSeconds(), TimeUnit.SECONDS)
                    .join();
            stops.push(binding::unbind);
            return binding.localAddress().getPort();
        } catch (CompletionException e) {
            throw cannotListen(
                    "admin",
                    settings.plan().admin().ip(),
                    settings.plan().admin().port(),
                    e);
        }
    }

    private StartFailure cannotListen(String listener, String host, int port, Exception e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String key = settings.linkerdYaml()
                .map(file -> "finback.router.linkerd-yaml: " + listener + ".port")
                .orElse("finback.router." + listener + ".port");
        return new StartFailure(
                key + ": cannot listen on " + host + ":" + port + " (" + root.getMessage()
                        + "); stop what uses the port or set " + key,
                e);
    }

    /** What serves, in the order of its configuration. */
    public List<RunningRouter> routers() {
        return List.copyOf(routers);
    }

    /** The first mesh listener's port, also when port 0 was asked for. */
    public int httpPort() {
        return routers.get(0).servers().get(0).port();
    }

    /** The admin listener's port, also when port 0 was asked for. */
    public int adminPort() {
        return adminPort;
    }

    @Override
    public Role role() {
        return Role.ROUTER;
    }

    @Override
    public CompletionStage<Void> ready() {
        return ready.copy();
    }

    @Override
    public CompletionStage<Void> stop() {
        if (stopping.compareAndSet(false, true)) {
            var ended = stopNext().whenComplete((done, failure) -> {
                log.info("router.stopped");
                ready.completeExceptionally(new StartFailure("the router was stopped before it was ready"));
                stopped.complete(null);
                terminated.complete("stopped");
            });
            Objects.requireNonNull(ended);
        }
        return stopped.copy();
    }

    private CompletableFuture<Void> stopNext() {
        Supplier<CompletionStage<?>> next = stops.poll();
        if (next == null) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        var step = next.get().whenComplete((ok, failure) -> {
            if (failure != null) {
                log.warn("router.stop_step_failed reason={} next=go_on", failure.toString());
            }
            var rest = stopNext().whenComplete((restOk, restFailure) -> done.complete(null));
            Objects.requireNonNull(rest);
        });
        Objects.requireNonNull(step);
        return done;
    }

    @Override
    public CompletionStage<String> terminated() {
        return terminated.copy();
    }
}
