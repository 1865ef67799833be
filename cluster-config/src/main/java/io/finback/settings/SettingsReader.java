package io.finback.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigOrigin;
import io.finback.runtime.StartFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the keys under one path. Whatever is wrong with a value becomes a {@link StartFailure} of one line:
 * {@code finback.cluster.port: 99999 (expected: 0..65535), set in node.conf:3}. Immutable. For boot rooms; nothing else sees
 * {@link Config}.
 */
public final class SettingsReader {
    private final Config config;
    private final String path;

    private SettingsReader(Config config, String path) {
        this.config = config;
        this.path = path;
    }

    /** {@code path} such as {@code finback.agent}; the whole configuration must be given, so that messages name whole keys. */
    public static SettingsReader of(Config config, String path) {
        return new SettingsReader(config, path);
    }

    /** Reads below {@code key}. */
    public SettingsReader at(String key) {
        return new SettingsReader(config, full(key));
    }

    /** May be empty. */
    public String text(String key) {
        return read(key, "a text", config::getString);
    }

    public String nonEmptyText(String key) {
        String text = text(key);
        if (text.isBlank()) {
            throw refuse(key, "a text that is not empty");
        }
        return text;
    }

    /** Empty when the text is. */
    public Optional<String> optionalText(String key) {
        String text = text(key);
        return text.isBlank() ? Optional.empty() : Optional.of(text);
    }

    /** A list, or text separated by commas (as environment variables give it). */
    public List<String> texts(String key) {
        return read(key, "a list", at -> {
            if (config.getValue(at).unwrapped() instanceof String text) {
                return Arrays.stream(text.split(",", -1))
                        .map(String::strip)
                        .filter(part -> !part.isEmpty())
                        .toList();
            }
            return config.getStringList(at);
        });
    }

    /** Relative paths are kept; they mean the working directory. */
    public Path path(String key) {
        return parsed(key, "a path", Path::of);
    }

    public boolean flag(String key) {
        return read(key, "true or false", config::getBoolean);
    }

    /** Both bounds are allowed values. */
    public int intIn(String key, int min, int max) {
        return Math.toIntExact(longIn(key, min, max));
    }

    /** Both bounds are allowed values. */
    public long longIn(String key, long min, long max) {
        String expected = max == Long.MAX_VALUE || max == Integer.MAX_VALUE
                ? "a whole number >= " + min
                : "a whole number " + min + ".." + max;
        long value = read(key, expected, config::getLong);
        if (value < min || value > max || read(key, expected, config::getDouble) != value) {
            throw refuse(key, expected);
        }
        return value;
    }

    /** Both bounds are allowed values. */
    public double doubleIn(String key, double min, double max) {
        String expected = "a number " + min + ".." + max;
        double value = read(key, expected, config::getDouble);
        if (!(value >= min && value <= max)) {
            throw refuse(key, expected);
        }
        return value;
    }

    /** {@code 500 ms}, {@code 10 s}; both bounds are allowed values. */
    public Duration duration(String key, Duration min, Duration max) {
        String expected = "a duration from " + shown(min) + " to " + shown(max) + ", such as \"" + shown(min) + "\"";
        Duration value = read(key, expected, config::getDuration);
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw refuse(key, expected);
        }
        return value;
    }

    /** A duration of at least one millisecond and at most a year. */
    public Duration duration(String key) {
        return duration(key, Duration.ofMillis(1), Duration.ofDays(365));
    }

    /** {@code 64 KiB}, {@code 1 GB}; both bounds are allowed values, in bytes. */
    public long bytes(String key, long min, long max) {
        String expected = "a size from " + min + " to " + max + " bytes, such as \"64 KiB\"";
        long value = read(key, expected, config::getBytes);
        if (value < min || value > max) {
            throw refuse(key, expected);
        }
        return value;
    }

    /** One of the enum's names, in small letters with {@code -} for {@code _}. */
    public <E extends Enum<E>> E oneOf(String key, Class<E> type) {
        String text = text(key);
        List<String> names = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            String name = constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (name.equals(text)) {
                return constant;
            }
            names.add(name);
        }
        throw refuse(key, String.join(", ", names));
    }

    /** The keys {@code host} and {@code port} of this path. */
    public HttpListen listen() {
        return new HttpListen(nonEmptyText("host"), intIn("port", 0, 65535));
    }

    /** A list of {@code host:port}. */
    public List<HostPort> addresses(String key) {
        List<String> texts = texts(key);
        List<HostPort> addresses = new ArrayList<>();
        for (String text : texts) {
            try {
                addresses.add(HostPort.parse(text));
            } catch (IllegalArgumentException e) {
                throw failure(key, text, "host:port", e);
            }
        }
        return List.copyOf(addresses);
    }

    /** Applies {@code parse} to the text; an {@link IllegalArgumentException} of it becomes the one-line refusal. */
    public <T> T parsed(String key, String expected, Function<String, T> parse) {
        String text = text(key);
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw failure(key, text, expected, e);
        }
    }

    /** The refusal of the value of {@code key}; for checks a caller makes itself. */
    public StartFailure refuse(String key, String expected) {
        return failure(key, value(key), expected, null);
    }

    private <T> T read(String key, String expected, Function<String, T> get) {
        try {
            return get.apply(full(key));
        } catch (ConfigException.Missing e) {
            throw new StartFailure(full(key) + ": missing (expected: " + expected + ")", e);
        } catch (ConfigException e) {
            throw failure(key, value(key), expected, e);
        }
    }

    private StartFailure failure(String key, String value, String expected, @Nullable Exception cause) {
        String line = full(key) + ": " + value + " (expected: " + expected + ")"
                + origin(config.getValue(full(key)).origin());
        return cause == null ? new StartFailure(line) : new StartFailure(line, cause);
    }

    private String value(String key) {
        Object value = config.getValue(full(key)).unwrapped();
        return value instanceof String text && text.isEmpty() ? "\"\"" : String.valueOf(value);
    }

    /** Where a person wrote it: {@code ", set in node.conf:3"}, {@code ", set by --set a.b"}; empty for what {@code reference.conf} says. */
    static String origin(ConfigOrigin origin) {
        if (origin.description().contains("reference.conf")) {
            return "";
        }
        if (origin.filename() == null) {
            return ", set by " + origin.description();
        }
        return ", set in " + origin.filename() + (origin.lineNumber() > 0 ? ":" + origin.lineNumber() : "");
    }

    private static String shown(Duration duration) {
        if (duration.toMillis() % 1000 != 0) {
            return duration.toMillis() + " ms";
        }
        return duration.toDays() > 0 && duration.toSeconds() % 86_400 == 0
                ? duration.toDays() + " d"
                : duration.toSeconds() + " s";
    }

    private String full(String key) {
        return path + "." + key;
    }
}
