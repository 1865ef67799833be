package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.finback.names.NotYetKnown;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Ingress objects of the Kubernetes API, watched, and which of their backends a request is for. Both shapes of them are read,
 * {@code extensions/v1beta1} as Linkerd does and {@code networking.k8s.io/v1}, whichever the API knows. The last rules stay while the API is
 * away. Thread-safe; answers from memory. Source: linkerd/linkerd k8s, IngressCache.scala.
 */
public final class Ingresses implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Ingresses.class);
    private static final String CLASS = "kubernetes.io/ingress.class";

    /** What a rule leads to. */
    public record Backend(String namespace, String port, String service) {}

    /** Which requests a rule is about; empty host: all. */
    private record Rule(String host, Paths paths, Backend backend) {}

    private interface Paths {
        boolean match(String path);
    }

    private record Ingress(List<Rule> rules, Optional<Backend> fallback) {}

    /**
     * What to take.
     *
     * @param namespace empty: of all namespaces
     * @param ingressClass Ingress objects that say another class are left out, those that say none are not
     * @param ignoreDefaultBackends whether only rules count
     */
    public record Options(
            String host, int port, Optional<String> namespace, String ingressClass, boolean ignoreDefaultBackends) {}

    private final Options options;
    private final Changes changes;
    private volatile @Nullable Map<String, Ingress> known;
    private volatile AutoCloseable watch = () -> {};

    private Ingresses(Options options, Changes changes) {
        this.options = options;
        this.changes = changes;
    }

    public static Ingresses start(Options options, Streams streams, Changes changes) {
        Ingresses ingresses = new Ingresses(options, changes);
        String base = Origin.clear(options.host(), options.port()).base();
        String within = options.namespace()
                .map(namespace -> "/namespaces/" + K8sWatch.encoded(namespace))
                .orElse("");
        ingresses.watch = K8sWatch.follow(
                streams,
                "k8s ingresses",
                List.of(
                        base + "/apis/extensions/v1beta1" + within + "/ingresses",
                        base + "/apis/networking.k8s.io/v1" + within + "/ingresses"),
                "",
                new K8sWatch.Listener() {
                    @Override
                    public void listed(JsonNode items) {
                        Map<String, Ingress> all = new LinkedHashMap<>();
                        items.forEach(item -> ingresses.put(all, item));
                        ingresses.now(all);
                    }

                    @Override
                    public void changed(String type, JsonNode object) {
                        Map<String, Ingress> before = ingresses.known;
                        Map<String, Ingress> all = new LinkedHashMap<>(before == null ? Map.of() : before);
                        // One that has changed goes to the end, as in Linkerd.
                        all.remove(name(object));
                        if (!type.equals("DELETED")) {
                            ingresses.put(all, object);
                        }
                        ingresses.now(all);
                    }
                });
        return ingresses;
    }

    private void now(Map<String, Ingress> all) {
        known = all;
        changes.happened();
    }

    private static String name(JsonNode ingress) {
        JsonNode metadata = ingress.path("metadata");
        return metadata.path("namespace").asText("default") + "/"
                + metadata.path("name").asText("");
    }

    private void put(Map<String, Ingress> all, JsonNode ingress) {
        JsonNode spec = ingress.path("spec");
        String said = ingress.path("metadata")
                .path("annotations")
                .path(CLASS)
                .asText(spec.path("ingressClassName").asText(options.ingressClass()));
        if (!said.equals(options.ingressClass())) {
            return;
        }
        String namespace = ingress.path("metadata").path("namespace").asText("default");
        List<Rule> rules = new ArrayList<>();
        for (JsonNode rule : spec.path("rules")) {
            for (JsonNode path : rule.path("http").path("paths")) {
                backend(namespace, path.path("backend"))
                        .ifPresent(backend ->
                                rules.add(new Rule(rule.path("host").asText(""), paths(name(ingress), path), backend)));
            }
        }
        JsonNode fallback = spec.has("defaultBackend") ? spec.path("defaultBackend") : spec.path("backend");
        all.put(name(ingress), new Ingress(List.copyOf(rules), backend(namespace, fallback)));
    }

    private static Optional<Backend> backend(String namespace, JsonNode backend) {
        JsonNode service = backend.path("service");
        String name = service.path("name").asText(backend.path("serviceName").asText(""));
        JsonNode port = service.path("port");
        String text = port.path("name")
                .asText(port.path("number").asText(backend.path("servicePort").asText("")));
        return name.isEmpty() || text.isEmpty() ? Optional.empty() : Optional.of(new Backend(namespace, text, name));
    }

    /** A {@code path} is a pattern for all of a request's path, unless {@code pathType} says what it is. */
    private static Paths paths(String ingress, JsonNode rule) {
        String text = rule.path("path").asText("");
        if (text.isEmpty()) {
            return path -> true;
        }
        return switch (rule.path("pathType").asText("")) {
            case "Exact" -> text::equals;
            case "Prefix" -> {
                String prefix = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
                yield path -> path.equals(prefix) || path.startsWith(prefix + "/");
            }
            default -> pattern(ingress, text);
        };
    }

    private static Paths pattern(String ingress, String text) {
        try {
            Pattern pattern = Pattern.compile(text);
            // Linkerd's match fails for patterns that have groups.
            boolean usable = pattern.groupCount() == 0;
            return path -> usable && pattern.matches(path);
        } catch (PatternSyntaxException e) {
            log.warn("ingress.path_unreadable ingress={} path={} reason={}", ingress, text, e.getMessage());
            return path -> false;
        }
    }

    /**
     * The backend for a request; empty when no rule matches. Throws {@link NotYetKnown} before the API has answered.
     *
     * @param host as the request says it, a port included; empty: none
     * @param path without a query
     */
    public Optional<Backend> match(String host, String path) {
        Map<String, Ingress> all = known;
        if (all == null) {
            throw new NotYetKnown("the ingresses of " + options.host() + ":" + options.port());
        }
        for (Ingress ingress : all.values()) {
            for (Rule rule : ingress.rules()) {
                if ((rule.host().isEmpty() || rule.host().equals(host))
                        && rule.paths().match(path)) {
                    return Optional.of(rule.backend());
                }
            }
        }
        return options.ignoreDefaultBackends()
                ? Optional.empty()
                : all.values().stream()
                        .flatMap(ingress -> ingress.fallback().stream())
                        .findFirst();
    }

    @Override
    public void close() {
        Streams.close(watch);
    }
}
