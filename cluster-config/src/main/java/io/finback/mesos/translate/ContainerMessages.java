package io.finback.mesos.translate;

import static io.finback.mesos.translate.Labelled.wrong;

import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DockerOptions;
import io.finback.tasks.Image;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.NetworkInfo;
import io.finback.tasks.PortMapping;
import io.finback.tasks.Rlimit;
import io.finback.tasks.Volume;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.mesos.v1.Protos;

/** {@code ContainerInfo} and what is in it. What no agent can do yet is refused by name. */
public final class ContainerMessages {
    private static final String LATER = "none: not supported yet";

    private ContainerMessages() {}

    /** As {@code field} has it; empty for what every plain command has anyway. */
    static Optional<ContainerInfo> from(String field, Protos.ContainerInfo message) {
        boolean docker = message.getType() == Protos.ContainerInfo.Type.DOCKER;
        if (docker != message.hasDocker()) {
            throw wrong(
                    field + ".docker",
                    message.hasDocker() ? "present" : "missing",
                    "exactly with type DOCKER, not with " + message.getType());
        }
        List<Volume> volumes = new ArrayList<>();
        for (Protos.Volume volume : message.getVolumesList()) {
            volumes.add(volume(field + ".volumes", volume));
        }
        ContainerInfo container = new ContainerInfo(
                docker ? ContainerInfo.Type.DOCKER : ContainerInfo.Type.MESOS,
                volumes,
                message.hasHostname() ? Optional.of(message.getHostname()) : Optional.empty(),
                docker ? Optional.of(docker(field + ".docker", message.getDocker())) : Optional.empty(),
                message.hasMesos() && message.getMesos().hasImage()
                        ? Optional.of(
                                image(field + ".mesos.image", message.getMesos().getImage()))
                        : Optional.empty(),
                message.getNetworkInfosList().stream()
                        .map(ContainerMessages::network)
                        .toList(),
                message.hasLinuxInfo()
                        ? Optional.of(linux(field + ".linux_info", message.getLinuxInfo()))
                        : Optional.empty(),
                rlimits(field + ".rlimit_info", message.getRlimitInfo()),
                tty(message));
        return container.equals(ContainerInfo.PLAIN) ? Optional.empty() : Optional.of(container);
    }

    private static Optional<ContainerInfo.Tty> tty(Protos.ContainerInfo message) {
        if (!message.hasTtyInfo()) {
            return Optional.empty();
        }
        Protos.TTYInfo.WindowSize size = message.getTtyInfo().getWindowSize();
        return Optional.of(new ContainerInfo.Tty(size.getRows(), size.getColumns()));
    }

    private static DockerOptions docker(String field, Protos.ContainerInfo.DockerInfo message) {
        List<PortMapping> mappings = new ArrayList<>();
        for (Protos.ContainerInfo.DockerInfo.PortMapping mapping : message.getPortMappingsList()) {
            mappings.add(new PortMapping(
                    port(field + ".port_mappings.host_port", mapping.getHostPort()),
                    port(field + ".port_mappings.container_port", mapping.getContainerPort()),
                    protocol(field + ".port_mappings.protocol", mapping.getProtocol())));
        }
        return new DockerOptions(
                message.getImage(),
                DockerOptions.Network.valueOf(message.getNetwork().name()),
                mappings,
                message.getPrivileged(),
                message.getParametersList().stream()
                        .map(parameter -> new DockerOptions.Parameter(parameter.getKey(), parameter.getValue()))
                        .toList(),
                message.getForcePullImage(),
                Optional.empty());
    }

    private static int port(String field, int number) {
        if (number < 0 || number > 65_535) {
            throw wrong(field, Integer.toUnsignedString(number), "0 to 65535");
        }
        return number;
    }

    private static String protocol(String field, String text) {
        if (!text.isEmpty() && !Set.of("tcp", "udp", "tcp,udp", "udp,tcp").contains(text)) {
            throw wrong(field, text, "tcp or udp");
        }
        return text.isEmpty() ? "tcp" : text;
    }

    private static Volume volume(String field, Protos.Volume message) {
        boolean readOnly = message.getMode() == Protos.Volume.Mode.RO;
        if (message.hasImage()) {
            if (message.hasSource() || message.hasHostPath()) {
                throw wrong(field + ".image", "beside a source or a host_path", "one of them");
            }
            return new Volume(
                    message.getContainerPath(),
                    readOnly,
                    Volume.Source.IMAGE,
                    image(field + ".image", message.getImage()).name(),
                    Optional.empty(),
                    Map.of());
        }
        if (!message.hasSource()) {
            boolean host = message.hasHostPath();
            return new Volume(
                    message.getContainerPath(),
                    readOnly,
                    host ? Volume.Source.HOST_PATH : Volume.Source.SANDBOX_SELF,
                    host ? message.getHostPath() : message.getContainerPath(),
                    Optional.empty(),
                    Map.of());
        }
        Protos.Volume.Source source = message.getSource();
        return switch (source.getType()) {
            case HOST_PATH ->
                new Volume(
                        message.getContainerPath(),
                        readOnly,
                        Volume.Source.HOST_PATH,
                        source.getHostPath().getPath(),
                        Optional.empty(),
                        Map.of());
            case SANDBOX_PATH ->
                new Volume(
                        message.getContainerPath(),
                        readOnly,
                        source.getSandboxPath().getType() == Protos.Volume.Source.SandboxPath.Type.PARENT
                                ? Volume.Source.SANDBOX_PARENT
                                : Volume.Source.SANDBOX_SELF,
                        source.getSandboxPath().getPath(),
                        Optional.empty(),
                        Map.of());
            case DOCKER_VOLUME -> {
                Protos.Volume.Source.DockerVolume volume = source.getDockerVolume();
                Map<String, String> options = new HashMap<>();
                volume.getDriverOptions()
                        .getParameterList()
                        .forEach(option -> options.put(option.getKey(), option.getValue()));
                yield new Volume(
                        message.getContainerPath(),
                        readOnly,
                        Volume.Source.DOCKER_VOLUME,
                        volume.getName(),
                        volume.hasDriver() ? Optional.of(volume.getDriver()) : Optional.empty(),
                        options);
            }
            case SECRET ->
                new Volume(
                        message.getContainerPath(),
                        readOnly,
                        Volume.Source.SECRET,
                        reference(field + ".source.secret", source.getSecret()),
                        Optional.empty(),
                        Map.of());
            default -> throw wrong(field + ".source.type", source.getType(), LATER);
        };
    }

    @SuppressWarnings("deprecation") // what schedulers still send is refused by name instead of being left out
    private static Image image(String field, Protos.Image message) {
        if (message.getType() != Protos.Image.Type.DOCKER || !message.hasDocker()) {
            throw wrong(
                    field + ".type",
                    message.getType(),
                    "DOCKER, with docker.name; APPC images, a format whose project has ended, are not supported");
        }
        if (message.getDocker().hasCredential()) {
            throw wrong(field + ".docker.credential", "present", "none: use config");
        }
        Protos.Secret config = message.getDocker().getConfig();
        if (message.getDocker().hasConfig() && !config.hasValue()) {
            throw wrong(
                    field + ".docker.config", "a " + config.getType(), "a VALUE; other secrets are not supported yet");
        }
        return new Image(
                message.getDocker().getName(),
                message.getDocker().hasConfig()
                        ? Optional.of(config.getValue().getData().toString(StandardCharsets.UTF_8))
                        : Optional.empty(),
                message.getCached());
    }

    private static NetworkInfo network(Protos.NetworkInfo message) {
        return new NetworkInfo(
                message.hasName() ? Optional.of(message.getName()) : Optional.empty(),
                message.getIpAddressesList().stream()
                        .map(Protos.NetworkInfo.IPAddress::getIpAddress)
                        .filter(address -> !address.isEmpty())
                        .toList(),
                message.getPortMappingsList().stream()
                        .map(mapping -> new PortMapping(
                                port("container.network_infos.port_mappings.host_port", mapping.getHostPort()),
                                port(
                                        "container.network_infos.port_mappings.container_port",
                                        mapping.getContainerPort()),
                                protocol("container.network_infos.port_mappings.protocol", mapping.getProtocol())))
                        .toList(),
                Labelled.from(message.getLabels()));
    }

    @SuppressWarnings("deprecation") // schedulers still send capability_info, the name of the bounding set before 1.7
    private static LinuxOptions linux(String field, Protos.LinuxInfo message) {
        if (message.hasSeccomp()) {
            throw wrong(field + ".seccomp", "present", LATER);
        }
        return new LinuxOptions(
                message.hasBoundingCapabilities()
                        ? Optional.of(capabilities(message.getBoundingCapabilities()))
                        : message.hasCapabilityInfo()
                                ? Optional.of(capabilities(message.getCapabilityInfo()))
                                : Optional.empty(),
                message.hasEffectiveCapabilities()
                        ? Optional.of(capabilities(message.getEffectiveCapabilities()))
                        : Optional.empty(),
                message.getSharePidNamespace(),
                message.hasIpcMode()
                        ? Optional.of(message.getIpcMode() == Protos.LinuxInfo.IpcMode.PRIVATE)
                        : Optional.empty(),
                message.hasShmSize() ? Optional.of(message.getShmSize()) : Optional.empty(),
                message.getShareCgroups());
    }

    private static Set<String> capabilities(Protos.CapabilityInfo message) {
        Set<String> names = new HashSet<>();
        message.getCapabilitiesList().forEach(capability -> names.add(capability.name()));
        return names;
    }

    private static List<Rlimit> rlimits(String field, Protos.RLimitInfo message) {
        List<Rlimit> limits = new ArrayList<>();
        for (Protos.RLimitInfo.RLimit limit : message.getRlimitsList()) {
            if (limit.hasSoft() != limit.hasHard()) {
                throw wrong(field + ".rlimits", limit.getType(), "soft and hard, or neither");
            }
            limits.add(new Rlimit(
                    limit.getType().name().replaceFirst("^RLMT_", ""),
                    limit.hasSoft() ? Optional.of(limit.getSoft()) : Optional.empty(),
                    limit.hasHard() ? Optional.of(limit.getHard()) : Optional.empty()));
        }
        return limits;
    }

    /** Where a container is reached, as its status says it. */
    static List<Protos.NetworkInfo> networks(List<NetworkInfo> networks) {
        List<Protos.NetworkInfo> messages = new ArrayList<>();
        for (NetworkInfo network : networks) {
            Protos.NetworkInfo.Builder message = Protos.NetworkInfo.newBuilder();
            network.name().ifPresent(message::setName);
            network.ipAddresses()
                    .forEach(address -> message.addIpAddresses(Protos.NetworkInfo.IPAddress.newBuilder()
                            .setProtocol(
                                    address.indexOf(':') >= 0
                                            ? Protos.NetworkInfo.Protocol.IPv6
                                            : Protos.NetworkInfo.Protocol.IPv4)
                            .setIpAddress(address)));
            messages.add(message.build());
        }
        return messages;
    }

    /** As schedulers wrote it; without what is secret in it. */
    public static Protos.ContainerInfo to(ContainerInfo container) {
        Protos.ContainerInfo.Builder message = Protos.ContainerInfo.newBuilder()
                .setType(Protos.ContainerInfo.Type.valueOf(container.type().name()));
        container.hostname().ifPresent(message::setHostname);
        container.volumes().forEach(volume -> message.addVolumes(to(volume)));
        container.networks().forEach(network -> {
            Protos.NetworkInfo.Builder to = Protos.NetworkInfo.newBuilder();
            network.name().ifPresent(to::setName);
            message.addNetworkInfos(to);
        });
        container.docker().ifPresent(docker -> {
            Protos.ContainerInfo.DockerInfo.Builder to = Protos.ContainerInfo.DockerInfo.newBuilder()
                    .setImage(docker.image())
                    .setNetwork(Protos.ContainerInfo.DockerInfo.Network.valueOf(
                            docker.network().name()))
                    .setPrivileged(docker.privileged())
                    .setForcePullImage(docker.forcePullImage());
            docker.portMappings()
                    .forEach(mapping -> to.addPortMappings(Protos.ContainerInfo.DockerInfo.PortMapping.newBuilder()
                            .setHostPort(mapping.hostPort())
                            .setContainerPort(mapping.containerPort())
                            .setProtocol(mapping.protocol())));
            docker.parameters()
                    .forEach(parameter -> to.addParameters(Protos.Parameter.newBuilder()
                            .setKey(parameter.key())
                            .setValue(parameter.value())));
            message.setDocker(to);
        });
        container
                .image()
                .ifPresent(image -> message.setMesos(Protos.ContainerInfo.MesosInfo.newBuilder()
                        .setImage(Protos.Image.newBuilder()
                                .setType(Protos.Image.Type.DOCKER)
                                .setCached(image.cached())
                                .setDocker(Protos.Image.Docker.newBuilder().setName(image.name())))));
        return message.build();
    }

    /** What an agent knows a secret by. Its value itself would be written down by masters, and is refused. */
    static String reference(String field, Protos.Secret secret) {
        if (secret.getType() != Protos.Secret.Type.REFERENCE || !secret.hasReference()) {
            throw wrong(field, "a " + secret.getType(), "a REFERENCE, as masters keep what they are told");
        }
        Protos.Secret.Reference reference = secret.getReference();
        return reference.hasKey() ? reference.getName() + "/" + reference.getKey() : reference.getName();
    }

    static Protos.Secret secret(String reference) {
        return Protos.Secret.newBuilder()
                .setType(Protos.Secret.Type.REFERENCE)
                .setReference(Protos.Secret.Reference.newBuilder().setName(reference))
                .build();
    }

    private static Protos.Volume to(Volume volume) {
        Protos.Volume.Builder message = Protos.Volume.newBuilder()
                .setMode(volume.readOnly() ? Protos.Volume.Mode.RO : Protos.Volume.Mode.RW)
                .setContainerPath(volume.containerPath());
        switch (volume.source()) {
            case HOST_PATH -> message.setHostPath(volume.name());
            case SANDBOX_SELF, SANDBOX_PARENT ->
                message.setSource(Protos.Volume.Source.newBuilder()
                        .setType(Protos.Volume.Source.Type.SANDBOX_PATH)
                        .setSandboxPath(Protos.Volume.Source.SandboxPath.newBuilder()
                                .setType(
                                        volume.source() == Volume.Source.SANDBOX_SELF
                                                ? Protos.Volume.Source.SandboxPath.Type.SELF
                                                : Protos.Volume.Source.SandboxPath.Type.PARENT)
                                .setPath(volume.name())));
            case DOCKER_VOLUME -> {
                Protos.Volume.Source.DockerVolume.Builder to =
                        Protos.Volume.Source.DockerVolume.newBuilder().setName(volume.name());
                volume.driver().ifPresent(to::setDriver);
                message.setSource(Protos.Volume.Source.newBuilder()
                        .setType(Protos.Volume.Source.Type.DOCKER_VOLUME)
                        .setDockerVolume(to));
            }
            case SECRET ->
                message.setSource(Protos.Volume.Source.newBuilder()
                        .setType(Protos.Volume.Source.Type.SECRET)
                        .setSecret(secret(volume.name())));
            case IMAGE ->
                message.setImage(Protos.Image.newBuilder()
                        .setType(Protos.Image.Type.DOCKER)
                        .setDocker(Protos.Image.Docker.newBuilder().setName(volume.name())));
        }
        return message.build();
    }
}
