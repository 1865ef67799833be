package io.finback.tasks;

import java.util.Map;
import java.util.Optional;

/**
 * A directory or file inside a container. Source: Mesos {@code Volume}.
 *
 * @param containerPath where the task sees it: absolute, or relative to its sandbox
 * @param readOnly {@code RO} instead of {@code RW}
 * @param name of what is mounted: a path on the host, one in the sandbox, a Docker volume's name, or an image's
 * @param driver of a Docker volume; empty: the engine's default
 * @param driverOptions of a Docker volume
 */
public record Volume(
        String containerPath,
        boolean readOnly,
        Source source,
        String name,
        Optional<String> driver,
        Map<String, String> driverOptions) {
    /** Where it comes from. */
    public enum Source {
        /** {@code name} is a path of the machine. A relative one is a directory of the sandbox. */
        HOST_PATH,
        /** {@code name} is relative to this container's own sandbox. */
        SANDBOX_SELF,
        /** {@code name} is relative to the sandbox of the executor around a nested container. */
        SANDBOX_PARENT,
        /** {@code name} is a volume of the Docker engine. */
        DOCKER_VOLUME,
        /** {@code name} is that of an image, whose files are there. */
        IMAGE,
        /** A file; {@code name} is what the agent's secret store knows its content by. */
        SECRET
    }

    public Volume {
        driverOptions = Map.copyOf(driverOptions);
    }
}
