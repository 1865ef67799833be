package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.scheduler.AppContainer;
import io.finback.controlplane.scheduler.AppContainer.ContainerPort;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppDefinition.PortDefinition;

/** Writes {@code container} and {@code networks} as Marathon does since 1.5. */
final class ContainerWriter {
    private ContainerWriter() {}

    static void write(ObjectNode node, AppDefinition app) {
        ObjectNode network = node.putArray("networks").addObject();
        network.put(
                "mode",
                switch (app.container().map(AppContainer::network).orElse(AppContainer.Network.HOST)) {
                    case HOST -> "host";
                    case BRIDGE -> "container/bridge";
                    case USER -> "container";
                });
        app.container().flatMap(AppContainer::networkName).ifPresent(name -> network.put("name", name));
        app.container()
                .ifPresentOrElse(
                        container -> container(node.putObject("container"), container, app), () -> app.containerType()
                                .ifPresent(type -> OptionsWriter.containerVolumes(
                                        node.putObject("container")
                                                .put("type", type)
                                                .putArray("volumes"),
                                        app.options())));
    }

    private static void container(ObjectNode node, AppContainer container, AppDefinition app) {
        node.put("type", container.type().name());
        container.docker().ifPresent(docker -> {
            ObjectNode to = node.putObject("docker")
                    .put("image", docker.image())
                    .put("forcePullImage", docker.forcePullImage())
                    .put("privileged", docker.privileged());
            ArrayNode parameters = to.putArray("parameters");
            docker.parameters()
                    .forEach(parameter ->
                            parameters.addObject().put("key", parameter.key()).put("value", parameter.value()));
        });
        ArrayNode volumes = node.putArray("volumes");
        container.volumes().forEach(volume -> volumes.addObject()
                .put("containerPath", volume.containerPath())
                .put("hostPath", volume.hostPath())
                .put("mode", volume.readOnly() ? "RO" : "RW"));
        OptionsWriter.containerVolumes(volumes, app.options());
        if (container.mapsPorts()) {
            ArrayNode mappings = node.putArray("portMappings");
            for (int i = 0; i < container.ports().size(); i++) {
                ContainerPort port = container.ports().get(i);
                PortDefinition service = app.ports().get(i);
                ObjectNode mapping = mappings.addObject().put("containerPort", port.number());
                port.hostPort().ifPresent(host -> mapping.put("hostPort", host));
                ObjectNode labels = mapping.put("servicePort", service.port())
                        .put("protocol", service.protocol())
                        .putObject("labels");
                service.labels().forEach(labels::put);
                service.name().ifPresent(name -> mapping.put("name", name));
            }
        }
    }
}
