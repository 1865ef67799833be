package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DockerOptions;
import io.finback.tasks.PortMapping;
import io.finback.tasks.Rlimit;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the engine is asked to make of a task. Decides nothing about its life; two agents make the same of the same task. Source:
 * Mesos {@code src/docker/docker.cpp} for the meaning, {@code POST /containers/create} for the form.
 */
final class CreateRequest {
    /** Where every container sees its sandbox. */
    static final String SANDBOX = "/mnt/mesos/sandbox";

    private static final long MEBIBYTE = 1024L * 1024;
    private static final long CPU_SHARES_PER_CPU = 1024;
    private static final long MIN_CPU_SHARES = 10;
    private static final long CPU_PERIOD_MICROS = 100_000;
    /** Less than this the engine refuses to give, and no shell starts in it. */
    private static final long MIN_MEMORY_BYTES = 32 * MEBIBYTE;

    private CreateRequest() {}

    /** Why no engine is asked for this: the field, its value and what was expected. */
    static Optional<String> problem(TaskInfo task) {
        ContainerInfo container = task.options().container().orElse(ContainerInfo.PLAIN);
        DockerOptions docker = container.docker().orElse(null);
        if (docker == null) {
            return Optional.of("container.docker: missing (expected: it is there with type DOCKER)");
        }
        if (docker.image().isBlank()) {
            return Optional.of("container.docker.image: '' (expected: the name of an image)");
        }
        if (container.tty().isPresent()) {
            return Optional.of("container.tty_info: present (expected: none with type DOCKER)");
        }
        if (docker.network() == DockerOptions.Network.USER && network(container).isEmpty()) {
            return Optional.of("container.network_infos: no name (expected: one, as docker.network is USER)");
        }
        for (Volume volume : container.volumes()) {
            Optional<String> problem = problem(volume);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return mappings(task, docker).or(() -> Parameters.problem(docker.parameters()));
    }

    private static Optional<String> problem(Volume volume) {
        boolean relative = volume.source() == Volume.Source.SANDBOX_SELF
                || (volume.source() == Volume.Source.HOST_PATH && !volume.name().startsWith("/"));
        if (volume.source() == Volume.Source.IMAGE) {
            return Optional.of("container.volumes.image: " + volume.name() + " (expected: none with type DOCKER)");
        }
        if (volume.source() == Volume.Source.SANDBOX_PARENT) {
            return Optional.of("container.volumes: a path in the parent's sandbox (expected: none with type DOCKER)");
        }
        if (relative && !Path.of(SANDBOX, volume.name()).normalize().startsWith(SANDBOX)) {
            return Optional.of("container.volumes: " + volume.name() + " (expected: a path inside the sandbox)");
        }
        if (volume.containerPath().indexOf(':') >= 0 || volume.name().indexOf(':') >= 0) {
            return Optional.of("container.volumes: " + volume.containerPath() + " (expected: paths without a colon)");
        }
        return Optional.empty();
    }

    private static Optional<String> mappings(TaskInfo task, DockerOptions docker) {
        if (docker.portMappings().isEmpty()) {
            return Optional.empty();
        }
        if (docker.network() == DockerOptions.Network.HOST || docker.network() == DockerOptions.Network.NONE) {
            return Optional.of(
                    "container.docker.port_mappings: " + docker.portMappings().size() + " of them with network "
                            + docker.network() + " (expected: with BRIDGE or USER only)");
        }
        Ranges held = task.resources().ports();
        for (PortMapping mapping : docker.portMappings()) {
            if (!held.contains(Ranges.ofValues(List.of(mapping.hostPort())))) {
                return Optional.of("container.docker.port_mappings.host_port: " + mapping.hostPort()
                        + " (expected: one of the task's own ports, " + held + ")");
            }
        }
        return Optional.empty();
    }

    /** The body of the request; the task has no {@link #problem}. */
    static ObjectNode of(ContainerSpec spec, String image, String hostname, Map<String, String> labels) {
        TaskInfo task = spec.task();
        ContainerInfo container = task.options().container().orElseThrow();
        DockerOptions docker = container.docker().orElseThrow();
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("Image", image);
        command(body, task.command());
        ArrayNode env = body.putArray("Env");
        environment(spec, hostname).forEach((name, value) -> env.add(name + "=" + value));
        ObjectNode labelled = body.putObject("Labels");
        task.labels().forEach(labelled::put);
        labels.forEach(labelled::put);
        container.hostname().ifPresent(name -> body.put("Hostname", name));
        ObjectNode host = body.putObject("HostConfig");
        host.put("NetworkMode", networkMode(container, docker));
        host.put("Privileged", docker.privileged());
        host.putObject("RestartPolicy").put("Name", "no");
        // Read all the time into the sandbox, whose files have their own limit.
        host.putObject("LogConfig")
                .put("Type", "json-file")
                .putObject("Config")
                .put("max-size", "16m")
                .put("max-file", "2");
        resources(host, task);
        limits(host, container);
        volumes(host, container, spec.sandbox());
        for (VolumeMount volume : spec.volumes()) {
            String target = volume.containerPath().startsWith("/")
                    ? volume.containerPath()
                    : SANDBOX + "/" + volume.containerPath();
            host.withArray("Binds").add(volume.source() + ":" + target + (volume.readOnly() ? ":ro" : ""));
        }
        ports(body, host, docker);
        Parameters.apply(docker.parameters(), body);
        return body;
    }

    /** A shell takes the place of the image's entry point; arguments are handed to it. */
    private static void command(ObjectNode body, CommandInfo command) {
        if (command.shell()) {
            body.putArray("Entrypoint").add("/bin/sh");
            body.putArray("Cmd").add("-c").add(command.value());
        } else if (!command.arguments().isEmpty()) {
            command.arguments().forEach(body.putArray("Cmd")::add);
        }
    }

    private static Map<String, String> environment(ContainerSpec spec, String hostname) {
        TaskInfo task = spec.task();
        Map<String, String> env = new TreeMap<>();
        env.put("HOST", hostname);
        env.put("MESOS_TASK_ID", task.id().value());
        env.put("MESOS_EXECUTOR_ID", task.id().value());
        env.put("MESOS_FRAMEWORK_ID", task.framework().value());
        env.put("MESOS_AGENT_ID", task.agent().value());
        env.put("MESOS_SLAVE_ID", task.agent().value());
        env.put("MESOS_SANDBOX", SANDBOX);
        env.put("MESOS_DIRECTORY", SANDBOX);
        env.put("MESOS_CONTAINER_NAME", DockerContainerizer.engineName(spec.container()));
        env.putAll(spec.environment());
        env.putAll(task.command().environment());
        return env;
    }

    private static Optional<String> network(ContainerInfo container) {
        return container.networks().stream()
                .flatMap(info -> info.name().stream())
                .findFirst();
    }

    private static String networkMode(ContainerInfo container, DockerOptions docker) {
        return docker.network() == DockerOptions.Network.USER
                ? network(container).orElseThrow()
                : docker.network().name().toLowerCase(Locale.ROOT);
    }

    /** What the task holds is its weight; a limit beyond that is what it is stopped at. */
    private static void resources(ObjectNode host, TaskInfo task) {
        Map<String, Double> limits = task.options().limits();
        double cpus = task.resources().milli(Resources.CPUS) / 1000.0;
        host.put("CpuShares", Math.max(MIN_CPU_SHARES, Math.round(cpus * CPU_SHARES_PER_CPU)));
        Double cpuLimit = limits.get(Resources.CPUS);
        if (cpuLimit != null && !cpuLimit.isInfinite()) {
            host.put("CpuPeriod", CPU_PERIOD_MICROS);
            host.put("CpuQuota", Math.round(cpuLimit * CPU_PERIOD_MICROS));
        }
        long held = task.resources().milli(Resources.MEM) * MEBIBYTE / 1000;
        Double memoryLimit = limits.get(Resources.MEM);
        if (memoryLimit != null) {
            host.put("MemoryReservation", Math.max(MIN_MEMORY_BYTES, held));
        }
        if (memoryLimit == null || !memoryLimit.isInfinite()) {
            long most = memoryLimit == null ? held : Math.round(memoryLimit * MEBIBYTE);
            host.put("Memory", Math.max(MIN_MEMORY_BYTES, most));
            // No swap beside it: the limit is the limit.
            host.put("MemorySwap", Math.max(MIN_MEMORY_BYTES, most));
        }
    }

    private static void limits(ObjectNode host, ContainerInfo container) {
        for (Rlimit limit : container.rlimits()) {
            host.withArray("Ulimits")
                    .addObject()
                    .put("Name", limit.type().toLowerCase(Locale.ROOT))
                    .put("Soft", limit.soft().orElse(-1L))
                    .put("Hard", limit.hard().orElse(-1L));
        }
        container.linux().ifPresent(linux -> {
            linux.effectiveCapabilities().or(linux::boundingCapabilities).ifPresent(capabilities -> {
                host.putArray("CapDrop").add("ALL");
                capabilities.stream().sorted().forEach(host.putArray("CapAdd")::add);
            });
            linux.shmSizeMegabytes().ifPresent(size -> host.put("ShmSize", size * MEBIBYTE));
        });
    }

    private static void volumes(ObjectNode host, ContainerInfo container, Path sandbox) {
        ArrayNode binds = host.putArray("Binds").add(sandbox + ":" + SANDBOX);
        for (Volume volume : container.volumes()) {
            if (volume.source() == Volume.Source.SECRET) {
                continue; // is among the spec's
            }
            String target = volume.containerPath().startsWith("/")
                    ? volume.containerPath()
                    : SANDBOX + "/" + volume.containerPath();
            if (volume.source() == Volume.Source.DOCKER_VOLUME) {
                ObjectNode mount = host.withArray("Mounts")
                        .addObject()
                        .put("Type", "volume")
                        .put("Source", volume.name())
                        .put("Target", target)
                        .put("ReadOnly", volume.readOnly());
                if (volume.driver().isPresent() || !volume.driverOptions().isEmpty()) {
                    ObjectNode driver = mount.putObject("VolumeOptions").putObject("DriverConfig");
                    volume.driver().ifPresent(name -> driver.put("Name", name));
                    volume.driverOptions().forEach(driver.putObject("Options")::put);
                }
            } else {
                // An absolute one stays as it is.
                Path source = sandbox.resolve(volume.name()).normalize();
                binds.add(source + ":" + target + (volume.readOnly() ? ":ro" : ""));
            }
        }
    }

    private static void ports(ObjectNode body, ObjectNode host, DockerOptions docker) {
        for (PortMapping mapping : docker.portMappings()) {
            int inside = mapping.containerPort() == 0 ? mapping.hostPort() : mapping.containerPort();
            for (String protocol : mapping.protocol().split(",", -1)) {
                String port = inside + "/" + protocol.strip();
                body.withObjectProperty("ExposedPorts").putObject(port);
                host.withObjectProperty("PortBindings")
                        .withArray(port)
                        .addObject()
                        .put("HostPort", Integer.toString(mapping.hostPort()));
            }
        }
    }
}
