package io.finback.meshrouter.admin;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.Query;
import akka.http.scaladsl.model.IllegalUriException;
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
        if (changes(request)) {
            return Door.WRITE;
        }
        // A question, whose names and dtab may be too long for a URI.
        boolean asks = path.equals("/delegator.json");
        return asks || Set.of("GET", "HEAD").contains(request.method().value()) ? Door.READ : Door.WRITE;
    }

    /** What TwitterServer lets a GET change. */
    static boolean changes(HttpRequest request) {
        if (!request.getUri().path().equals("/admin/tracing")) {
            return false;
        }
        try {
            Query query = request.getUri().query();
            return query.get("enable").isPresent() || query.get("disable").isPresent();
        } catch (IllegalUriException e) {
            // Whoever answers will say what is wrong with it.
            return false;
        }
    }

    static HttpResponse refusal(int status, String reason) {
        return Answers.text(status, reason + "\n");
    }
}
