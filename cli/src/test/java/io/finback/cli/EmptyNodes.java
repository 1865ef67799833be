package io.finback.cli;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.Http;
import akka.http.javadsl.server.Directives;
import com.typesafe.config.Config;
import io.finback.runtime.ClusterLink;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Management;
import io.finback.runtime.Node;
import io.finback.runtime.Readiness;
import io.finback.runtime.Role;
import io.finback.settings.HttpListen;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Nodes that are what every node is and do nothing: member, link, management, HTTP listeners. They stand in for the real ones in the
 * tests of the program, and are measured by hand: {@code java -cp target/test-classes:'LIB/*' io.finback.cli.EmptyNodes dev}, LIB being that of the launcher.
 */
public final class EmptyNodes {
    private EmptyNodes() {}

    public static void main(String[] args) throws IOException {
        if (List.of(args).equals(List.of("train"))) {
            System.exit(Training.run(roles(), java.nio.file.Files.createTempDirectory("finback-training")));
        }
        System.exit(Finback.run(args, roles(), new Screen(System.out, System.err)));
    }

    static Roles roles() {
        return new Roles(
                Map.of(
                        Role.MASTER, EmptyNodes::master,
                        Role.AGENT, config -> linked(Role.AGENT, config),
                        Role.ROUTER, config -> linked(Role.ROUTER, config)),
                directory -> {});
    }

    private static Node master(Config config) {
        ActorSystem<Void> system = ClusterSystem.member(Behaviors.empty(), config, Role.MASTER);
        Readiness.of(system).add("empty", () -> CompletableFuture.completedFuture(true));
        CompletableFuture<Void> up = new CompletableFuture<>();
        akka.cluster.Cluster.get(system).registerOnMemberUp(() -> up.complete(null));
        return new EmptyNode(
                Role.MASTER,
                List.of(up, Management.start(system), listen(system, config, Role.MASTER)),
                system,
                () -> CompletableFuture.completedFuture(null));
    }

    private static Node linked(Role role, Config config) {
        ActorSystem<Void> system = ClusterSystem.local(Behaviors.empty(), role, config);
        ClusterLink link = ClusterLink.start(config, role, Behaviors::empty);
        Readiness.of(system).add("link", () -> CompletableFuture.completedFuture(link.connected()));
        return new EmptyNode(
                role,
                List.of(link.firstUp(), Management.start(system, link), listen(system, config, role)),
                system,
                link::stop);
    }

    private static CompletionStage<Void> listen(ActorSystem<?> system, Config config, Role role) {
        List<CompletableFuture<?>> bound = new ArrayList<>();
        for (String key : List.of(Banner.MASTER_API, Banner.SERVICES_API, Banner.MESH, Banner.MESH_ADMIN)) {
            HttpListen listen = Listeners.of(config, role).get(key);
            if (listen != null) {
                bound.add(Http.get(system)
                        .newServerAt(listen.host(), listen.port())
                        .bind(Directives.complete("empty\n"))
                        .toCompletableFuture());
            }
        }
        return CompletableFuture.allOf(bound.toArray(CompletableFuture[]::new));
    }

    private record EmptyNode(Role role, List<CompletionStage<Void>> parts, ActorSystem<Void> system, Stopping before)
            implements Node {
        /** What is stopped before the system. */
        interface Stopping {
            CompletionStage<Void> stop();
        }

        @Override
        public CompletionStage<Void> ready() {
            return CompletableFuture.allOf(
                    parts.stream().map(CompletionStage::toCompletableFuture).toArray(CompletableFuture[]::new));
        }

        @Override
        public CompletionStage<Void> stop() {
            return before.stop().thenCompose(done -> {
                system.terminate();
                return system.getWhenTerminated()
                        .toCompletableFuture()
                        .orTimeout(30, TimeUnit.SECONDS)
                        .thenApply(ended -> null);
            });
        }

        @Override
        public CompletionStage<String> terminated() {
            return system.getWhenTerminated().thenApply(done -> role.id() + " ended");
        }
    }
}
