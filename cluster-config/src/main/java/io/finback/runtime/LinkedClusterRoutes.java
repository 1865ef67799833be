package io.finback.runtime;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorSystem;
import akka.cluster.Cluster;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.Directives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import akka.management.cluster.javadsl.ClusterHttpManagementRoutes;
import akka.management.javadsl.ManagementRouteProvider;
import akka.management.javadsl.ManagementRouteProviderSettings;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Akka's read-only membership routes for a node whose member comes and goes ({@link ClusterLink}): they show the member of now, and
 * answer 503 while there is none; and {@code /cluster/link}, how its memberships went: {@code up}, {@code removals} in a row, {@code waitMillis} before it
 * joins again after another one, and {@code silent}, addresses of masters that do not answer it. Named in {@code finback-local.conf}.
 */
public final class LinkedClusterRoutes implements ManagementRouteProvider {
    private record Made(ActorSystem<Void> member, Route route) {}

    private final Readiness readiness;
    private volatile @Nullable Made made;

    public LinkedClusterRoutes(ExtendedActorSystem system) {
        readiness = Readiness.of(system);
    }

    @Override
    public Route routes(ManagementRouteProviderSettings settings) {
        return Directives.concat(
                Directives.path(
                        PathMatchers.segment("cluster").slash("link"),
                        () -> Directives.get(() -> Directives.complete(health()))),
                Directives.pathPrefixTest(
                        "cluster",
                        () -> Directives.extractRequestContext(context -> current()
                                .orElseGet(() -> Directives.complete(
                                        StatusCodes.SERVICE_UNAVAILABLE,
                                        "no member now: waiting for the masters\n")))));
    }

    private HttpResponse health() {
        return readiness
                .link()
                .map(ClusterLink::health)
                .map(health -> HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, json(health)))
                .orElseGet(() -> HttpResponse.create().withStatus(StatusCodes.SERVICE_UNAVAILABLE));
    }

    private static String json(ClusterLink.Health health) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("up", health.up());
        json.put("removals", health.removals());
        json.put("waitMillis", health.waits().toMillis());
        ArrayNode silent = json.putArray("silent");
        health.silent().forEach(silent::add);
        return json.toString();
    }

    private Optional<Route> current() {
        return readiness.link().flatMap(ClusterLink::current).map(this::routeOf);
    }

    private Route routeOf(ActorSystem<Void> member) {
        Made last = made;
        if (last == null || last.member() != member) {
            last = new Made(member, ClusterHttpManagementRoutes.readOnly(Cluster.get(member)));
            made = last;
        }
        return last.route();
    }
}
