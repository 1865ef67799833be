package io.finback.nodeagent.boot;

import com.typesafe.config.Config;
import io.finback.nodeagent.docker.DockerContainerizer;
import io.finback.nodeagent.docker.DockerSettings;
import io.finback.nodeagent.executor.LogLimits;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The keys below {@code finback.agent.docker}, checked, and what is made of them. */
final class DockerKeys {
    private static final String PREFIX = "finback.agent.docker.";

    private DockerKeys() {}

    /** Throws {@link IllegalArgumentException} with the key, its value and what was expected. */
    static DockerSettings read(Config docker, LogLimits logs) {
        String config = docker.getString("config").strip();
        return new DockerSettings(
                host(docker.getString("host").strip()),
                within(docker, "answer-timeout", Duration.ofSeconds(1), Duration.ofHours(1)),
                within(docker, "pull-timeout", Duration.ofSeconds(1), Duration.ofDays(1)),
                config.isEmpty()
                        ? Optional.empty()
                        : Optional.of(Path.of(config).toAbsolutePath()),
                within(docker, "remove-delay", Duration.ZERO, Duration.ofDays(3650)),
                docker.getString("keep-images").equals("forever")
                        ? Optional.empty()
                        : Optional.of(within(docker, "keep-images", Duration.ZERO, Duration.ofDays(3650))),
                logs);
    }

    /** Thrown is a {@link StartFailure} with the directory that cannot be used. */
    static DockerContainerizer containerizer(AgentSettings settings, Path sandboxes, String bootId) {
        Path directory = settings.dataDir().resolve("docker");
        try {
            return new DockerContainerizer(
                    settings.docker(), directory, sandboxes.toString(), settings.hostname(), bootId);
        } catch (IOException e) {
            throw new StartFailure("finback.data-dir: " + directory + " cannot be used (" + e + ")", e);
        }
    }

    private static Optional<URI> host(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            URI uri = new URI(text);
            boolean socket = "unix".equals(uri.getScheme())
                    && uri.getPath() != null
                    && uri.getPath().startsWith("/");
            boolean tcp = "tcp".equals(uri.getScheme()) && uri.getHost() != null && uri.getPort() > 0;
            if (socket || tcp) {
                return Optional.of(uri);
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(wrongHost(text), e);
        }
        throw new IllegalArgumentException(wrongHost(text));
    }

    private static String wrongHost(String text) {
        return PREFIX + "host: '" + text + "' (expected: unix:///path, tcp://host:port, or empty)";
    }

    private static Duration within(Config docker, String key, Duration least, Duration most) {
        Duration value = docker.getDuration(key);
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(
                    PREFIX + key + ": " + value + " (expected: " + least + " to " + most + ")");
        }
        return value;
    }
}
