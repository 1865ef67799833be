package io.finback.meshrouter.router;

import io.finback.meshrouter.namers.Ingresses;
import io.finback.meshrouter.namers.Ingresses.Backend;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code io.l5d.ingress}: {@code prefix/<namespace>/<port>/<service>} by the rules of Kubernetes' Ingress objects. Requests wait until those
 * are known. Source: linkerd/linkerd protocol/http, IngressIdentifier.scala.
 *
 * @param host the header with the request's host
 */
public record IngressIdentifier(Path prefix, String host, Ingresses ingresses) implements Identifier {
    /** Before keys of requests that came before the rules; no namespace begins so. */
    private static final char UNKNOWN = '?';

    @Override
    public @Nullable String key(RequestHead head) {
        String said = head.header(host);
        String name = said == null ? "" : said;
        String path = Identifiers.pathOf(head.target());
        try {
            return ingresses.match(name, path).map(IngressIdentifier::key).orElse(null);
        } catch (NotYetKnown e) {
            return UNKNOWN + name + '\n' + path;
        }
    }

    private static String key(Backend backend) {
        return backend.namespace() + '\n' + backend.port() + '\n' + backend.service();
    }

    @Override
    public List<Candidate> candidates(String key) {
        String found = key;
        if (key.charAt(0) == UNKNOWN) {
            int end = key.indexOf('\n');
            Optional<Backend> backend = ingresses.match(key.substring(1, end), key.substring(end + 1));
            found = backend.map(IngressIdentifier::key)
                    .orElseThrow(() -> new IllegalArgumentException("Unknown destination: no " + expectation()));
        }
        return List.of(new Candidate(prefix.concat(Path.of(found.split("\n", -1))), false));
    }

    @Override
    public String expectation() {
        return "ingress rule that matches";
    }
}
