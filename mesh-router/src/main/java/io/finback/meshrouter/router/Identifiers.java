package io.finback.meshrouter.router;

import io.finback.meshrouter.names.NameSyntaxException;
import io.finback.meshrouter.names.Path;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Which names a request may mean: {@code l5d-name} (a path; {@code /svc} may be left out), else {@code Host} without its port and in
 * small letters: {@code /svc/<host>}, and for a host with dots also its labels in reverse, so that {@code api.shop} finds the app
 * {@code /shop/api}.
 */
final class Identifiers {
    private static final Path SVC = Path.of("svc");

    private Identifiers() {}

    /**
     * A name to try.
     *
     * @param whole whether the name must be used up by what it is bound to: a guess must not end up at a shorter name
     */
    record Candidate(Path path, boolean whole) {}

    /** What identifies the request, as one short text; empty if nothing does. Equal texts mean equal candidates. */
    static String token(HttpHeaders headers) {
        String name = headers.get("l5d-name");
        if (name != null && !name.isBlank()) {
            return name.trim();
        }
        String host = headers.get(HttpHeaderNames.HOST);
        return host == null ? "" : withoutPort(host.trim()).toLowerCase(Locale.ROOT);
    }

    /** Candidates in the order to try. Throws {@link NameSyntaxException} for a bad path, IllegalArgumentException for a bad host. */
    static List<Candidate> candidates(String token) {
        if (token.startsWith("/")) {
            Path path = Path.parse(token);
            return List.of(new Candidate(path.startsWith(SVC) ? path : SVC.concat(path), false));
        }
        if (token.chars().anyMatch(c -> c <= ' ' || c >= 0x7f || "/\\?#@".indexOf(c) >= 0)) {
            throw new IllegalArgumentException("Host: not a host name (expected: letters, digits, '.', '-', '_')");
        }
        List<Candidate> candidates = new ArrayList<>(2);
        candidates.add(new Candidate(SVC.concat(Path.of(token)), false));
        List<String> labels = new ArrayList<>(List.of(token.split("\\.", -1)));
        if (labels.size() > 1 && labels.stream().noneMatch(String::isEmpty)) {
            Collections.reverse(labels);
            candidates.add(new Candidate(SVC.concat(Path.of(labels.toArray(new String[0]))), true));
        }
        return candidates;
    }

    /** {@code host}, {@code host:port}, {@code [::1]:port} without the port. */
    static String withoutPort(String host) {
        int colon = host.lastIndexOf(':');
        int bracket = host.lastIndexOf(']');
        boolean bareIpv6 = bracket < 0 && colon >= 0 && host.indexOf(':') != colon;
        return colon > bracket && !bareIpv6 ? host.substring(0, colon) : host;
    }
}
