package io.finback.runtime;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorSystem;
import akka.cluster.Cluster;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.Directives;
import akka.http.javadsl.server.Route;
import akka.management.cluster.javadsl.ClusterHttpManagementRoutes;
import akka.management.javadsl.ManagementRouteProvider;
import akka.management.javadsl.ManagementRouteProviderSettings;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Akka's read-only membership routes for a node whose member comes and goes ({@link ClusterLink}): they show the member of now, and
 * answer 503 while there is none. Named in {@code finback-local.conf}.
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
        return Directives.pathPrefixTest(
                "cluster",
                () -> Directives.extractRequestContext(context -> current()
                        .orElseGet(() -> Directives.complete(
                                StatusCodes.SERVICE_UNAVAILABLE, "no member now: waiting for the masters\n"))));
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
