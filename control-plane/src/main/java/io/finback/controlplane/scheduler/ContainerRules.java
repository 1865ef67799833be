package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppContainer.ContainerPort;
import io.finback.controlplane.scheduler.AppContainer.HostVolume;
import io.finback.controlplane.scheduler.AppContainer.Network;
import io.finback.controlplane.scheduler.AppRules.Violation;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What makes an app's container valid. Source: Marathon's AppValidation and NetworkValidation. */
final class ContainerRules {
    private static final Pattern NETWORK_NAME = Pattern.compile("[a-z0-9]([-a-z0-9_]{0,61}[a-z0-9])?");

    private ContainerRules() {}

    /** Adds everything that is wrong. */
    static void check(List<Violation> found, AppDefinition app) {
        app.container().ifPresent(container -> {
            container
                    .docker()
                    .filter(docker -> docker.image().isBlank())
                    .ifPresent(docker -> found.add(new Violation("/container/docker/image", "must not be empty")));
            if (container.type() == AppContainer.Type.DOCKER
                    && container.docker().isEmpty()) {
                found.add(new Violation("/container/docker", "not defined"));
            }
            if (container.docker().isPresent() && app.gpus() > 0 && container.type() == AppContainer.Type.DOCKER) {
                found.add(new Violation("/gpus", "GPU resources only work with the Mesos containerizer"));
            }
            volumes(found, container.volumes());
            network(found, container);
            ports(found, container);
        });
    }

    private static void volumes(List<Violation> found, List<HostVolume> volumes) {
        for (int i = 0; i < volumes.size(); i++) {
            HostVolume volume = volumes.get(i);
            String path = "/container/volumes(" + i + ")";
            if (volume.containerPath().isEmpty() || unclean(volume.containerPath())) {
                found.add(new Violation(path + "/containerPath", "must be a path without ':', NUL and '..'"));
            }
            if (volume.hostPath().isEmpty() || unclean(volume.hostPath())) {
                found.add(new Violation(path + "/hostPath", "must be a path without ':', NUL and '..'"));
            }
        }
    }

    private static boolean unclean(String path) {
        return path.indexOf(':') >= 0
                || path.indexOf('\0') >= 0
                || List.of(path.split("/", -1)).contains("..");
    }

    private static void network(List<Violation> found, AppContainer container) {
        if (container.network() == Network.USER) {
            String name = container.networkName().orElse("");
            if (!NETWORK_NAME.matcher(name).matches()) {
                found.add(new Violation(
                        "/networks(0)/name",
                        name.isEmpty()
                                ? "not defined"
                                : "must fully match regular expression '^[a-z0-9]([-a-z0-9_]*[a-z0-9])?$'"));
            }
        }
        if (container.mapsPorts() && container.type() == AppContainer.Type.MESOS) {
            found.add(
                    new Violation(
                            "/networks(0)/mode",
                            "containers of type MESOS have the machine's network (expected: 'host'; others are not supported yet)"));
        }
    }

    private static void ports(List<Violation> found, AppContainer container) {
        Set<Integer> fixed = new HashSet<>();
        long published = container.ports().stream()
                .filter(port -> port.hostPort().isPresent())
                .count();
        if (published != 0 && published != container.ports().size()) {
            found.add(new Violation(
                    "/container/portMappings",
                    "either all or none of them may have a hostPort (others are not supported yet)"));
        }
        for (int i = 0; i < container.ports().size(); i++) {
            ContainerPort port = container.ports().get(i);
            String path = "/container/portMappings(" + i + ")";
            within(found, path + "/containerPort", port.number());
            port.hostPort().ifPresent(host -> {
                within(found, path + "/hostPort", host);
                if (host != 0 && !fixed.add(host)) {
                    found.add(new Violation("/container/portMappings", "Host ports must be unique."));
                }
            });
            if (port.number() == 0 && port.hostPort().isEmpty()) {
                found.add(new Violation(path + "/containerPort", "must be given where there is no hostPort"));
            }
        }
    }

    private static void within(List<Violation> found, String path, int port) {
        if (port < 0 || port > 65535) {
            found.add(new Violation(path, "got " + port + ", expected 0 to 65535"));
        }
    }
}
