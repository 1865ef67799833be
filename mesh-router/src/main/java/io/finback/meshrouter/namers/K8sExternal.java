package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.names.Address;
import io.finback.names.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * {@code io.l5d.k8s.external}: {@code /<namespace>/<port name or number>/<service>[/<label value>]} by the load balancer that the Kubernetes API
 * names for a Service. One without a load balancer, or without such a port, is Neg. Source: linkerd/linkerd k8s, ServiceNamer.scala.
 */
public final class K8sExternal {
    private final String base;
    private final Optional<String> label;
    private final Streams streams;

    private K8sExternal(String base, Optional<String> label, Streams streams) {
        this.base = base;
        this.label = label;
        this.streams = streams;
    }

    /** {@code label}: whose value is the last element of the path. */
    public static NameSource start(
            Path prefix, String host, int port, Optional<String> label, Streams streams, Changes changes) {
        K8sExternal namer = new K8sExternal(Origin.clear(host, port).base(), label, streams);
        return new WatchingNamer(prefix, label.isPresent() ? 4 : 3, changes, namer::watch);
    }

    private AutoCloseable watch(Path path, Consumer<Optional<List<Address>>> tell) {
        List<String> elements = path.elements();
        String namespace = elements.get(0).toLowerCase(Locale.ROOT);
        String port = elements.get(1).toLowerCase(Locale.ROOT);
        String service = elements.get(2).toLowerCase(Locale.ROOT);
        String select = "fieldSelector=metadata.name%3D" + K8sWatch.encoded(service)
                + label.map(name ->
                                "&labelSelector=" + K8sWatch.encoded(name) + "%3D" + K8sWatch.encoded(elements.get(3)))
                        .orElse("");
        return K8sWatch.follow(
                streams,
                "k8s external " + path.show(),
                List.of(base + "/api/v1/namespaces/" + K8sWatch.encoded(namespace) + "/services"),
                select,
                new K8sWatch.Listener() {
                    @Override
                    public void listed(JsonNode items) {
                        tell.accept(addresses(items.path(0), port));
                    }

                    @Override
                    public void changed(String type, JsonNode object) {
                        tell.accept(type.equals("DELETED") ? Optional.empty() : addresses(object, port));
                    }
                });
    }

    private static Optional<List<Address>> addresses(JsonNode service, String wanted) {
        List<Address> addresses = new ArrayList<>();
        for (JsonNode port : service.path("spec").path("ports")) {
            int number = port.path("port").asInt();
            boolean fits = port.path("name").asText("").equals(wanted)
                    || Integer.toString(number).equals(wanted);
            for (JsonNode ingress : service.path("status").path("loadBalancer").path("ingress")) {
                String host = ingress.path("hostname").asText(ingress.path("ip").asText(""));
                if (fits && !host.isEmpty() && number > 0 && number < 65_536) {
                    addresses.add(new Address(host, number));
                }
            }
        }
        return addresses.isEmpty()
                ? Optional.empty()
                : Optional.of(addresses.stream().distinct().toList());
    }
}
