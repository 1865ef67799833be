package io.finback.meshrouter.router;

import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.names.NameSyntaxException;
import io.finback.names.Path;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finback's identifier and Linkerd's. Source: linkerd/linkerd router/http, the classes that end in Identifier. */
public final class Identifiers {
    private static final Path SVC = Path.of("svc");

    private Identifiers() {}

    /**
     * {@code l5d-name} (a path; {@code /svc} may be left out), else {@code Host} without its port and in small letters: {@code
     * /svc/<host>}, and for a host with dots also its labels in reverse, so that {@code api.shop} finds the app {@code /shop/api}.
     */
    public static Identifier finback() {
        return new Finback();
    }

    /** {@code io.l5d.header.token}: {@code prefix/<value of the header>}, the value as it is, a port in it included. */
    public static Identifier headerToken(Path prefix, String header) {
        return new Simple(header + " header") {
            @Override
            public @Nullable String key(RequestHead head) {
                String value = head.header(header);
                return value == null || value.isEmpty() ? null : value;
            }

            @Override
            Path path(String key) {
                return prefix.concat(Path.of(key));
            }
        };
    }

    /** {@code io.l5d.header}: {@code prefix} and the path that the header holds. */
    public static Identifier header(Path prefix, String header) {
        return new Simple(header + " header with a path") {
            @Override
            public @Nullable String key(RequestHead head) {
                String value = head.header(header);
                return value == null || value.isEmpty() ? null : value.trim();
            }

            @Override
            Path path(String key) {
                return prefix.concat(Path.parse(key));
            }
        };
    }

    /**
     * {@code io.l5d.methodAndHost}: {@code prefix/1.1/<method>/<host>}, or {@code prefix/1.0/<method>} for HTTP/1.0; the host in small
     * letters, as it is otherwise.
     *
     * @param uriInDst whether the elements of the target's path follow
     */
    public static Identifier methodAndHost(Path prefix, boolean uriInDst) {
        return new Simple("Host header") {
            @Override
            public @Nullable String key(RequestHead head) {
                boolean old = head.version().equals("1.0");
                String host = head.header(HttpHeaderNames.HOST);
                if (!old && (host == null || host.isEmpty())) {
                    return null;
                }
                String method = head.method();
                String name =
                        old || host == null ? "1.0 " + method : "1.1 " + method + ' ' + host.toLowerCase(Locale.ROOT);
                return uriInDst ? name + ' ' + pathOf(head.target()) : name;
            }

            @Override
            Path path(String key) {
                Path path = prefix;
                String[] words = key.split(" ", -1);
                for (int i = 0; i < words.length; i++) {
                    path = uriInDst && i == words.length - 1
                            ? path.concat(segments(words[i], Integer.MAX_VALUE))
                            : path.concat(Path.of(words[i]));
                }
                return path;
            }
        };
    }

    /**
     * {@code io.l5d.path}: {@code prefix} and the first elements of the target's path.
     *
     * @param count how many elements, at least 1
     * @param consume whether the instance gets the target without them
     */
    public static Identifier path(Path prefix, int count, boolean consume) {
        return new Simple("target path with at least " + count + " elements") {
            @Override
            public @Nullable String key(RequestHead head) {
                int end = endOf(head.target(), count);
                return end < 0 ? null : head.target().substring(0, end);
            }

            @Override
            Path path(String key) {
                return prefix.concat(segments(key, count));
            }

            @Override
            public void forward(RequestHead head) {
                if (consume) {
                    String rest = head.target().substring(endOf(head.target(), count));
                    head.retarget(rest.startsWith("/") ? rest : "/" + rest);
                }
            }
        };
    }

    /** {@code io.l5d.static}: always {@code prefix} and {@code path}. */
    public static Identifier fixed(Path prefix, Path path) {
        return new Simple("") {
            @Override
            public String key(RequestHead head) {
                return "";
            }

            @Override
            Path path(String key) {
                return prefix.concat(path);
            }
        };
    }

    /**
     * Mux's and Thrift's: {@code prefix} and the destination that the call itself names.
     *
     * @param method whether the method's name follows; of multiplexed services it is two elements, service and method
     */
    public static Identifier named(Path prefix, boolean method) {
        return new Simple("a destination") {
            @Override
            public String key(RequestHead head) {
                return method ? head.destination() + '\n' + head.method() : head.destination();
            }

            @Override
            Path path(String key) {
                int end = key.indexOf('\n');
                String destination = end < 0 ? key : key.substring(0, end);
                Path path = destination.isEmpty() ? prefix : prefix.concat(Path.parse(destination));
                return end < 0
                        ? path
                        : path.concat(Path.of(key.substring(end + 1).split(":", 2)));
            }
        };
    }

    /** One name per key. */
    private abstract static class Simple implements Identifier {
        private final String expectation;

        Simple(String expectation) {
            this.expectation = expectation;
        }

        abstract Path path(String key);

        @Override
        public List<Candidate> candidates(String key) {
            return List.of(new Candidate(path(key), false));
        }

        @Override
        public String expectation() {
            return expectation;
        }
    }

    static String pathOf(String uri) {
        for (int i = 0; i < uri.length(); i++) {
            char c = uri.charAt(i);
            if (c == '?' || c == '#') {
                return uri.substring(0, i);
            }
        }
        return uri;
    }

    /** Where the {@code count}th element of a target's path ends; -1 if it has fewer. Empty elements do not count. */
    static int endOf(String uri, int count) {
        int found = 0;
        int i = 0;
        while (i < uri.length() && uri.charAt(i) != '?' && uri.charAt(i) != '#') {
            if (uri.charAt(i) == '/') {
                i++;
                continue;
            }
            while (i < uri.length() && "/?#".indexOf(uri.charAt(i)) < 0) {
                i++;
            }
            found++;
            if (found == count) {
                return i;
            }
        }
        return -1;
    }

    private static Path segments(String path, int most) {
        List<String> elements = new ArrayList<>();
        for (String element : path.split("/", -1)) {
            if (!element.isEmpty() && elements.size() < most) {
                elements.add(element);
            }
        }
        return Path.of(elements.toArray(new String[0]));
    }

    private static final class Finback implements Identifier {
        @Override
        public @Nullable String key(RequestHead head) {
            String name = head.header(LinkerdHeaders.NAME);
            if (name != null && !name.isBlank()) {
                return name.trim();
            }
            String host = head.header(HttpHeaderNames.HOST);
            if (host == null || host.isBlank()) {
                return null;
            }
            return withoutPort(host.trim()).toLowerCase(Locale.ROOT);
        }

        /** Throws {@link NameSyntaxException} for a bad path, IllegalArgumentException for a bad host. */
        @Override
        public List<Candidate> candidates(String token) {
            if (token.startsWith("/")) {
                Path path = Path.parse(token);
                return List.of(new Candidate(path.startsWith(SVC) ? path : SVC.concat(path), false));
            }
            if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c >= 0x7f || "/\\?#@".indexOf(c) >= 0)) {
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

        @Override
        public String expectation() {
            return "Host or l5d-name header";
        }
    }

    /** {@code host}, {@code host:port}, {@code [::1]:port} without the port. */
    static String withoutPort(String host) {
        int colon = host.lastIndexOf(':');
        int bracket = host.lastIndexOf(']');
        boolean bareIpv6 = bracket < 0 && colon >= 0 && host.indexOf(':') != colon;
        return colon > bracket && !bareIpv6 ? host.substring(0, colon) : host;
    }
}
