package io.finback.meshrouter.boot;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.ServerBinding;
import com.typesafe.config.Config;
import io.finback.meshrouter.http.ProxyServer;
import io.finback.meshrouter.router.Admin;
import io.finback.meshrouter.router.Endpoints;
import io.finback.meshrouter.router.EndpointsLink;
import io.finback.meshrouter.router.EndpointsSnapshot;
import io.finback.meshrouter.router.FsNamer;
import io.finback.meshrouter.router.MeshRouter;
import io.finback.runtime.ClusterLink;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Management;
import io.finback.runtime.Node;
import io.finback.runtime.Readiness;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
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

    /** Leaving without masters takes the coordinated shutdown's own limits; a stop must not take longer. */
    private static final Duration LEAVE_LIMIT = Duration.ofSeconds(20);

    private final RouterSettings settings;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<String> terminated = new CompletableFuture<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final AtomicBoolean stopping = new AtomicBoolean();

    /** What was started, in reverse: the order to stop in. */
    private final Deque<Supplier<CompletionStage<?>>> stops = new ArrayDeque<>();

    private final ProxyServer proxy;
    private final int adminPort;

    private RouterNode(Config config, RouterSettings settings) {
        this.settings = settings;
        try {
            AtomicReference<EndpointsSnapshot> endpoints = new AtomicReference<>(EndpointsSnapshot.NOTHING);
            ActorSystem<Endpoints.Command> system =
                    ClusterSystem.local(Endpoints.create(endpoints::set, System::nanoTime), "finback-router", config);
            stops.push(() -> {
                system.terminate();
                return system.getWhenTerminated();
            });
            boolean clustered = settings.clustered();
            MeshRouter router = new MeshRouter(
                    settings.dtab(), startFs(), endpoints::get, clustered, settings.maxNames(), settings.policies());
            Optional<ClusterLink> managed = Optional.empty();
            if (clustered) {
                AtomicInteger links = new AtomicInteger();
                ClusterLink link = ClusterLink.start(
                        config,
                        Role.ROUTER,
                        () -> EndpointsLink.guardian(links.incrementAndGet(), system, () -> ready.complete(null)));
                stops.push(() ->
                        link.stop().toCompletableFuture().copy().orTimeout(LEAVE_LIMIT.toSeconds(), TimeUnit.SECONDS));
                managed = Optional.of(link);
            }
            manage(system, managed);
            proxy = listen(router);
            stops.push(() -> proxy.stop(settings.drainLimit()));
            adminPort = bindAdmin(new Admin(router, proxy, settings.proxy().host(), System::nanoTime), system);
            if (!clustered) {
                ready.complete(null);
            }
            log.info(
                    "router.started http={}:{} admin={}:{} clustered={}",
                    settings.proxy().host(),
                    proxy.port(),
                    settings.adminHost(),
                    adminPort,
                    clustered);
        } catch (RuntimeException e) {
            var ignored = stopNext();
            throw e;
        }
    }

    /** Starts a router. {@code config} is the whole resolved configuration. Throws {@link StartFailure}. */
    public static RouterNode start(Config config) {
        return new RouterNode(config, RouterSettings.from(config));
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

    private Optional<FsNamer> startFs() {
        return settings.fsRoot().map(root -> {
            ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "finback-fs-namer");
                thread.setDaemon(true);
                return thread;
            });
            FsNamer namer = FsNamer.start(root, executor);
            stops.push(() -> {
                namer.close();
                return CompletableFuture.completedFuture(null);
            });
            return namer;
        });
    }

    private ProxyServer listen(MeshRouter router) {
        try {
            return ProxyServer.start(settings.proxy(), router);
        } catch (IOException e) {
            throw cannotListen("http", settings.proxy().host(), settings.proxy().port(), e);
        }
    }

    private int bindAdmin(Admin admin, ActorSystem<?> system) {
        try {
            ServerBinding binding = admin.bind(system, settings.adminHost(), settings.adminPort())
                    .toCompletableFuture()
                    .orTimeout(BIND_LIMIT.toSeconds(), TimeUnit.SECONDS)
                    .join();
            stops.push(binding::unbind);
            return binding.localAddress().getPort();
        } catch (CompletionException e) {
            throw cannotListen("admin", settings.adminHost(), settings.adminPort(), e);
        }
    }

    private static StartFailure cannotListen(String listener, String host, int port, Exception e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String key = "finback.router." + listener + ".port";
        return new StartFailure(
                key + ": cannot listen on " + host + ":" + port + " (" + root.getMessage()
                        + "); stop what uses the port or set " + key,
                e);
    }

    /** The mesh listener's port, also when port 0 was asked for. */
    public int httpPort() {
        return proxy.port();
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
