package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.FetchUri;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What makes an app a pod: containers that are launched on one agent together and end together. Source: Marathon's pod.raml and
 * mesosContainer.raml.
 *
 * @param containers at least one, names unique
 * @param volumes what containers may mount
 * @param executor what is held for the group itself beside its containers
 */
public record PodSpec(List<Container> containers, List<Volume> volumes, Amounts executor) {
    /** {@code cpus} in cores; {@code mem} and {@code disk} in MiB. */
    public record Amounts(double cpus, double mem, double disk, int gpus) {
        Amounts plus(Amounts other) {
            return new Amounts(cpus + other.cpus, mem + other.mem, disk + other.disk, gpus + other.gpus);
        }
    }

    /** A command line for the shell, or an argument vector. */
    public record Command(boolean shell, List<String> words) {
        public Command {
            words = List.copyOf(words);
        }
    }

    /**
     * A port of a container.
     *
     * @param hostPort 0: any that is free; empty only outside the machine's own network
     */
    public record Endpoint(
            String name,
            Optional<Integer> containerPort,
            Optional<Integer> hostPort,
            List<String> protocols,
            Map<String, String> labels) {
        public Endpoint {
            protocols = List.copyOf(protocols);
            labels = Collections.unmodifiableMap(new TreeMap<>(labels));
        }
    }

    /** {@code kind}: {@code DOCKER} or {@code APPC}. */
    public record Image(String kind, String id, boolean forcePull) {}

    /** Exactly one of {@code endpoint} (HTTP, HTTPS and TCP) and {@code command}. */
    public record Check(
            Kind kind,
            Optional<String> endpoint,
            Optional<String> path,
            Optional<Command> command,
            Duration grace,
            Duration interval,
            Duration timeout,
            Duration delay,
            int maxFailures) {
        /** How it looks. */
        public enum Kind {
            HTTP,
            HTTPS,
            TCP,
            EXEC
        }
    }

    /**
     * Of none of the three kinds: a directory that lives as long as the instance, shared by those that mount it.
     *
     * @param hostPath of the machine
     * @param secret the name of one the pod declares: a file with its value
     * @param mib a disk of so many MiB that outlives the instance's tasks
     */
    public record Volume(String name, Optional<String> hostPath, Optional<String> secret, Optional<Double> mib) {
        public Volume(String name, Optional<String> hostPath) {
            this(name, hostPath, Optional.empty(), Optional.empty());
        }
    }

    public record Mount(String volume, String path, boolean readOnly) {}

    /** One container. {@code secrets}: variable to the name of a secret the pod declares. */
    public record Container(
            String name,
            Optional<Command> exec,
            Amounts resources,
            List<Endpoint> endpoints,
            Optional<Image> image,
            Map<String, String> environment,
            Optional<String> user,
            Optional<Check> check,
            List<Mount> mounts,
            List<FetchUri> artifacts,
            Map<String, String> labels,
            Optional<Duration> killGrace,
            Map<String, String> secrets) {
        /** Secrets may be missing in what an earlier version has written. */
        public Container {
            secrets = secrets == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(secrets));
            endpoints = List.copyOf(endpoints);
            environment = Collections.unmodifiableMap(new TreeMap<>(environment));
            mounts = List.copyOf(mounts);
            artifacts = List.copyOf(artifacts);
            labels = Collections.unmodifiableMap(new TreeMap<>(labels));
        }
    }

    public PodSpec {
        containers = List.copyOf(containers);
        volumes = List.copyOf(volumes);
    }

    /** Everything one instance holds. */
    public Amounts total() {
        Amounts sum = executor;
        for (Container container : containers) {
            sum = sum.plus(container.resources());
        }
        return sum;
    }

    /** The ports of the machine it asks for, in the order of containers and endpoints; 0: any. */
    public List<Integer> hostPorts() {
        return containers.stream()
                .flatMap(c -> c.endpoints().stream())
                .flatMap(e -> e.hostPort().stream())
                .toList();
    }

    /** Some container says whether it is healthy. */
    public boolean checked() {
        return containers.stream().anyMatch(c -> c.check().isPresent());
    }
}
