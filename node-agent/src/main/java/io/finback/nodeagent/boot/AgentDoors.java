package io.finback.nodeagent.boot;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import io.finback.security.Guard.Door;
import java.util.Set;

/** What a request at an agent's port is about. As in Mesos, {@code POST /api/v1} is a change whatever it asks; executors prove themselves with a token of their own. */
final class AgentDoors {
    private static final String ALSO_UNDER = "/slave(1)";
    private static final Set<String> OPEN = Set.of("/health", "/version", "/version.json", "/api/v1/executor");

    private AgentDoors() {}

    static Door of(HttpRequest request) {
        String path = request.getUri().path();
        String plain = path.startsWith(ALSO_UNDER) ? path.substring(ALSO_UNDER.length()) : path;
        if (OPEN.contains(plain)) {
            return Door.OPEN;
        }
        return Set.of("GET", "HEAD", "OPTIONS").contains(request.method().value()) ? Door.READ : Door.WRITE;
    }

    static HttpResponse refusal(int status, String reason) {
        return HttpResponse.create().withStatus(status).withEntity(ContentTypes.TEXT_PLAIN_UTF8, reason + "\n");
    }
}
