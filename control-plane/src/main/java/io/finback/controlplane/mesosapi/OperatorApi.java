package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import com.google.protobuf.Message;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.SeenBy;
import io.finback.mesos.v1.BadMessageException;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.Limits;
import io.finback.mesos.v1.Negotiation;
import io.finback.security.Action;
import io.finback.security.Sight;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.mesos.v1.master.Protos.Call;
import org.apache.mesos.v1.master.Protos.Response;

/**
 * {@code POST /api/v1}: Mesos' operator calls in JSON and protobuf. Reads are answered from the view, writes by the entity that owns
 * what they change. Checked in Mesos' order: content type, body, the call, what is accepted. Source: apache/mesos {@code
 * src/master/http.cpp}, {@code docs/operator-http-api.md}.
 */
final class OperatorApi {
    private final Reads reads;
    private final RequestBodies bodies;
    private final OperatorReads answers;
    private final Function<HttpRequest, OperatorWrites> writes;
    private final EventStreams streams;
    private final MasterFiles files;
    private final Map<Encoding, Shared> shared = new EnumMap<>(Encoding.class);

    OperatorApi(
            Reads reads,
            RequestBodies bodies,
            OperatorReads answers,
            Function<HttpRequest, OperatorWrites> writes,
            EventStreams streams,
            MasterFiles files) {
        this.files = files;
        this.reads = reads;
        this.bodies = bodies;
        this.answers = answers;
        this.writes = writes;
        this.streams = streams;
        for (Encoding encoding : Encoding.values()) {
            shared.put(encoding, new Shared(reads, new StateBodies(encoding)));
        }
    }

    /** An answer that many ask for at once: one writing for all who see everything. */
    private record Large(Rendering whole, Function<ClusterSnapshot, Rope> write) {
        Large(Reads reads, Function<ClusterSnapshot, Rope> write) {
            this(reads.rendering(write), write);
        }
    }

    private record Shared(Large state, Large tasks, Large agents, Large frameworks) {
        Shared(Reads reads, StateBodies bodies) {
            this(
                    new Large(
                            reads,
                            view -> bodies.response(
                                    Response.Type.GET_STATE,
                                    "get_state",
                                    Response.GET_STATE_FIELD_NUMBER,
                                    bodies.state(view))),
                    new Large(
                            reads,
                            view -> bodies.response(
                                    Response.Type.GET_TASKS,
                                    "get_tasks",
                                    Response.GET_TASKS_FIELD_NUMBER,
                                    bodies.tasks(view))),
                    new Large(
                            reads,
                            view -> bodies.response(
                                    Response.Type.GET_AGENTS,
                                    "get_agents",
                                    Response.GET_AGENTS_FIELD_NUMBER,
                                    bodies.agents(view))),
                    new Large(
                            reads,
                            view -> bodies.response(
                                    Response.Type.GET_FRAMEWORKS,
                                    "get_frameworks",
                                    Response.GET_FRAMEWORKS_FIELD_NUMBER,
                                    bodies.frameworks(view))));
        }
    }

    CompletionStage<HttpResponse> answer(HttpRequest request) {
        Encoding encoding = contentType(request);
        return bodies.read(request).thenCompose(body -> {
            Call call = parse(encoding, body);
            check(call);
            Encoding accepted = Negotiation.accept(header(request, "accept").orElse(""))
                    .orElseThrow(() -> ApiFailure.of(
                            406, "Expecting 'Accept' to allow application/json or application/x-protobuf"));
            return dispatch(request, call, accepted);
        });
    }

    private CompletionStage<HttpResponse> dispatch(HttpRequest request, Call call, Encoding accepted) {
        Shared large = shared.get(accepted);
        if (large == null) {
            throw new IllegalStateException("encoding: " + accepted);
        }
        return switch (call.getType()) {
            case GET_STATE -> shared(large.state(), request, accepted);
            case GET_TASKS -> shared(large.tasks(), request, accepted);
            case GET_AGENTS -> shared(large.agents(), request, accepted);
            case GET_FRAMEWORKS -> shared(large.frameworks(), request, accepted);
            case SUBSCRIBE -> streams.subscribe(request, accepted);
            case GET_FLAGS -> {
                reads.require(request, Action.VIEW_FLAGS, "");
                yield reads.run(() -> message(answers.always(call), request, accepted));
            }
            case GET_HEALTH, GET_VERSION, GET_METRICS, GET_LOGGING_LEVEL, GET_MASTER ->
                reads.run(() -> message(answers.always(call), request, accepted));
            case GET_EXECUTORS,
                    GET_OPERATIONS,
                    GET_ROLES,
                    GET_WEIGHTS,
                    GET_MAINTENANCE_STATUS,
                    GET_MAINTENANCE_SCHEDULE,
                    GET_QUOTA -> whole(request, accepted, call, answers::ofView);
            case LIST_FILES, READ_FILE -> {
                reads.require(request, Action.ACCESS_MESOS_LOG, "");
                yield reads.run(() -> message(files.answer(call), request, accepted));
            }
            default -> writes.apply(request).answer(call);
        };
    }

    private CompletionStage<HttpResponse> shared(Large large, HttpRequest request, Encoding accepted) {
        ClusterSnapshot view = reads.whole();
        Sight sight = reads.sight(request);
        if (!SeenBy.isWhole(sight)) {
            return reads.run(() -> body(large.write().apply(new SeenBy(sight).snapshot(view)), request, accepted));
        }
        return large.whole().latest().thenCompose(written -> reads.run(() -> body(written.rope(), request, accepted)));
    }

    private CompletionStage<HttpResponse> whole(
            HttpRequest request, Encoding accepted, Call call, BiFunction<Call, Look, Response> answer) {
        ClusterSnapshot view = reads.whole();
        Sight sight = reads.sight(request);
        return reads.run(() -> message(answer.apply(call, Look.at(view, sight)), request, accepted));
    }

    private static HttpResponse message(Message message, HttpRequest request, Encoding accepted) {
        return body(Rope.of(accepted.write(message)), request, accepted);
    }

    private static HttpResponse body(Rope rope, HttpRequest request, Encoding accepted) {
        return Answers.body(rope, ContentTypes.parse(accepted.mediaType()), request);
    }

    private static Encoding contentType(HttpRequest request) {
        ContentType type = request.entity().getContentType();
        boolean absent = type instanceof ContentType.Binary
                && (type.equals(ContentTypes.APPLICATION_OCTET_STREAM) || type.equals(ContentTypes.NO_CONTENT_TYPE));
        // One that cannot be read stays among the headers.
        if (absent && header(request, "Content-Type").isEmpty()) {
            throw ApiFailure.badRequest("Expecting 'Content-Type' to be present");
        }
        return Negotiation.contentType(type.toString())
                .orElseThrow(() -> ApiFailure.of(
                        415, "Content-Type: " + type + " (expected: application/json or application/x-protobuf)"));
    }

    private static Call parse(Encoding encoding, byte[] body) {
        try {
            return encoding.read(body, Call.getDefaultInstance(), Limits.DEFAULT);
        } catch (BadMessageException e) {
            throw ApiFailure.of(e.isTooLarge() ? 413 : 400, "Failed to parse body into Call: " + e.reason());
        }
    }

    /** Source: apache/mesos {@code src/master/validation.cpp}. */
    private static void check(Call call) {
        if (!call.hasType() || call.getType() == Call.Type.UNKNOWN) {
            throw ApiFailure.badRequest(
                    "Failed to validate master::Call: type: missing or not known (expected: a call)");
        }
        String field = call.getType().name().toLowerCase(Locale.ROOT);
        var declared = Call.getDescriptor().findFieldByName(field);
        boolean optional = call.getType() == Call.Type.GET_METRICS || call.getType() == Call.Type.UPDATE_QUOTA;
        if (declared != null && !optional && !call.hasField(declared)) {
            throw ApiFailure.badRequest(
                    "Failed to validate master::Call: " + field + ": missing (expected: to be present)");
        }
    }

    private static Optional<String> header(HttpRequest request, String name) {
        return request.getHeader(name).map(header -> header.value());
    }
}
