package io.finback.tasks;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a task wants to be found; carried along and shown, never interpreted. Source: Mesos {@code DiscoveryInfo}. */
public record DiscoveryInfo(
        Visibility visibility,
        Optional<String> name,
        Optional<String> environment,
        Optional<String> location,
        Optional<String> version,
        List<Port> ports,
        Map<String, String> labels) {
    public DiscoveryInfo {
        ports = List.copyOf(ports);
        labels = Map.copyOf(labels);
    }

    /** Source: Mesos {@code DiscoveryInfo.Visibility}, numbers 0 to 2. */
    public enum Visibility {
        FRAMEWORK,
        CLUSTER,
        EXTERNAL
    }

    /** One port; {@code number} 0 to 65535. */
    public record Port(
            int number,
            Optional<String> name,
            Optional<String> protocol,
            Optional<Visibility> visibility,
            Map<String, String> labels) {
        public Port {
            labels = Map.copyOf(labels);
        }
    }
}
