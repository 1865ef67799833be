package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.names.Address;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A ServerSet as Twitter's commons keep it in ZooKeeper: nodes {@code member_*} with an instance and its endpoints, nodes {@code vector_*}
 * with weights. Source: twitter/finagle serverset2, {@code Entry.scala} and {@code Vector.scala}.
 */
final class Serverset {
    static final String MEMBER = "member_";
    static final String VECTOR = "vector_";

    private Serverset() {}

    /** What one node says; one that cannot be read says nothing. */
    interface Node {}

    private record Endpoint(String host, int port) {}

    /** {@code endpoints}: by name; that of the service itself is empty text. {@code shard}: negative: none. */
    private record Member(String id, long shard, boolean alive, Map<String, Endpoint> endpoints) implements Node {}

    private record Vector(List<Descriptor> descriptors) implements Node {}

    /** {@code kind}: inet, member or shard. */
    private record Descriptor(String kind, String which, double weight) {
        boolean matches(Member member, Endpoint endpoint) {
            return switch (kind) {
                case "inet" -> which.equals(endpoint.host() + ":" + endpoint.port());
                case "member" -> which.equals(member.id());
                case "shard" -> member.shard() >= 0 && which.equals(Long.toString(member.shard()));
                default -> false;
            };
        }
    }

    private record Unreadable() implements Node {}

    /**
     * Which instances a path means.
     *
     * @param endpoint the name of one of their endpoints; empty: the service itself
     * @param shard only those of that number; negative: all
     */
    record Selection(String name, String endpoint, long shard) {
        /**
         * Reads {@code name[:endpoint][#shard]}; empty for what is no such text. Source: twitter/finagle {@code ServersetPath.scala}.
         */
        static Optional<Selection> parse(String element) {
            int colon = element.indexOf(':');
            int sign = element.indexOf('#', Math.max(0, colon));
            String endpoint = colon < 0 ? "" : element.substring(colon + 1, sign < 0 ? element.length() : sign);
            String shard = sign < 0 ? "" : element.substring(sign + 1);
            String name = element.substring(0, colon >= 0 ? colon : sign >= 0 ? sign : element.length());
            boolean odd = name.isEmpty()
                    || name.indexOf('#') >= 0
                    || (colon >= 0 && (endpoint.isEmpty() || endpoint.indexOf(':') >= 0))
                    || (sign >= 0 && !shard.matches("\\d{1,9}"));
            return odd
                    ? Optional.empty()
                    : Optional.of(new Selection(name, endpoint, sign < 0 ? -1 : Long.parseLong(shard)));
        }
    }

    /** What a member that is alive says of itself, as Finagle announces it. */
    static byte[] member(Address address) {
        return ("{\"serviceEndpoint\":{\"host\":\"" + address.host() + "\",\"port\":" + address.port()
                        + "},\"additionalEndpoints\":{},\"status\":\"ALIVE\",\"shard\":0}")
                .getBytes(StandardCharsets.UTF_8);
    }

    static boolean isOne(String node) {
        return node.startsWith(MEMBER) || node.startsWith(VECTOR);
    }

    static Node node(String name, byte[] data) {
        try {
            JsonNode json = Json.parse(new String(data, StandardCharsets.UTF_8));
            return name.startsWith(MEMBER) ? member(name, json) : vector(json);
        } catch (IllegalStateException e) {
            return new Unreadable();
        }
    }

    private static Member member(String name, JsonNode json) {
        Map<String, Endpoint> endpoints = new HashMap<>();
        endpoint(json.path("serviceEndpoint")).ifPresent(found -> endpoints.put("", found));
        json.path("additionalEndpoints").properties().forEach(entry -> endpoint(entry.getValue())
                .ifPresent(found -> endpoints.put(entry.getKey(), found)));
        JsonNode shard = json.path("shard");
        return new Member(
                name,
                shard.isIntegralNumber() ? shard.asLong() : -1,
                json.path("status").asText("").equals("ALIVE"),
                Map.copyOf(endpoints));
    }

    private static Optional<Endpoint> endpoint(JsonNode json) {
        JsonNode host = json.path("host");
        JsonNode port = json.path("port");
        return host.isTextual()
                        && !host.asText().isEmpty()
                        && port.isIntegralNumber()
                        && port.asLong() > 0
                        && port.asLong() < 65_536
                ? Optional.of(new Endpoint(host.asText(), port.asInt()))
                : Optional.empty();
    }

    private static Vector vector(JsonNode json) {
        List<Descriptor> all = new ArrayList<>();
        for (JsonNode descriptor : json.path("vector")) {
            String[] select = descriptor.path("select").asText("").split("=", 2);
            if (select.length == 2) {
                all.add(new Descriptor(
                        select[0], select[1], descriptor.path("weight").asDouble(1.0)));
            }
        }
        return new Vector(all);
    }

    /** The instances that are alive and selected, with the product of all weights that match each; those of a negative one are left out. */
    static List<Address> addresses(List<Node> nodes, Selection selection) {
        List<Address> addresses = new ArrayList<>();
        for (Node node : nodes) {
            if (node instanceof Member member
                    && member.alive()
                    && (selection.shard() < 0 || selection.shard() == member.shard())) {
                Endpoint endpoint = member.endpoints().get(selection.endpoint());
                double weight = endpoint == null ? -1 : weight(nodes, member, endpoint);
                if (endpoint != null && weight >= 0 && !Double.isInfinite(weight)) {
                    addresses.add(new Address(endpoint.host(), endpoint.port(), weight));
                }
            }
        }
        return addresses.stream().distinct().toList();
    }

    private static double weight(List<Node> nodes, Member member, Endpoint endpoint) {
        double weight = 1.0;
        for (Node node : nodes) {
            if (node instanceof Vector vector) {
                for (Descriptor descriptor : vector.descriptors()) {
                    weight *= descriptor.matches(member, endpoint) ? descriptor.weight() : 1.0;
                }
            }
        }
        return weight;
    }
}
