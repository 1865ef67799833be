package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.names.Address;
import io.finback.names.BuiltinNamers;
import io.finback.names.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * {@code io.l5d.k8s}: {@code /<namespace>/<port name or number>/<service>[/<label value>]} by the Endpoints of the Kubernetes API, listed and
 * then watched; {@code io.l5d.k8s.ns}: the same with a fixed namespace. A number is a port of the Service, or of its pods. A service that does
 * not exist or has no such port is Neg. Source: linkerd/linkerd namer/k8s.
 */
public final class K8sNamer {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final String base;
    private final Optional<String> namespace;
    private final Optional<String> label;
    private final Streams streams;

    private K8sNamer(String base, Optional<String> namespace, Optional<String> label, Streams streams) {
        this.base = base;
        this.namespace = namespace;
        this.label = label;
        this.streams = streams;
    }

    /**
     * Starts one.
     *
     * @param namespace when it is not part of the path
     * @param label whose value is the last element of the path
     */
    public static NameSource start(
            Path prefix,
            String host,
            int port,
            Optional<String> namespace,
            Optional<String> label,
            Streams streams,
            Changes changes) {
        K8sNamer namer = new K8sNamer(Origin.clear(host, port).base(), namespace, label, streams);
        int elements = (namespace.isPresent() ? 2 : 3) + (label.isPresent() ? 1 : 0);
        return new WatchingNamer(prefix, elements, changes, namer::watch);
    }

    private AutoCloseable watch(Path path, Consumer<Optional<List<Address>>> tell) {
        List<String> elements = path.elements();
        String ns = namespace.orElse(elements.get(0));
        List<String> rest = namespace.isPresent() ? elements : elements.subList(1, elements.size());
        String port = rest.get(0);
        String service = rest.get(1);
        String root = base + "/api/v1/namespaces/" + K8sWatch.encoded(ns);
        String select = "fieldSelector=metadata.name%3D" + K8sWatch.encoded(service)
                + label.map(name -> "&labelSelector=" + K8sWatch.encoded(name) + "%3D" + K8sWatch.encoded(rest.get(2)))
                        .orElse("");
        // Which port of the pods a number means that is a port of the service.
        AtomicReference<JsonNode> mapping = new AtomicReference<>(Json.parse("{}"));
        return K8sWatch.follow(
                streams,
                "k8s " + path.show(),
                () -> BuiltinNamers.isPort(port)
                        ? streams.get(root + "/services/" + K8sWatch.encoded(service), Map.of(), LIMIT)
                                .thenAccept(reply -> mapping.set(service(reply)))
                        : CompletableFuture.completedFuture(null),
                List.of(root + "/endpoints"),
                select,
                new K8sWatch.Listener() {
                    @Override
                    public void listed(JsonNode items) {
                        tell.accept(addresses(items.path(0), port, mapping.get()));
                    }

                    @Override
                    public void changed(String type, JsonNode object) {
                        tell.accept(type.equals("DELETED") ? Optional.empty() : addresses(object, port, mapping.get()));
                    }
                });
    }

    private static JsonNode service(Streams.Reply reply) {
        return switch (reply.status()) {
            case 200 -> Json.parse(reply.text());
            // There is none, or it may not be seen: numbers are ports of pods then.
            case 403, 404 -> Json.parse("{}");
            default -> throw new IllegalStateException("status " + reply.status() + " (expected: 200, 403 or 404)");
        };
    }

    /** The addresses of all subsets that have the port. */
    private static Optional<List<Address>> addresses(JsonNode endpoints, String wanted, JsonNode service) {
        String target = wanted;
        for (JsonNode port : service.path("spec").path("ports")) {
            if (port.path("port").asText().equals(wanted) && port.has("targetPort")) {
                target = port.path("name").asText(port.path("targetPort").asText());
            }
        }
        List<Address> addresses = new ArrayList<>();
        boolean known = false;
        for (JsonNode subset : endpoints.path("subsets")) {
            for (JsonNode port : subset.path("ports")) {
                int number = port.path("port").asInt();
                boolean fits = port.path("name").asText("").equals(target)
                        || Integer.toString(number).equals(target)
                        || Integer.toString(number).equals(wanted);
                if (fits) {
                    known = true;
                    subset.path("addresses")
                            .forEach(address ->
                                    addresses.add(new Address(address.path("ip").asText(), number)
                                            .on(address.path("nodeName").asText(""))));
                }
            }
        }
        return known ? Optional.of(List.copyOf(addresses)) : Optional.empty();
    }
}
