package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.scheduler.AppContainer;
import io.finback.controlplane.scheduler.AppContainer.ContainerPort;
import io.finback.controlplane.scheduler.AppContainer.Docker;
import io.finback.controlplane.scheduler.AppContainer.Network;
import io.finback.controlplane.scheduler.AppDefinition.PortDefinition;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads {@code container} and {@code networks} in both dialects: since 1.5 the network stands in {@code networks} and the mappings in
 * {@code container}; before, both stood in {@code container.docker}. Where both are given the newer one counts.
 */
final class ContainerReader {
    private static final String NOT_YET = "is not supported yet";
    private static final List<String> DOCKER_LATER = List.of("pullConfig", "credential");

    /**
     * What was read.
     *
     * @param servicePorts take the place of the app's port definitions where its container maps ports
     * @param volumes what the container's volumes are besides directories of the machine
     */
    record Found(
            Optional<AppContainer> container,
            Optional<List<PortDefinition>> servicePorts,
            VolumeReader.Found volumes) {}

    private record Mapping(ContainerPort port, PortDefinition service) {}

    private record Net(Network network, Optional<String> name) {}

    private final Problems problems;

    ContainerReader(Problems problems) {
        this.problems = problems;
    }

    Found read(Fields app) {
        Optional<Fields> container = app.object("container");
        Optional<Fields> docker = container.flatMap(c -> c.object("docker"));
        Net net = networks(app)
                .or(() -> docker.flatMap(this::oldNetwork))
                .orElse(new Net(Network.HOST, Optional.empty()));
        if (container.isEmpty()) {
            if (net.network() != Network.HOST) {
                problems.rule("/networks(0)/mode", "needs a container (expected: 'host' without one)");
            }
            return new Found(Optional.empty(), Optional.empty(), VolumeReader.Found.NONE);
        }
        AppContainer.Type type = type(container.get());
        VolumeReader.Found volumes = new VolumeReader(problems).read(container.get());
        if (docker.isEmpty() && volumes.host().isEmpty() && net.network() == Network.HOST) {
            return new Found(Optional.empty(), Optional.empty(), volumes);
        }
        if (net.network() != Network.HOST
                && app.any("portDefinitions").filter(n -> !n.isEmpty()).isPresent()) {
            problems.rule("/portDefinitions", "must be empty with container networking (expected: portMappings)");
        }
        List<Mapping> mappings = net.network() == Network.HOST
                ? unmapped(container.get())
                : container
                        .get()
                        .list("portMappings", (element, path) -> mapping(container.get(), element, path, net))
                        .or(() -> docker.flatMap(
                                d -> d.list("portMappings", (element, path) -> mapping(d, element, path, net))))
                        .orElseGet(() -> standard(net));
        return new Found(
                Optional.of(new AppContainer(
                        type,
                        docker.map(this::image),
                        volumes.host(),
                        net.network(),
                        net.name(),
                        mappings.stream().map(Mapping::port).toList())),
                net.network() == Network.HOST
                        ? Optional.empty()
                        : Optional.of(mappings.stream().map(Mapping::service).toList()),
                volumes);
    }

    private AppContainer.Type type(Fields container) {
        String text = container.text("type").orElse("DOCKER");
        for (AppContainer.Type type : AppContainer.Type.values()) {
            if (type.name().equals(text)) {
                return type;
            }
        }
        problems.rule("/container/type", "'" + text + "' (expected: DOCKER or MESOS)");
        return AppContainer.Type.DOCKER;
    }

    private Docker image(Fields docker) {
        DOCKER_LATER.stream().filter(docker::has).forEach(name -> problems.rule(docker.path(name), NOT_YET));
        Optional<String> image = docker.text("image");
        if (image.isEmpty()) {
            problems.type("/container/docker/image", "error.path.missing");
        }
        return new Docker(
                image.orElse(""),
                docker.bool("forcePullImage").orElse(false),
                docker.bool("privileged").orElse(false),
                docker.list("parameters", (element, path) -> {
                            Fields parameter = docker.element(element, path);
                            return Optional.of(new AppContainer.Parameter(
                                    parameter.text("key").orElse(""),
                                    parameter.text("value").orElse("")));
                        })
                        .orElse(List.of()));
    }

    private Optional<Net> networks(Fields app) {
        Optional<List<Net>> given = app.list("networks", (element, path) -> {
            Fields network = app.element(element, path);
            String mode = network.text("mode").orElse("container");
            return switch (mode) {
                case "host" -> Optional.of(new Net(Network.HOST, Optional.empty()));
                case "container/bridge" -> Optional.of(new Net(Network.BRIDGE, Optional.empty()));
                case "container" -> Optional.of(new Net(Network.USER, network.text("name")));
                default -> {
                    problems.rule(path + "/mode", "'" + mode + "' (expected: host, container or container/bridge)");
                    yield Optional.empty();
                }
            };
        });
        if (given.filter(all -> all.size() > 1).isPresent()) {
            problems.rule(
                    "/networks",
                    given.get().stream().allMatch(net -> net.network() == Network.USER)
                            ? "several networks are not supported yet (expected: one)"
                            : "Host networking is single, and so is bridge networking: expected one network");
        }
        return given.filter(all -> !all.isEmpty()).map(all -> all.get(0));
    }

    private Optional<Net> oldNetwork(Fields docker) {
        return docker.text("network").flatMap(text -> switch (text.toUpperCase(Locale.ROOT)) {
            case "HOST" -> Optional.of(new Net(Network.HOST, Optional.empty()));
            case "BRIDGE" -> Optional.of(new Net(Network.BRIDGE, Optional.empty()));
            default -> {
                problems.rule(
                        "/container/docker/network",
                        "'" + text + "' (expected: HOST or BRIDGE; a user's network is named in networks)");
                yield Optional.empty();
            }
        });
    }

    private List<Mapping> unmapped(Fields container) {
        if (container.any("portMappings").filter(n -> !n.isEmpty()).isPresent()) {
            problems.rule("/container/portMappings", "must be empty with host networking");
        }
        return List.of();
    }

    /** What a container has whose owner says nothing of ports: one in the engine's own network, none in another. */
    private static List<Mapping> standard(Net net) {
        return net.network() == Network.BRIDGE
                ? List.of(new Mapping(
                        new ContainerPort(0, Optional.of(0)),
                        new PortDefinition(0, "tcp", Optional.of("default"), Map.of())))
                : List.of();
    }

    private Optional<Mapping> mapping(Fields holder, JsonNode element, String path, Net net) {
        Fields mapping = holder.element(element, path);
        if (mapping.any("networkNames").filter(n -> n.size() > 1).isPresent()) {
            problems.rule(path + "/networkNames", "several networks are not supported yet (expected: one)");
        }
        Optional<Integer> hostPort = mapping.integer("hostPort");
        return Optional.of(new Mapping(
                new ContainerPort(
                        mapping.integer("containerPort").orElse(0),
                        hostPort.isEmpty() && net.network() == Network.BRIDGE ? Optional.of(0) : hostPort),
                new PortDefinition(
                        mapping.integer("servicePort").orElse(0),
                        mapping.text("protocol").orElse("tcp"),
                        mapping.text("name"),
                        mapping.map("labels").orElse(Map.of()))));
    }
}
