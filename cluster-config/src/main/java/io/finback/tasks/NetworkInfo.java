package io.finback.tasks;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network a container is in. Source: Mesos {@code NetworkInfo}.
 *
 * @param name of the network; empty: the machine's own
 * @param ipAddresses asked for by a scheduler, or told by an agent
 */
public record NetworkInfo(
        Optional<String> name, List<String> ipAddresses, List<PortMapping> portMappings, Map<String, String> labels) {
    public NetworkInfo {
        ipAddresses = List.copyOf(ipAddresses);
        portMappings = List.copyOf(portMappings);
        labels = Map.copyOf(labels);
    }
}
