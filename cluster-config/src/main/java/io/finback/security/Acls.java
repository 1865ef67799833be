package io.finback.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who may do what to which objects, in the form of Mesos' {@code --acls}. For an action its entries are compared in order; the first that
 * is about this principal and this object decides; if none is, {@code permissive} (true unless said) does. An action that is not enforced
 * here is refused by name when the file is read: a rule that does nothing would be worse than none. Immutable, pure.
 */
public final class Acls {
    /** Nothing is refused. */
    public static final Acls PERMISSIVE = new Acls(true, Map.of());

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final boolean permissive;
    private final Map<Action, List<Entry>> entries;

    private Acls(boolean permissive, Map<Action, List<Entry>> entries) {
        this.permissive = permissive;
        this.entries = entries;
    }

    private record Entry(Entity principals, Entity objects) {
        boolean isAbout(Optional<Principal> principal) {
            return principal
                    .map(one -> principals.isAbout(one.name()))
                    .orElseGet(() -> principals.type() != Entity.Type.SOME);
        }

        boolean allows() {
            return principals.allows() && objects.allows();
        }
    }

    /** Some names, or all, or none. A name that ends in {@code /%} is every name below. */
    private record Entity(Type type, Set<String> names) {
        enum Type {
            SOME,
            ANY,
            NONE
        }

        /** Whether an entry with this is about {@code name}; one of none is about everybody: it is how all are refused. */
        boolean isAbout(String name) {
            return type != Type.SOME || names.stream().anyMatch(one -> covers(one, name));
        }

        boolean allows() {
            return type != Type.NONE;
        }

        private static boolean covers(String pattern, String name) {
            return pattern.endsWith("/%")
                    ? name.startsWith(pattern.substring(0, pattern.length() - 1)) && name.length() >= pattern.length()
                    : pattern.equals(name);
        }
    }

    /** Throws {@link IllegalArgumentException} with the place and what was expected there. */
    public static Acls parse(String text) {
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "no JSON at line " + e.getLocation().getLineNr() + " (expected: an object with lists of ACLs)", e);
        }
        if (!root.isObject()) {
            throw new IllegalArgumentException("no object (expected: an object with lists of ACLs)");
        }
        boolean permissive = true;
        Map<Action, List<Entry>> entries = new EnumMap<>(Action.class);
        for (Map.Entry<String, JsonNode> field : root.properties()) {
            if (field.getKey().equals("permissive")) {
                if (!field.getValue().isBoolean()) {
                    throw new IllegalArgumentException(
                            "permissive: " + field.getValue() + " (expected: true or false)");
                }
                permissive = field.getValue().asBoolean();
                continue;
            }
            Action action = Action.of(field.getKey())
                    .orElseThrow(() -> new IllegalArgumentException(notEnforced(field.getKey())));
            entries.put(action, entries(action, field.getValue()));
        }
        return new Acls(permissive, entries);
    }

    private static String notEnforced(String key) {
        String instead = key.equals("register_agents")
                ? "; who may be an agent says its certificate: finback.tls.remoting, docs/security.md"
                : "";
        return key + ": not enforced here (expected: permissive, "
                + Stream.of(Action.values()).map(Action::key).collect(Collectors.joining(", ")) + instead + ")";
    }

    private static List<Entry> entries(Action action, JsonNode list) {
        if (!list.isArray()) {
            throw new IllegalArgumentException(action.key() + ": " + list.getNodeType() + " (expected: a list)");
        }
        List<Entry> entries = new ArrayList<>();
        for (JsonNode node : list) {
            String at = action.key() + "[" + entries.size() + "]";
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                String name = field.getKey();
                if (!name.equals("principals") && !name.equals(action.objects())) {
                    throw new IllegalArgumentException(
                            at + "." + name + ": not known (expected: principals, " + action.objects() + ")");
                }
            }
            entries.add(new Entry(
                    entity(at + ".principals", node.path("principals")),
                    entity(at + "." + action.objects(), node.path(action.objects()))));
        }
        return List.copyOf(entries);
    }

    private static Entity entity(String at, JsonNode node) {
        if (!node.isObject()) {
            throw new IllegalArgumentException(
                    at + ": missing (expected: {\"values\":[…]} or {\"type\":\"ANY\"|\"NONE\"})");
        }
        String type = node.path("type").asText("SOME");
        if (!Set.of("SOME", "ANY", "NONE").contains(type)) {
            throw new IllegalArgumentException(at + ".type: " + type + " (expected: SOME, ANY or NONE)");
        }
        List<String> names = new ArrayList<>();
        node.path("values").forEach(value -> names.add(value.asText()));
        if (type.equals("SOME") == names.isEmpty()) {
            throw new IllegalArgumentException(at + ".values: " + names.size() + " with type " + type
                    + " (expected: some with SOME, none with others)");
        }
        return new Entity(Entity.Type.valueOf(type), Set.copyOf(names));
    }

    /**
     * Whether {@code principal} may do that to {@code object}. Nobody (empty) is about what {@code ANY} says, and about nothing with names.
     *
     * @param object as the action's objects are written: a role, a user, a path…
     */
    public boolean allows(Optional<Principal> principal, Action action, String object) {
        for (Entry entry : entries.getOrDefault(action, List.of())) {
            if (entry.isAbout(principal) && entry.objects().isAbout(object)) {
                return entry.allows();
            }
        }
        return permissive;
    }

    /** Whether an entry says that {@code principal} may; what no entry is about is refused, {@code permissive} or not. */
    public boolean grants(Optional<Principal> principal, Action action, String object) {
        return entries.getOrDefault(action, List.of()).stream()
                .filter(entry -> entry.isAbout(principal) && entry.objects().isAbout(object))
                .findFirst()
                .map(Entry::allows)
                .orElse(false);
    }

    /** Whether {@code principal} may do that to everything, whatever its name. False where that cannot be told without a name. */
    public boolean allowsAll(Optional<Principal> principal, Action action) {
        for (Entry entry : entries.getOrDefault(action, List.of())) {
            if (entry.isAbout(principal)) {
                if (!entry.allows()) {
                    return false;
                }
                if (entry.objects().type() == Entity.Type.ANY) {
                    return true;
                }
            }
        }
        return permissive;
    }
}
