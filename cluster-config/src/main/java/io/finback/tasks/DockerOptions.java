package io.finback.tasks;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * How the Docker engine runs a container. Source: Mesos {@code ContainerInfo.DockerInfo}.
 *
 * @param parameters options of {@code docker run} without their dashes, in order
 * @param pullConfig a Docker {@code config.json} with credentials for the registry
 */
public record DockerOptions(
        String image,
        Network network,
        List<PortMapping> portMappings,
        boolean privileged,
        List<Parameter> parameters,
        boolean forcePullImage,
        Optional<String> pullConfig) {
    /** Source: Mesos {@code DockerInfo.Network}. {@code USER}: the network the container's first {@link NetworkInfo} names. */
    public enum Network {
        HOST,
        BRIDGE,
        NONE,
        USER
    }

    private static final Set<String> ENVIRONMENT = Set.of("e", "env", "env-file");

    /** One option. */
    public record Parameter(String key, String value) {}

    public DockerOptions {
        portMappings = List.copyOf(portMappings);
        parameters = List.copyOf(parameters);
    }

    /** Without the credentials. */
    @Override
    public String toString() {
        return image + " " + network;
    }

    /** The same without credentials, and without parameters that set the environment. */
    DockerOptions withoutSecrets() {
        List<Parameter> shown = parameters.stream()
                .filter(parameter -> !ENVIRONMENT.contains(parameter.key().toLowerCase(Locale.ROOT)))
                .toList();
        return new DockerOptions(image, network, portMappings, privileged, shown, forcePullImage, Optional.empty());
    }
}
