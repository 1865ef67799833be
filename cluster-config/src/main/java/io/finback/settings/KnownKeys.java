package io.finback.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import io.finback.runtime.StartFailure;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The keys that exist, as every {@code reference.conf} together spells them out, and the type each has there. Keys are without the
 * leading {@code finback.}. Immutable.
 */
final class KnownKeys {
    /** A variable this close to a real one is a slip of the hand; farther ones are somebody else's. */
    private static final int NEAR_VARIABLE = 2;

    private final Map<String, ConfigValue> values;

    private KnownKeys(Map<String, ConfigValue> values) {
        this.values = values;
    }

    /** {@code reference} is the tree under {@code finback}. */
    static KnownKeys of(Config reference) {
        Map<String, ConfigValue> values = new TreeMap<>();
        collect("", reference.root(), values);
        return new KnownKeys(values);
    }

    private static void collect(String prefix, ConfigObject object, Map<String, ConfigValue> values) {
        object.forEach((name, value) -> {
            String key = prefix + ConfigUtil.joinPath(name);
            if (value instanceof ConfigObject inner && !inner.isEmpty()) {
                collect(key + ".", inner, values);
            } else {
                values.put(key, value);
            }
        });
    }

    Optional<String> ofVariable(String variable) {
        return values.keySet().stream()
                .filter(key -> variable(key).equals(variable))
                .findFirst();
    }

    Optional<String> nearestVariable(String variable) {
        return nearest(
                        variable,
                        values.keySet().stream().map(KnownKeys::variable).toList())
                .filter(near -> distance(variable, near) <= NEAR_VARIABLE);
    }

    /** {@code cluster.seeds} is {@code FINBACK_CLUSTER_SEEDS}. */
    static String variable(String key) {
        return "FINBACK_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /** Reads text as the type {@code key} has: lists separated by commas, lists and objects as HOCON, all else as it is. */
    ConfigValue value(String key, String text, String origin) {
        ConfigValue reference = values.get(key);
        boolean list = reference != null && reference.valueType() == ConfigValueType.LIST;
        try {
            if ((text.startsWith("[") && list) || (text.startsWith("{") && isObject(key, reference))) {
                return NodeConfig.parseValue(text, origin);
            }
        } catch (ConfigException e) {
            throw new StartFailure("finback." + key + ": " + text + " (expected: HOCON), set by " + origin, e);
        }
        return list ? NodeConfig.listOf(text, origin) : ConfigValueFactory.fromAnyRef(text, origin);
    }

    private boolean isObject(String key, @Nullable ConfigValue reference) {
        return reference instanceof ConfigObject
                || values.keySet().stream().anyMatch(known -> known.startsWith(key + "."));
    }

    /** Throws {@link StartFailure} at the first key of {@code said} that is unknown or has another type in {@code whole}. */
    void check(Config said, Config whole) {
        if (said.root().containsKey("finback")) {
            if (!(said.root().get("finback") instanceof ConfigObject object)) {
                throw new StartFailure("finback: " + said.root().get("finback").render() + " (expected: an object)");
            }
            check("", object, whole);
        }
    }

    private void check(String prefix, ConfigObject object, Config whole) {
        object.forEach((name, value) -> {
            String key = prefix + ConfigUtil.joinPath(name);
            ConfigValue reference = values.get(key);
            if (reference instanceof ConfigObject) {
                expect(key, value, value instanceof ConfigObject, "an object");
            } else if (reference != null) {
                expectType(key, reference, resolved(whole, key, value));
            } else if (isObject(key, null)) {
                expect(key, value, value instanceof ConfigObject, "an object");
                if (value instanceof ConfigObject inner) {
                    check(key + ".", inner, whole);
                }
            } else {
                throw unknown(prefix, ConfigUtil.joinPath(name), value);
            }
        });
    }

    private static ConfigValue resolved(Config whole, String key, ConfigValue value) {
        return whole.hasPath("finback." + key) ? whole.getValue("finback." + key) : value;
    }

    private static void expectType(String key, ConfigValue reference, ConfigValue value) {
        switch (reference.valueType()) {
            case LIST ->
                expect(
                        key,
                        value,
                        value.valueType() == ConfigValueType.LIST || value.valueType() == ConfigValueType.STRING,
                        "a list");
            case NUMBER -> expect(key, value, converts(() -> value.atKey("v").getDouble("v")), "a number");
            case BOOLEAN -> expect(key, value, converts(() -> value.atKey("v").getBoolean("v")), "true or false");
            default -> expect(key, value, converts(() -> value.atKey("v").getString("v")), "a text");
        }
    }

    private static void expect(String key, ConfigValue value, boolean fits, String expected) {
        if (!fits) {
            throw new StartFailure("finback." + key + ": " + value.unwrapped() + " (expected: " + expected + ")"
                    + SettingsReader.origin(value.origin()));
        }
    }

    private static boolean converts(Supplier<?> get) {
        try {
            return get.get() != null;
        } catch (ConfigException e) {
            return false;
        }
    }

    private StartFailure unknown(String prefix, String name, ConfigValue value) {
        String hint = nearest(name, below(prefix))
                .filter(near -> distance(name, near) <= Math.max(2, name.length() / 3))
                .map(near -> " (did you mean finback." + prefix + near + "?)")
                .orElse("");
        return new StartFailure("finback." + prefix + name + ": no such setting" + hint
                + SettingsReader.origin(leaf(value).origin()));
    }

    /** The names directly below {@code prefix}, which is empty or ends with a dot. */
    private List<String> below(String prefix) {
        return values.keySet().stream()
                .filter(key -> key.startsWith(prefix))
                .map(key -> ConfigUtil.joinPath(
                        ConfigUtil.splitPath(key.substring(prefix.length())).get(0)))
                .distinct()
                .toList();
    }

    /** Objects made on the way to a key do not know who asked for them; what is set in them does. */
    private static ConfigValue leaf(ConfigValue value) {
        ConfigValue at = value;
        while (at instanceof ConfigObject object && !object.isEmpty()) {
            at = object.values().iterator().next();
        }
        return at;
    }

    private static Optional<String> nearest(String text, List<String> candidates) {
        return candidates.stream().min(Comparator.comparingInt((String candidate) -> distance(text, candidate)));
    }

    /** Levenshtein. O(length²). */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitute, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
