package io.finback.nodeagent.boot;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.settings.ServerSettings;
import io.finback.nodeagent.api.AgentRoutes;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.api.v1.AgentApi;
import io.finback.nodeagent.api.v1.ExecutorApi;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.files.FileSpace;
import io.finback.nodeagent.nested.NestedContainers;
import io.finback.nodeagent.node.ExecutorDoor;
import io.finback.nodeagent.node.TasksActor;
import io.finback.nodeagent.task.AgentTask;
import io.finback.runtime.StartFailure;
import io.finback.security.Guard;
import io.finback.security.Refusals;
import io.finback.security.SecuritySettings;
import io.finback.tls.NodeTls;
import io.finback.tracing.Tracing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/** The agent's HTTP API, put together and bound. */
final class ApiServer {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final scala.concurrent.duration.Duration STREAM_SILENCE =
            scala.concurrent.duration.Duration.create(1, TimeUnit.HOURS);

    private ApiServer() {}

    /** Listens; throws {@link StartFailure} where it cannot. */
    static ServerBinding bind(
            ActorSystem<?> system,
            AgentSettings settings,
            AgentView view,
            Inside inside,
            NestedContainers nested,
            Function<AgentTask, Path> begun,
            Supplier<Optional<ActorRef<TasksActor.Command>>> tasks,
            ExecutorDoor door) {
        CompletableFuture<ServerBinding> bound = new CompletableFuture<>();
        IntSupplier port = () -> bound.join().localAddress().getPort();
        FileSpace space = new FileSpace(
                view.sandboxes().ofAllIds(),
                view.sandboxes().root(),
                settings.files().log(),
                settings.files().maxEntries());
        Guard guard = new Guard(
                system, "agent", SecuritySettings.from(system.settings().config()), AgentDoors::refusal);
        AgentRoutes routes = new AgentRoutes(
                view,
                port,
                space,
                system.dispatchers().lookup(DispatcherSelector.fromConfig("finback.agent.files-dispatcher")),
                settings.files().maxFollowers(),
                new ExecutorApi(
                        system, view, port, tasks, door, settings.api().limits().maxBody()),
                new AgentApi(
                        system,
                        view,
                        port,
                        inside,
                        nested,
                        begun,
                        space,
                        system.dispatchers().lookup(DispatcherSelector.blocking()),
                        settings.api().limits(),
                        guard),
                guard,
                () -> Refusals.of(system).prometheus() + Tracing.of(system).prometheus());
        akka.japi.function.Function<HttpRequest, CompletionStage<HttpResponse>> handler =
                routes.route().handler(system);
        try {
            ServerBinding binding = NodeTls.secured(
                            Http.get(system).newServerAt(settings.httpHost(), settings.httpPort()),
                            system.settings().config())
                    .adaptSettings(server -> patient(server).withRemoteAddressAttribute(true))
                    .bind(guard.before(AgentDoors::of, request -> answer(handler, request))::apply)
                    .toCompletableFuture()
                    .orTimeout(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
            bound.complete(binding);
            return binding;
        } catch (CompletionException e) {
            throw new StartFailure(
                    "finback.agent.http: cannot listen on " + settings.httpHost() + ":" + settings.httpPort() + " ("
                            + rootMessage(e) + "); stop what uses the port or set finback.agent.http.port",
                    e);
        }
    }

    private static CompletionStage<HttpResponse> answer(
            akka.japi.function.Function<HttpRequest, CompletionStage<HttpResponse>> handler, HttpRequest request) {
        try {
            return handler.apply(request);
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** An executor's stream may be silent for as long as there is nothing to say: half an hour, from heartbeat to heartbeat. */
    private static ServerSettings patient(ServerSettings settings) {
        return settings.withTimeouts(settings.getTimeouts().withIdleTimeout(STREAM_SILENCE));
    }

    /** Where programs of this machine reach the API. */
    static String address(String host, int port) {
        boolean everywhere = host.equals("0.0.0.0") || host.equals("::");
        return (everywhere ? "127.0.0.1" : host) + ":" + port;
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
