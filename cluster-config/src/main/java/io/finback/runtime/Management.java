package io.finback.runtime;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.HttpsConnectionContext;
import akka.http.javadsl.ServerBuilder;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.japi.function.Function;
import akka.management.cluster.bootstrap.ClusterBootstrap;
import akka.management.javadsl.AkkaManagement;
import com.typesafe.config.Config;
import io.finback.security.Guard;
import io.finback.security.SecuritySettings;
import io.finback.settings.ClusterSettings;
import io.finback.tls.NodeTls;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Akka Management of a node at {@code finback.management}: {@code /cluster/members}, {@code /alive} (the process answers) and {@code /ready}
 * (the node serves its role: every check of {@link Readiness} holds, and a master is a member). {@code finback.security} holds here as on the
 * other ports, but for probes; members are changed by nobody but those whom a rule allows it. It ends with its system.
 */
public final class Management {
    private static final Set<String> OPEN = Set.of("/alive", "/ready", "/bootstrap/seed-nodes");

    private Management() {}

    /** For a node whose system is the cluster member (a master). Fails with {@link StartFailure} when the port is taken. */
    public static CompletionStage<Void> start(ActorSystem<?> system) {
        return bind(system).thenApply(done -> {
            if (ClusterSettings.from(system.settings().config()).discovery().used()) {
                // What others ask to find us is served from here on, so now we may look for them.
                ClusterBootstrap.get(system).start();
            }
            return null;
        });
    }

    private static CompletionStage<Void> bind(ActorSystem<?> system) {
        AkkaManagement management = AkkaManagement.get(system);
        String host = management.settings().getHttpEffectiveBindHostname();
        int port = management.settings().getHttpEffectiveBindPort();
        Config config = system.settings().config();
        Guard guard = new Guard(system, "management", SecuritySettings.from(config), Management::refusal);
        Optional<HttpsConnectionContext> https = https(system);
        // Whether anybody may change something is for the guard to say, which knows who asks.
        Function<HttpRequest, CompletionStage<HttpResponse>> routes = management
                .getRoutes(settings -> https.map(settings::withHttpsConnectionContext)
                        .orElse(settings)
                        .withReadOnly(false))
                .handler(system);
        ServerBuilder server = Http.get(system).newServerAt(host, port);
        return https.map(server::enableHttps)
                .orElse(server)
                .adaptSettings(settings -> settings.withRemoteAddressAttribute(true))
                .bind(guard.before(Management::door, request -> answer(routes, request))::apply)
                .handle((binding, failure) -> {
                    if (failure != null) {
                        throw new CompletionException(new StartFailure(
                                "finback.management: cannot listen on " + host + ":" + port
                                        + "; stop what uses the port or set finback.management.port",
                                failure));
                    }
                    return null;
                });
    }

    private static CompletionStage<HttpResponse> answer(
            Function<HttpRequest, CompletionStage<HttpResponse>> routes, HttpRequest request) {
        try {
            return routes.apply(request);
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Probes and masters that look for each other have no credentials. */
    private static Guard.Door door(HttpRequest request) {
        String method = request.method().value();
        boolean looks = method.equals("GET") || method.equals("HEAD");
        if (looks && OPEN.contains(request.getUri().path())) {
            return Guard.Door.OPEN;
        }
        return looks ? Guard.Door.READ : Guard.Door.MEMBERS;
    }

    private static HttpResponse refusal(int status, String reason) {
        return HttpResponse.create().withStatus(status).withEntity(ContentTypes.TEXT_PLAIN_UTF8, reason + "\n");
    }

    private static Optional<HttpsConnectionContext> https(ActorSystem<?> system) {
        Config config = system.settings().config();
        Optional<NodeTls> tls =
                NodeTls.from(config).filter(each -> each.settings().management());
        if (tls.isPresent() && ClusterSettings.from(config).discovery().used()) {
            throw new StartFailure(
                    "finback.tls.management: true (expected: false, because masters that finback.cluster.discovery looks for "
                            + "ask each other there in plain HTTP; keep the port closed from outside)");
        }
        return tls.map(each -> each.server(each.settings().clientCertificates()));
    }

    /** For a node that has a local system and a link: outlives every member, and shows the one of now. */
    public static CompletionStage<Void> start(ActorSystem<?> system, ClusterLink link) {
        Readiness.of(system).link(link);
        return bind(system);
    }
}
