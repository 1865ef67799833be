package io.finback.controlplane.scheduler;

import java.util.List;
import java.util.Optional;

/**
 * What an app's tasks run in. Source: Marathon's appContainer.raml and network.raml.
 *
 * @param docker the image and how it is run; empty: a plain command with volumes
 * @param network of the container; the machine's own unless the app says otherwise
 * @param networkName for {@link Network#USER}, and only there
 * @param ports one for each of the app's service ports, in the same order; none in the machine's network
 */
public record AppContainer(
        Type type,
        Optional<Docker> docker,
        List<HostVolume> volumes,
        Network network,
        Optional<String> networkName,
        List<ContainerPort> ports) {
    /** Who makes it. */
    public enum Type {
        DOCKER,
        MESOS
    }

    /** {@code BRIDGE}: the engine's own; {@code USER}: the one of a name. */
    public enum Network {
        HOST,
        BRIDGE,
        USER
    }

    /** An image; {@code parameters} are options of {@code docker run}. */
    public record Docker(String image, boolean forcePullImage, boolean privileged, List<Parameter> parameters) {
        public Docker {
            parameters = List.copyOf(parameters);
        }
    }

    /** One option. */
    public record Parameter(String key, String value) {}

    /** A directory or file of the machine. */
    public record HostVolume(String containerPath, String hostPath, boolean readOnly) {}

    /**
     * A port of the container.
     *
     * @param number 0: the same as the port of the machine that leads to it
     * @param hostPort 0: any that is free; empty: none, so that it is reached in the container's network only
     */
    public record ContainerPort(int number, Optional<Integer> hostPort) {}

    public AppContainer {
        volumes = List.copyOf(volumes);
        ports = List.copyOf(ports);
    }

    /** An image without any command runs what it was made to run. */
    public boolean hasImage() {
        return docker.isPresent();
    }

    /** The ports its tasks have are those of its mappings. */
    public boolean mapsPorts() {
        return network != Network.HOST;
    }

    /** The ports of the machine it asks for, in order; 0: any. */
    public List<Integer> hostPorts() {
        return ports.stream().flatMap(port -> port.hostPort().stream()).toList();
    }
}
