package io.finback.controlplane.boot;

import akka.http.javadsl.model.HttpRequest;
import io.finback.controlplane.mesosapi.ClusterApi;
import io.finback.security.Guard.Door;
import java.util.Set;

/** What a request at a master's ports is about. As in Mesos, {@code POST /api/v1} is a change whatever it asks. */
final class MasterDoors {
    /** Asked by load balancers and health checks, which have no name. */
    private static final Set<String> OPEN = Set.of("/health", "/version", "/ping");
    /** Changes although it is a GET, as in Mesos. */
    private static final Set<String> CHANGE = Set.of("/logging/toggle");

    private MasterDoors() {}

    /** At {@code finback.master.http}. */
    static Door cluster(HttpRequest request) {
        String path = ClusterApi.canonical(request.getUri().path());
        return path.equals("/api/v1/scheduler") ? Door.FRAMEWORK : of(request, path);
    }

    /** At {@code finback.services.http}. */
    static Door services(HttpRequest request) {
        return of(request, request.getUri().path());
    }

    private static Door of(HttpRequest request, String path) {
        if (OPEN.contains(path)) {
            return Door.OPEN;
        }
        boolean looks =
                Set.of("GET", "HEAD", "OPTIONS").contains(request.method().value());
        return looks && !CHANGE.contains(path) ? Door.READ : Door.WRITE;
    }
}
