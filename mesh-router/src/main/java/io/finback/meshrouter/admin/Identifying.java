package io.finback.meshrouter.admin;

import akka.http.javadsl.model.Query;
import io.finback.meshrouter.router.Identifier;
import io.finback.meshrouter.router.RunningRouter;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.names.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which name a request would get, without making it: {@code /identifier?method=&uri=&host=&header=Name:value&dest=}. Answers for each
 * router, as Linkerd's {@code httpIdentifierPort} does.
 */
final class Identifying {
    private Identifying() {}

    private record Asked(String method, String uri, Map<String, String> headers, String destination)
            implements RequestHead {
        @Override
        public String target() {
            return uri;
        }

        @Override
        public void retarget(String target) {
            throw new IllegalStateException("nobody forwards this");
        }

        @Override
        public String version() {
            return "1.1";
        }

        @Override
        public @Nullable String header(CharSequence name) {
            return headers.get(name.toString().toLowerCase(Locale.ROOT));
        }

        @Override
        public String localDtab() {
            return "";
        }
    }

    /** By router: {@code paths}, the names in the order they are tried; and by which {@code identifier}, or why none. */
    static Map<String, Object> show(AdminParts parts, Query query) {
        Map<String, String> headers = new TreeMap<>();
        query.get("host").ifPresent(host -> {
            headers.put("host", host);
            headers.put(":authority", host);
        });
        query.toList().stream().filter(pair -> pair.first().equals("header")).forEach(pair -> {
            int colon = pair.second().indexOf(':', 1);
            if (colon < 0) {
                throw new IllegalArgumentException("header: '" + pair.second() + "' (expected: Name: value)");
            }
            headers.put(
                    pair.second().substring(0, colon).trim().toLowerCase(Locale.ROOT),
                    pair.second().substring(colon + 1).trim());
        });
        Asked asked = new Asked(
                query.get("method").orElse("GET"),
                query.get("uri").orElse("/"),
                headers,
                query.get("dest").orElse(""));
        Map<String, Object> out = new LinkedHashMap<>();
        parts.routers().forEach(running -> out.put(running.label(), by(running, asked)));
        return out;
    }

    private static Map<String, Object> by(RunningRouter running, Asked asked) {
        Map<String, Object> out = new LinkedHashMap<>();
        List<Identifier> identifiers = running.router().spec().identifiers();
        for (int i = 0; i < identifiers.size(); i++) {
            String key = identifiers.get(i).key(asked);
            if (key == null) {
                continue;
            }
            out.put("identifier", i);
            try {
                out.put(
                        "paths",
                        identifiers.get(i).candidates(key).stream()
                                .map(Identifier.Candidate::path)
                                .map(Path::show)
                                .toList());
            } catch (IllegalArgumentException e) {
                out.put("error", String.valueOf(e.getMessage()));
            }
            return out;
        }
        out.put("paths", List.of());
        out.put(
                "error",
                "none of its identifiers knows it: without "
                        + String.join(
                                ", or ",
                                identifiers.stream()
                                        .map(Identifier::expectation)
                                        .toList()));
        return out;
    }
}
