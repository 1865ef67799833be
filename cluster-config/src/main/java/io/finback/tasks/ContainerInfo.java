package io.finback.tasks;

import java.util.List;
import java.util.Optional;

/**
 * What a task or executor runs in. Source: Mesos {@code ContainerInfo}.
 *
 * @param docker for {@link Type#DOCKER}, and only there
 * @param image a root file system for {@link Type#MESOS}; empty: the machine's own
 * @param networks empty: the machine's own network
 * @param tty whether the task has a terminal
 */
public record ContainerInfo(
        Type type,
        List<Volume> volumes,
        Optional<String> hostname,
        Optional<DockerOptions> docker,
        Optional<Image> image,
        List<NetworkInfo> networks,
        Optional<LinuxOptions> linux,
        List<Rlimit> rlimits,
        Optional<Tty> tty) {
    /** Who makes it: the agent itself, or a Docker engine. */
    public enum Type {
        MESOS,
        DOCKER
    }

    /** A terminal; rows and columns of 0: as it comes. */
    public record Tty(int rows, int columns) {}

    /** What every plain command has. */
    public static final ContainerInfo PLAIN = new ContainerInfo(
            Type.MESOS,
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            List.of(),
            Optional.empty());

    public ContainerInfo {
        volumes = List.copyOf(volumes);
        networks = List.copyOf(networks);
        rlimits = List.copyOf(rlimits);
        if (docker.isPresent() != (type == Type.DOCKER)) {
            throw new IllegalArgumentException("container.docker: " + (docker.isPresent() ? "present" : "missing")
                    + " (expected: exactly with type DOCKER, not with " + type + ")");
        }
    }

    /** The same for people to look at: no credentials, and no parameter that sets the environment. */
    public ContainerInfo withoutSecrets() {
        return new ContainerInfo(
                type,
                volumes,
                hostname,
                docker.map(DockerOptions::withoutSecrets),
                image.map(named -> new Image(named.name(), Optional.empty(), named.cached())),
                networks,
                linux,
                rlimits,
                tty);
    }
}
