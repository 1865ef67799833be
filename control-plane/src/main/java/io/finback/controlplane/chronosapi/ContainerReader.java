package io.finback.controlplane.chronosapi;

import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DockerOptions;
import io.finback.tasks.Image;
import io.finback.tasks.NetworkInfo;
import io.finback.tasks.Volume;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads and refuses Chronos' {@code container}: {@code {type, image, network, networkName, volumes, parameters, forcePullImage}}. */
final class ContainerReader {
    private ContainerReader() {}

    /** Empty for one that says nothing. */
    static Optional<ContainerInfo> read(Fields container) {
        Optional<String> image = container.text("image");
        ContainerInfo.Type type =
                container.oneOf("type", ContainerInfo.Type.class).orElse(ContainerInfo.Type.DOCKER);
        List<Volume> volumes = container.objects("volumes").stream()
                .map(ContainerReader::volume)
                .toList();
        List<NetworkInfo> networks = container
                .text("networkName")
                .map(name -> List.of(new NetworkInfo(Optional.of(name), List.of(), List.of(), Map.of())))
                .orElse(List.of());
        if (!container.list("networkInfos").isEmpty()) {
            throw Failure.bad("container.networkInfos: are given (expected: none; name one network as networkName)");
        }
        if (type == ContainerInfo.Type.DOCKER && image.isEmpty()) {
            throw Failure.bad("container.image: missing (expected: an image for type DOCKER)");
        }
        boolean pull = container.flag("forcePullImage", false);
        Optional<DockerOptions> docker = type == ContainerInfo.Type.DOCKER
                ? image.map(name -> new DockerOptions(
                        name,
                        container.oneOf("network", DockerOptions.Network.class).orElse(DockerOptions.Network.HOST),
                        List.of(),
                        false,
                        container.objects("parameters").stream()
                                .map(p -> new DockerOptions.Parameter(
                                        p.text("key").orElse(""),
                                        p.text("value").orElse("")))
                                .toList(),
                        pull,
                        Optional.empty()))
                : Optional.empty();
        Optional<Image> root = type == ContainerInfo.Type.MESOS
                ? image.map(name -> new Image(name, Optional.empty(), !pull))
                : Optional.empty();
        return Optional.of(new ContainerInfo(
                type,
                volumes,
                Optional.empty(),
                docker,
                root,
                networks,
                Optional.empty(),
                List.of(),
                Optional.empty()));
    }

    private static Volume volume(Fields volume) {
        String inside = volume.text("containerPath")
                .orElseThrow(() -> Failure.bad("container.volumes.containerPath: missing (expected: a path)"));
        String outside = volume.text("hostPath").orElse(inside);
        String mode = volume.text("mode").orElse("RW");
        if (!mode.equals("RW") && !mode.equals("RO")) {
            throw Failure.bad("container.volumes.mode: '" + mode + "' (expected: RW or RO)");
        }
        return new Volume(inside, mode.equals("RO"), Volume.Source.HOST_PATH, outside, Optional.empty(), Map.of());
    }
}
