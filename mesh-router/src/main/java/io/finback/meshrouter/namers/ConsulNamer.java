package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.names.Address;
import io.finback.names.Path;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * {@code io.l5d.consul}: {@code /<dc or .local>/[tag/]<service>}, each followed by Consul's blocking queries. A service without addresses is
 * Neg. While Consul does not answer, the last addresses stay. Source: linkerd/linkerd namer/consul.
 */
public final class ConsulNamer {
    /** Consul ends a blocking query after 5 minutes and a sixteenth of that. */
    private static final Duration LIMIT = Duration.ofMinutes(6);

    private static final List<String> BY_SEVERITY = List.of("passing", "warning", "critical", "maintenance");

    /**
     * How Consul is asked.
     *
     * @param consistency one of Consul's modes, as they are written in its URLs, or default
     * @param healthStatuses which instances count when {@code useHealthCheck}
     * @param weights by tag; the highest of an instance's tags counts
     */
    public record Options(
            Origin origin,
            boolean includeTag,
            boolean useHealthCheck,
            Set<String> healthStatuses,
            Optional<String> token,
            String consistency,
            boolean preferServiceAddress,
            Map<String, Double> weights) {
        public Options {
            healthStatuses = Set.copyOf(healthStatuses);
            weights = Map.copyOf(weights);
        }
    }

    private final Options options;
    private final Streams streams;

    private ConsulNamer(Options options, Streams streams) {
        this.options = options;
        this.streams = streams;
    }

    public static NameSource start(Path prefix, Options options, Streams streams, Changes changes) {
        ConsulNamer namer = new ConsulNamer(options, streams);
        return new WatchingNamer(prefix, options.includeTag() ? 3 : 2, changes, namer::watch);
    }

    private AutoCloseable watch(Path name, Consumer<Optional<List<Address>>> tell) {
        String service = name.elements().get(name.size() - 1);
        StringBuilder query = new StringBuilder();
        if (!name.elements().get(0).equals(".local")) {
            query.append("&dc=").append(encoded(name.elements().get(0)));
        }
        if (options.includeTag()) {
            query.append("&tag=").append(encoded(name.elements().get(1)));
        }
        if (!options.consistency().equals("default")) {
            query.append('&').append(options.consistency());
        }
        boolean onlyPassing =
                options.useHealthCheck() && options.healthStatuses().equals(Set.of("passing"));
        if (onlyPassing) {
            query.append("&passing=true");
        }
        String target =
                (options.useHealthCheck() ? "/v1/health/service/" : "/v1/catalog/service/") + encoded(service) + "?";
        Map<String, String> headers =
                options.token().map(token -> Map.of("X-Consul-Token", token)).orElse(Map.of());
        long[] index = {0};
        return streams.again("consul " + name.show(), () -> {
            long seen = index[0];
            // Behind a failure Consul answers at once, so that it is known to work again.
            index[0] = 0;
            String blocking = seen > 0 ? "&index=" + seen : "";
            String all = (query + blocking).replaceFirst("^&", "");
            return Streams.then(
                    streams.get(options.origin(), target + all, headers, LIMIT),
                    reply -> take(reply, seen, index, tell));
        });
    }

    private Duration take(Streams.Reply reply, long seen, long[] index, Consumer<Optional<List<Address>>> tell) {
        if (reply.status() == 500 && reply.text().contains("No path to datacenter")) {
            tell.accept(Optional.empty());
            throw new IllegalStateException(reply.text().strip());
        }
        if (reply.status() != 200) {
            throw new IllegalStateException("status " + reply.status() + " (expected: 200)");
        }
        long next = index(reply);
        // Consul's own rule: an index that goes back is void.
        index[0] = next < seen ? 0 : next;
        List<Address> addresses = addresses(Json.parse(reply.text()));
        tell.accept(addresses.isEmpty() ? Optional.empty() : Optional.of(addresses));
        return pause(seen, index[0]);
    }

    /** What to wait behind. */
    static long index(Streams.Reply reply) {
        String index = reply.header("x-consul-index");
        try {
            return Long.parseLong(index);
        } catch (NumberFormatException e) {
            throw new IllegalStateException("consul did not return an index: '" + index + "'", e);
        }
    }

    /** An answer with the index that was waited behind came too early, or after minutes: neither is asked for again at once. */
    static Duration pause(long seen, long next) {
        return next == 0 || next == seen ? Duration.ofSeconds(1) : Duration.ZERO;
    }

    private List<Address> addresses(JsonNode nodes) {
        List<Address> addresses = new ArrayList<>();
        for (JsonNode node : nodes) {
            boolean health = options.useHealthCheck();
            if (health && !options.healthStatuses().contains(worst(node.path("Checks")))) {
                continue;
            }
            JsonNode service = health ? node.path("Service") : node;
            String own = service.path(health ? "Address" : "ServiceAddress").asText("");
            String machine = (health ? node.path("Node") : node).path("Address").asText("");
            String host = options.preferServiceAddress() && !own.isEmpty() ? own : machine;
            int port = service.path(health ? "Port" : "ServicePort").asInt(0);
            if (!host.isEmpty() && port > 0 && port < 65536) {
                addresses.add(new Address(host, port, weight(service.path(health ? "Tags" : "ServiceTags"))));
            }
        }
        return List.copyOf(addresses);
    }

    private double weight(JsonNode tags) {
        double highest = -1;
        for (JsonNode tag : tags) {
            highest = Math.max(highest, options.weights().getOrDefault(tag.asText(), -1.0));
        }
        return highest < 0 ? 1.0 : highest;
    }

    private static String worst(JsonNode checks) {
        int worst = 0;
        for (JsonNode check : checks) {
            boolean maintenance = check.path("CheckID").asText().startsWith("_node_maintenance")
                    || check.path("CheckID").asText().startsWith("_service_maintenance");
            int severity =
                    maintenance ? 3 : BY_SEVERITY.indexOf(check.path("Status").asText());
            worst = Math.max(worst, severity);
        }
        return BY_SEVERITY.get(worst);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.ISO_8859_1).replace("+", "%20");
    }
}
