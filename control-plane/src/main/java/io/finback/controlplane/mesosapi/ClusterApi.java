package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.Allow;
import akka.http.javadsl.model.headers.RawHeader;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.view.ClusterSnapshot;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The cluster API on {@code finback.master.http}: Mesos' paths, with and without {@code /master} before and {@code .json} behind.
 * Answers from the view of this master alone and never asks an entity. Thread-safe. Source: apache/mesos {@code src/master/http.cpp}.
 */
public final class ClusterApi {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int TASK_LIMIT = 100;

    private final Supplier<ClusterSnapshot> view;
    private final Supplier<MasterIdentity> self;
    private final Map<String, Function<HttpRequest, HttpResponse>> routes = new HashMap<>();

    public ClusterApi(Supplier<ClusterSnapshot> view, Supplier<MasterIdentity> self, Clock clock) {
        this.view = view;
        this.self = self;
        routes.put("/", request -> text(StatusCodes.OK.intValue(), index()));
        routes.put("/health", request -> HttpResponse.create());
        routes.put("/version", request -> json(Map.of("version", self.get().version())));
        Rendering state = new Rendering(snapshot -> StateJson.state(snapshot, self.get()));
        Rendering slaves = new Rendering(StateJson::slaves);
        Rendering frameworks = new Rendering(StateJson::frameworks);
        Rendering roles = new Rendering(StateJson::roles);
        routes.put("/state", whenComplete((request, snapshot) -> json(state.of(snapshot))));
        routes.put("/slaves", whenComplete((request, snapshot) -> json(slaves.of(snapshot))));
        routes.put("/frameworks", whenComplete((request, snapshot) -> json(frameworks.of(snapshot))));
        routes.put("/roles", whenComplete((request, snapshot) -> json(roles.of(snapshot))));
        routes.put("/tasks", whenComplete(ClusterApi::tasks));
        routes.put("/metrics", request -> text(StatusCodes.OK.intValue(), Metrics.prometheus(view.get())));
        routes.put("/metrics/snapshot", request -> json(Metrics.mesos(view.get(), self.get(), clock.instant())));
        routes.put("/redirect", request -> redirect());
    }

    /** Answers every request; the entity of the request is the server's to discard. */
    public HttpResponse answer(HttpRequest request) {
        String path = canonical(request.getUri().path());
        Function<HttpRequest, HttpResponse> route = routes.get(path);
        if (route == null) {
            return text(
                    StatusCodes.NOT_FOUND.intValue(),
                    "No endpoint " + request.getUri().path() + " here; GET / lists what there is.\n");
        }
        if (!request.method().equals(HttpMethods.GET) && !request.method().equals(HttpMethods.HEAD)) {
            return text(
                            StatusCodes.METHOD_NOT_ALLOWED.intValue(),
                            "Expecting GET, received " + request.method().value() + "\n")
                    .addHeader(Allow.create(HttpMethods.GET, HttpMethods.HEAD));
        }
        return route.apply(request);
    }

    static String canonical(String path) {
        String shorter = path.startsWith("/master/") ? path.substring("/master".length()) : path;
        shorter = shorter.endsWith(".json") ? shorter.substring(0, shorter.length() - ".json".length()) : shorter;
        boolean slash = shorter.length() > 1 && shorter.endsWith("/");
        return slash ? shorter.substring(0, shorter.length() - 1) : shorter;
    }

    /** A master that has not heard its entities since its start would show a cluster without agents and tasks. As Mesos: 503. */
    private Function<HttpRequest, HttpResponse> whenComplete(
            BiFunction<HttpRequest, ClusterSnapshot, HttpResponse> route) {
        return request -> {
            ClusterSnapshot snapshot = view.get();
            return snapshot.complete()
                    ? route.apply(request, snapshot)
                    : text(StatusCodes.SERVICE_UNAVAILABLE.intValue(), "Master has not finished recovery\n")
                            .addHeader(RawHeader.create("Retry-After", "1"));
        };
    }

    /** What many pollers ask for is written once per view, so that they cost the entities beside them nothing (promise 9). */
    private static final class Rendering {
        private final Function<ClusterSnapshot, ObjectNode> render;
        private ClusterSnapshot last = ClusterSnapshot.EMPTY;
        private byte[] json = new byte[0];

        Rendering(Function<ClusterSnapshot, ObjectNode> render) {
            this.render = render;
        }

        // The same view object, not an equal one: comparing would cost as much as writing.
        @SuppressWarnings("ReferenceEquality")
        synchronized byte[] of(ClusterSnapshot snapshot) {
            if (last != snapshot) {
                last = snapshot;
                json = bytes(render.apply(snapshot));
            }
            return json;
        }
    }

    private static HttpResponse tasks(HttpRequest request, ClusterSnapshot snapshot) {
        try {
            return json(StateJson.tasks(snapshot, number(request, "limit", TASK_LIMIT), number(request, "offset", 0)));
        } catch (IllegalArgumentException e) {
            return text(StatusCodes.BAD_REQUEST.intValue(), e.getMessage() + "\n");
        }
    }

    private static int number(HttpRequest request, String name, int otherwise) {
        String value = request.getUri().query().get(name).orElse(Integer.toString(otherwise));
        try {
            int number = Integer.parseInt(value);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, like a negative one.
        }
        throw new IllegalArgumentException(name + ": " + value + " (expected: a whole number >= 0)");
    }

    /** Every master leads. Mesos never says the scheme, and its clients expect that. */
    private HttpResponse redirect() {
        return HttpResponse.create()
                .withStatus(StatusCodes.TEMPORARY_REDIRECT)
                .addHeader(RawHeader.create("Location", "//" + self.get().address()));
    }

    private String index() {
        StringBuilder text = new StringBuilder("Finback cluster API, version ")
                .append(self.get().version())
                .append("\n\n");
        routes.keySet().stream()
                .sorted()
                .forEach(path -> text.append("  GET ").append(path).append('\n'));
        return text.append("\nEach also under /master, and with .json behind.\n")
                .toString();
    }

    private static HttpResponse text(int status, String body) {
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, body));
    }

    private static HttpResponse json(Object body) {
        return json(bytes(body));
    }

    private static HttpResponse json(byte[] body) {
        return HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, body));
    }

    private static byte[] bytes(Object body) {
        try {
            return MAPPER.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
