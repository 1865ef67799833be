package io.finback.nodeagent.boot;

import com.typesafe.config.Config;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.image.ImageSettings;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.oci.OciContainerizer;
import io.finback.nodeagent.oci.OciSettings;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;

/** The keys below {@code finback.agent.images}, checked, and what is made of them. */
final class ImageKeys {
    private static final String PREFIX = "finback.agent.images.";
    private static final long MEBIBYTE = 1L << 20;

    private ImageKeys() {}

    /** Throws {@link IllegalArgumentException} with the key, its value and what was expected. */
    static OciSettings read(Config images) {
        String config = images.getString("config").strip();
        return new OciSettings(
                runtime(images.getString("runtime").strip()),
                images.getBoolean("overlay"),
                new ImageSettings(
                        images.getStringList("directories").stream()
                                .map(ImageKeys::directory)
                                .toList(),
                        registry(images.getString("registry").strip()),
                        new HashSet<>(images.getStringList("insecure-registries")),
                        config.isEmpty()
                                ? Optional.empty()
                                : Optional.of(Path.of(config).toAbsolutePath()),
                        within(images, "answer-timeout", Duration.ofSeconds(1), Duration.ofHours(1)),
                        within(images, "pull-timeout", Duration.ofSeconds(1), Duration.ofDays(1)),
                        images.getString("keep").equals("forever")
                                ? Optional.empty()
                                : Optional.of(within(images, "keep", Duration.ZERO, Duration.ofDays(3650))),
                        atLeast("max-size", images.getBytes("max-size"), MEBIBYTE),
                        atLeast("max-files", images.getLong("max-files"), 100)));
    }

    /** Thrown is a {@link StartFailure} with the directory that cannot be used. */
    static OciContainerizer containerizer(
            AgentSettings settings, Tools tools, Isolation isolation, Processes processes, String bootId) {
        try {
            return OciContainerizer.on(
                    settings.images(),
                    settings.dataDir(),
                    tools,
                    isolation,
                    processes,
                    settings.logs(),
                    System.getenv().getOrDefault("PATH", ""),
                    settings.hostname(),
                    bootId);
        } catch (IOException e) {
            throw new StartFailure("finback.data-dir: " + settings.dataDir() + " cannot be used (" + e + ")", e);
        }
    }

    private static String runtime(String text) {
        if (text.isEmpty() || (text.indexOf('/') >= 0 && !text.startsWith("/"))) {
            throw new IllegalArgumentException(
                    PREFIX + "runtime: '" + text + "' (expected: auto, none, a program's name or absolute path)");
        }
        return text;
    }

    private static Path directory(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException(
                    PREFIX + "directories: '" + text + "' (expected: absolute paths of directories)");
        }
        return Path.of(text);
    }

    private static Optional<URI> registry(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            URI uri = new URI(text);
            boolean spoken = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
            if (spoken
                    && uri.getHost() != null
                    && (uri.getPath() == null || uri.getPath().length() <= 1)) {
                return Optional.of(uri);
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(wrongRegistry(text), e);
        }
        throw new IllegalArgumentException(wrongRegistry(text));
    }

    private static String wrongRegistry(String text) {
        return PREFIX + "registry: '" + text + "' (expected: https://host[:port], http://host[:port], or empty)";
    }

    private static Duration within(Config images, String key, Duration least, Duration most) {
        Duration value = images.getDuration(key);
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(
                    PREFIX + key + ": " + value + " (expected: " + least + " to " + most + ")");
        }
        return value;
    }

    private static long atLeast(String key, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(PREFIX + key + ": " + value + " (expected: >= " + least + ")");
        }
        return value;
    }
}
