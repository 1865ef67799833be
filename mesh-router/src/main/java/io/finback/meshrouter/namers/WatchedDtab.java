package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.names.Dtab;
import io.finback.names.NotYetKnown;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A dtab that is kept elsewhere and watched: in a ConfigMap of Kubernetes, or in Consul. None there is one that says nothing; one that cannot
 * be read keeps what was known. {@link #get} throws {@link NotYetKnown} before it has been heard. Thread-safe.
 */
public final class WatchedDtab implements Supplier<Dtab>, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WatchedDtab.class);

    /** Consul ends a blocking query after 5 minutes and a sixteenth of that. */
    private static final Duration LIMIT = Duration.ofMinutes(6);

    private final String what;
    private final Changes changes;
    private volatile @Nullable Dtab dtab;
    private volatile AutoCloseable watch = () -> {};

    private WatchedDtab(String what, Changes changes) {
        this.what = what;
        this.changes = changes;
    }

    /**
     * {@code io.l5d.k8s.configMap}. Source: linkerd/linkerd interpreter/k8s.
     *
     * @param name of the ConfigMap
     * @param key of its data
     */
    public static WatchedDtab configMap(
            String host, int port, String namespace, String name, String key, Streams streams, Changes changes) {
        WatchedDtab watched = new WatchedDtab("configMap " + namespace + "/" + name + " " + key, changes);
        watched.watch = K8sWatch.follow(
                streams,
                watched.what,
                List.of(Origin.clear(host, port).base() + "/api/v1/namespaces/" + K8sWatch.encoded(namespace)
                        + "/configmaps"),
                "fieldSelector=metadata.name%3D" + K8sWatch.encoded(name),
                new K8sWatch.Listener() {
                    @Override
                    public void listed(JsonNode items) {
                        watched.heard(items.path(0).path("data").path(key).asText(""));
                    }

                    @Override
                    public void changed(String type, JsonNode object) {
                        watched.heard(
                                type.equals("DELETED")
                                        ? ""
                                        : object.path("data").path(key).asText(""));
                    }
                });
        return watched;
    }

    /**
     * Where in Consul a dtab is.
     *
     * @param key such as {@code namerd/dtabs/default}
     * @param consistency one of Consul's modes, as they are written in its URLs, or default
     * @param backoff pauses behind failures
     */
    public record ConsulKey(
            Origin origin,
            String key,
            Optional<String> token,
            Optional<String> datacenter,
            String consistency,
            Backoff backoff) {}

    /** {@code io.l5d.consul.interpreter}, by Consul's blocking queries. Source: linkerd/linkerd interpreter/consul. */
    public static WatchedDtab consul(ConsulKey at, Streams streams, Changes changes) {
        WatchedDtab watched = new WatchedDtab("consul key " + at.key(), changes);
        String target = "/v1/kv/" + at.key() + "?raw=true"
                + at.datacenter().map(dc -> "&dc=" + K8sWatch.encoded(dc)).orElse("")
                + (at.consistency().equals("default") ? "" : "&" + at.consistency());
        Map<String, String> headers =
                at.token().map(token -> Map.of("X-Consul-Token", token)).orElse(Map.of());
        long[] index = {0};
        watched.watch = streams.again(watched.what, at.backoff(), works -> {
            long seen = index[0];
            // Behind a failure Consul answers at once, so that it is known to work again.
            index[0] = 0;
            String blocking = seen > 0 ? "&index=" + seen : "";
            return Streams.then(streams.get(at.origin(), target + blocking, headers, LIMIT), reply -> {
                if (reply.status() != 200 && reply.status() != 404) {
                    throw new IllegalStateException("status " + reply.status() + " (expected: 200)");
                }
                long next = ConsulNamer.index(reply);
                // Consul's own rule: an index that goes back is void.
                index[0] = next < seen ? 0 : next;
                watched.heard(reply.status() == 404 ? "" : reply.text());
                works.run();
                return ConsulNamer.pause(seen, index[0]);
            });
        });
        return watched;
    }

    private void heard(String text) {
        Dtab now;
        try {
            now = Dtab.parse(text);
        } catch (IllegalArgumentException e) {
            log.warn("interpreter.dtab_unreadable what={} reason={} next=keep_what_is_known", what, e.getMessage());
            return;
        }
        if (!now.equals(dtab)) {
            dtab = now;
            changes.happened();
        }
    }

    @Override
    public Dtab get() {
        Dtab known = dtab;
        if (known == null) {
            throw new NotYetKnown(what);
        }
        return known;
    }

    @Override
    public void close() {
        Streams.close(watch);
    }
}
