package io.finback.controlplane.marathonapi;

import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.scheduler.AppPath;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request as the handlers see it.
 *
 * @param method {@code HEAD} is told as {@code GET}
 * @param path decoded segments, none empty: doubled slashes and {@code %2F} make no difference
 * @param query every value of every parameter
 * @param origin how the client called this server, such as {@code http://master:8080}
 * @param accept the Accept header, empty if none
 * @param head it was {@code HEAD}
 * @param clientIp where the connection comes from
 */
record Request(
        String method,
        List<String> path,
        Map<String, List<String>> query,
        String origin,
        String accept,
        String clientIp,
        boolean head,
        ByteString body) {

    /** Only {@code true} in any case is true: clients send {@code True}. */
    boolean flag(String name, boolean otherwise) {
        return first(name).map(v -> v.isEmpty() || v.equalsIgnoreCase("true")).orElse(otherwise);
    }

    Optional<String> first(String name) {
        List<String> values = query.getOrDefault(name, List.of());
        return values.isEmpty() ? Optional.empty() : Optional.of(values.get(0));
    }

    JsonNode json() {
        return Json.parse(body.toArrayUnsafe());
    }

    /** The app id in segments {@code from} (inclusive) to {@code to} (exclusive). */
    String appId(int from, int to) {
        return AppPath.absolute(String.join("/", path.subList(from, to)));
    }
}
