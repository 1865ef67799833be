package io.finback.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import io.finback.runtime.StartFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Puts together the configuration of one node and refuses what is wrong in it before anything starts. From weak to strong: every
 * {@code reference.conf}, {@code defaults}, the files in the order given (a later one wins), environment variables
 * {@code FINBACK_…}, {@code key=value} overrides in the order given.
 *
 * <p>Under {@code finback} only keys of a {@code reference.conf} are known, and a value has the type it has there. An object that is
 * empty there ({@code roles {}}) takes any keys. What lies outside {@code finback} (such as {@code akka}) is not looked at.
 *
 * @param files HOCON; each must exist
 * @param environment as of {@link System#getenv()}
 * @param overrides {@code key=value}, with or without the leading {@code finback.}
 * @param defaults what the caller puts above the reference and below all a person says; not checked
 */
public record NodeConfig(List<Path> files, Map<String, String> environment, List<String> overrides, Config defaults) {
    private static final String ROOT = "finback";

    public NodeConfig {
        files = List.copyOf(files);
        environment = Map.copyOf(environment);
        overrides = List.copyOf(overrides);
    }

    public static NodeConfig of(List<Path> files, Map<String, String> environment, List<String> overrides) {
        return new NodeConfig(files, environment, overrides, ConfigFactory.empty());
    }

    public NodeConfig withDefaults(Config weaker) {
        return new NodeConfig(files, environment, overrides, weaker);
    }

    /** The whole, resolved, checked configuration. Throws {@link StartFailure} with one line. */
    public Config load() {
        return said(given().withFallback(defaults)
                .withFallback(ConfigFactory.defaultReference())
                .resolve());
    }

    /** Of a resolved configuration the {@code finback} tree, and of the rest what no {@code reference.conf} says. */
    public static Config said(Config resolved) {
        Config said = resolved.hasPath(ROOT) ? resolved.withOnlyPath(ROOT) : ConfigFactory.empty();
        for (Map.Entry<String, ConfigValue> entry : resolved.entrySet()) {
            boolean isDefault = entry.getValue().origin().description().contains("reference.conf");
            if (!isDefault && !entry.getKey().startsWith(ROOT + ".")) {
                said = said.withValue(entry.getKey(), entry.getValue());
            }
        }
        return said;
    }

    /** Only what a person said, checked: files, environment and overrides. Substitutions may be unresolved. */
    public Config given() {
        KnownKeys known = KnownKeys.of(ConfigFactory.defaultReference().getConfig(ROOT));
        Config said = ConfigFactory.empty();
        for (Path file : files) {
            said = parse(file).withFallback(said);
        }
        said = fromEnvironment(known).withFallback(said);
        said = fromOverrides(known).withFallback(said);
        try {
            Config whole = said.withFallback(ConfigFactory.defaultReference()).resolve();
            known.check(said, whole);
            return said;
        } catch (ConfigException e) {
            throw refused(e);
        }
    }

    private static Config parse(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new StartFailure(file + ": no such file (expected: a configuration file in HOCON)");
        }
        if (!Files.isReadable(file)) {
            throw new StartFailure(file + ": cannot be read; check its permissions");
        }
        try {
            return ConfigFactory.parseFile(
                    file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
        } catch (ConfigException e) {
            throw refused(e);
        }
    }

    private Config fromEnvironment(KnownKeys known) {
        Config result = ConfigFactory.empty();
        for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
            if (!variable.getKey().startsWith("FINBACK_")) {
                continue;
            }
            Optional<String> key = known.ofVariable(variable.getKey());
            if (key.isPresent()) {
                String origin = "the environment variable " + variable.getKey();
                result = result.withValue(ROOT + "." + key.get(), known.value(key.get(), variable.getValue(), origin));
            } else {
                // Others own some names (the launcher; Kubernetes makes FINBACK_…_SERVICE_HOST), so only a near miss is
                // refused.
                known.nearestVariable(variable.getKey()).ifPresent(near -> {
                    throw new StartFailure(variable.getKey() + ": no such setting (did you mean " + near + "?)");
                });
            }
        }
        return result;
    }

    private Config fromOverrides(KnownKeys known) {
        Config result = ConfigFactory.empty();
        for (String override : overrides) {
            int equals = override.indexOf('=');
            if (equals <= 0) {
                throw new StartFailure("--set " + override + ": (expected: key=value)");
            }
            String key = override.substring(0, equals).strip();
            String value = override.substring(equals + 1).strip();
            String origin = "--set " + key;
            try {
                if (key.startsWith("akka.")) {
                    result = result.withValue(key, ConfigValueFactory.fromAnyRef(value, origin));
                } else {
                    String relative = key.startsWith(ROOT + ".") ? key.substring(ROOT.length() + 1) : key;
                    result = result.withValue(ROOT + "." + relative, known.value(relative, value, origin));
                }
            } catch (ConfigException.BadPath e) {
                throw new StartFailure("--set " + override + ": (expected: key=value)", e);
            }
        }
        return result;
    }

    /** Parses HOCON such as {@code ["a","b"]} or {@code {a=1}}; the origin of each value is {@code origin}. */
    static ConfigValue parseValue(String text, String origin) {
        Config parsed = ConfigFactory.parseString(
                "value = " + text, ConfigParseOptions.defaults().setOriginDescription(origin));
        return parsed.getValue("value");
    }

    static ConfigValue listOf(String text, String origin) {
        return ConfigValueFactory.fromIterable(
                Arrays.stream(text.split(",", -1))
                        .map(String::strip)
                        .filter(part -> !part.isEmpty())
                        .toList(),
                origin);
    }

    private static StartFailure refused(ConfigException e) {
        ConfigOrigin origin = e.origin();
        String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("cannot be read");
        if (origin == null || origin.filename() == null) {
            return new StartFailure(message, e);
        }
        // The library begins its messages with "<description>: ", which says the same less shortly.
        String text = message.startsWith(origin.description() + ": ")
                ? message.substring(origin.description().length() + 2)
                : message;
        return new StartFailure(origin.filename() + ":" + origin.lineNumber() + ": " + text, e);
    }
}
