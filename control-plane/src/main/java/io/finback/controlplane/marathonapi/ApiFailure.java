package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** An answer that is no success, found while a request is read: status and body. Never leaves the room; carries no stack trace. */
final class ApiFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final transient ObjectNode body;
    private final transient Optional<String> allow;

    ApiFailure(int status, ObjectNode body) {
        this(status, body, Optional.empty());
    }

    private ApiFailure(int status, ObjectNode body, Optional<String> allow) {
        super(body.path("message").asText(), null, false, false);
        this.status = status;
        this.body = body;
        this.allow = allow;
    }

    /** The same with the methods that would do. */
    ApiFailure allowing(String methods) {
        return new ApiFailure(status, body, Optional.of(methods));
    }

    /** {@code details} is always an array: clients decode it as one. */
    static ApiFailure of(int status, String message) {
        return new ApiFailure(status, Json.object().put("message", message));
    }

    /** The same with every path of {@code details} seen from outside: the body was part of a larger one, at {@code place}. */
    ApiFailure below(String place) {
        ObjectNode moved = body.deepCopy();
        moved.path("details").forEach(detail -> {
            String path = detail.path("path").asText();
            ((ObjectNode) detail).put("path", path.equals("/") ? place : place + path);
        });
        return new ApiFailure(status, moved, allow);
    }

    static ApiFailure badJson(String why) {
        ObjectNode body = Json.object().put("message", "Invalid JSON");
        body.putArray("details").addObject().put("path", "/").putArray("errors").add(why);
        return new ApiFailure(400, body);
    }

    static ApiFailure rule(String path, String why) {
        ObjectNode body = Json.object().put("message", "Object is not valid");
        body.putArray("details")
                .addObject()
                .put("path", path)
                .putArray("errors")
                .add(why);
        return new ApiFailure(422, body);
    }

    static ApiFailure noApp(String id) {
        return of(404, "App '" + id + "' does not exist");
    }

    int status() {
        return status;
    }

    Optional<String> allow() {
        return allow;
    }

    ObjectNode body() {
        return body;
    }
}
