package io.finback.security;

import akka.http.javadsl.model.HttpRequest;
import akka.http.scaladsl.model.IllegalUriException;
import io.finback.security.Guard.Door;
import java.util.Locale;
import java.util.Optional;

/**
 * What another site makes a browser do, with the credentials the browser keeps or merely from where it stands. Browsers say where a request
 * comes from in {@code Sec-Fetch-Site} (to HTTPS and to the same machine) or in {@code Origin} (with every change another site asks for);
 * other clients say nothing, and are not meant. Source: Fetch Standard; W3C Fetch Metadata Request Headers.
 */
final class Foreign {
    private Foreign() {}

    /** Why this request is refused; empty: it is not. */
    static Optional<String> problem(Door door, HttpRequest request) {
        if (door == Door.WRITE || door == Door.FRAMEWORK || door == Door.MEMBERS) {
            return isForeign(request)
                    ? Optional.of(
                            "a page of another site asked for this change (expected: one of this port, or no browser)")
                    : Optional.empty();
        }
        // A script element of any site reads such an answer; only a browser that keeps credentials sends them with it.
        boolean readable =
                door == Door.READ && request.getHeader("Authorization").isPresent() && asksForScript(request);
        return readable
                ? Optional.of("jsonp with credentials could be read by any site (expected: without jsonp)")
                : Optional.empty();
    }

    private static boolean asksForScript(HttpRequest request) {
        try {
            return request.getUri().query().get("jsonp").isPresent();
        } catch (IllegalUriException e) {
            // Whoever answers will say what is wrong with it.
            return false;
        }
    }

    private static boolean isForeign(HttpRequest request) {
        Optional<String> site = value(request, "Sec-Fetch-Site");
        if (site.isPresent()) {
            return !site.get().equals("same-origin") && !site.get().equals("none");
        }
        Optional<String> origin = value(request, "Origin");
        if (origin.isEmpty()) {
            return false;
        }
        int scheme = origin.get().indexOf("://");
        String host = value(request, "Host").orElse("");
        return scheme < 0
                || host.isEmpty()
                || !origin.get().substring(scheme + 3).equals(host);
    }

    private static Optional<String> value(HttpRequest request, String name) {
        return request.getHeader(name).map(header -> header.value().strip().toLowerCase(Locale.ROOT));
    }
}
