package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.PortDefinition;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DockerOptions;
import io.finback.tasks.Image;
import io.finback.tasks.NetworkInfo;
import io.finback.tasks.PortMapping;
import io.finback.tasks.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes an app's container what an agent runs. Source: Marathon's ContainerSerializer and EnvironmentHelper. */
final class ContainerTranslation {
    private ContainerTranslation() {}

    /** What a task runs in; empty: a plain command. {@code hostPorts}: as many as the container wants of the machine, in order. */
    static Optional<ContainerInfo> of(AppDefinition app, List<Integer> hostPorts) {
        AppOptions.Secrets secrets = app.options().secrets();
        List<Volume> files = secrets.files().stream()
                .map(file -> new Volume(
                        file.containerPath(),
                        true,
                        Volume.Source.SECRET,
                        secrets.declared().getOrDefault(file.secret(), file.secret()),
                        Optional.empty(),
                        Map.of()))
                .toList();
        return app.container()
                .map(container -> container(container, files, app.ports(), hostPorts))
                .or(() -> files.isEmpty() ? Optional.empty() : Optional.of(plain(files)));
    }

    /** A command that sees the machine's files, and these. */
    private static ContainerInfo plain(List<Volume> files) {
        return new ContainerInfo(
                ContainerInfo.Type.MESOS,
                files,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty());
    }

    private static ContainerInfo container(
            AppContainer container, List<Volume> files, List<PortDefinition> services, List<Integer> hostPorts) {
        boolean docker = container.type() == AppContainer.Type.DOCKER;
        return new ContainerInfo(
                docker ? ContainerInfo.Type.DOCKER : ContainerInfo.Type.MESOS,
                Stream.concat(container.volumes().stream().map(ContainerTranslation::volume), files.stream())
                        .toList(),
                Optional.empty(),
                docker
                        ? container.docker().map(image -> options(container, image, services, hostPorts))
                        : Optional.empty(),
                docker
                        ? Optional.empty()
                        : container
                                .docker()
                                .map(image -> new Image(image.image(), Optional.empty(), !image.forcePullImage())),
                container.networkName().stream()
                        .map(name -> new NetworkInfo(Optional.of(name), List.of(), List.of(), Map.of()))
                        .toList(),
                Optional.empty(),
                List.of(),
                Optional.empty());
    }

    private static DockerOptions options(
            AppContainer container,
            AppContainer.Docker docker,
            List<PortDefinition> services,
            List<Integer> hostPorts) {
        return new DockerOptions(
                docker.image(),
                switch (container.network()) {
                    case HOST -> DockerOptions.Network.HOST;
                    case BRIDGE -> DockerOptions.Network.BRIDGE;
                    case USER -> DockerOptions.Network.USER;
                },
                mappings(container, services, hostPorts),
                docker.privileged(),
                docker.parameters().stream()
                        .map(parameter -> new DockerOptions.Parameter(parameter.key(), parameter.value()))
                        .toList(),
                docker.forcePullImage(),
                Optional.empty());
    }

    private static Volume volume(AppContainer.HostVolume volume) {
        return new Volume(
                volume.containerPath(),
                volume.readOnly(),
                Volume.Source.HOST_PATH,
                volume.hostPath(),
                Optional.empty(),
                Map.of());
    }

    private static List<PortMapping> mappings(
            AppContainer container, List<PortDefinition> services, List<Integer> hostPorts) {
        List<PortMapping> mappings = new ArrayList<>();
        for (int i = 0; i < container.ports().size(); i++) {
            AppContainer.ContainerPort port = container.ports().get(i);
            if (port.hostPort().isPresent()) {
                int host = hostPorts.get(mappings.size());
                mappings.add(new PortMapping(
                        host,
                        port.number() == 0 ? host : port.number(),
                        services.get(i).protocol()));
            }
        }
        return mappings;
    }

    /** The ports by the numbers a task knows them by: the container's. */
    static List<PortDefinition> declared(AppContainer container, List<PortDefinition> services) {
        List<PortDefinition> declared = new ArrayList<>();
        for (int i = 0; i < container.ports().size(); i++) {
            declared.add(services.get(i).withPort(container.ports().get(i).number()));
        }
        return declared;
    }

    /** Where each port is reached: on the machine, or in the container's network where the machine has none for it. */
    static List<Integer> reached(AppContainer container, List<Integer> hostPorts) {
        List<Integer> reached = new ArrayList<>();
        int published = 0;
        for (AppContainer.ContainerPort port : container.ports()) {
            reached.add(port.hostPort().isPresent() ? hostPorts.get(published++) : Integer.valueOf(port.number()));
        }
        return reached;
    }
}
