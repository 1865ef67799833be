package io.finback.meshrouter.admin;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import io.finback.security.Guard.Door;
import java.util.Set;

/** What a request at a router's admin port is about. */
final class AdminDoors {
    /** Asked by load balancers and health checks, which have no name. */
    private static final Set<String> OPEN = Set.of("/admin/ping", "/health");

    private AdminDoors() {}

    static Door of(HttpRequest request) {
        String path = request.getUri().path();
        if (OPEN.contains(path)) {
            return Door.OPEN;
        }
        // A question, whose names and dtab may be too long for a URI.
        boolean asks = path.equals("/delegator.json");
        return asks || Set.of("GET", "HEAD").contains(request.method().value()) ? Door.READ : Door.WRITE;
    }

    static HttpResponse refusal(int status, String reason) {
        return Answers.text(status, reason + "\n");
    }
}
