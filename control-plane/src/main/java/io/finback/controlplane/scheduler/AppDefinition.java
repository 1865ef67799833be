package io.finback.controlplane.scheduler;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What an app shall be, as its owner said it. Two definitions that are equal need no deployment. Source: Marathon's app.raml.
 *
 * @param id absolute path such as {@code /shop/api}
 * @param cmd run by {@code /bin/sh -c}; exactly one of this and {@code args} is given
 * @param cpus cores; {@code mem} and {@code disk} in MiB
 * @param ports service ports, one host port each per instance; 0: to be assigned
 * @param container what it runs in, if that is more than a type
 * @param fetch brought into each instance's sandbox before it starts
 * @param containerType kept and shown when a container without image and volumes was given
 * @param dependencies absolute paths of apps and groups that must be there first
 * @param health empty: running is enough
 * @param pod present: its instances are groups of containers, described there; what an app runs otherwise is empty then
 * @param options what few ask for
 */
public record AppDefinition(
        String id,
        Optional<String> cmd,
        List<String> args,
        Optional<String> user,
        double cpus,
        double mem,
        double disk,
        int gpus,
        int instances,
        Map<String, String> env,
        Map<String, String> labels,
        List<PortDefinition> ports,
        boolean requirePorts,
        List<FetchUri> fetch,
        List<Constraint> constraints,
        List<String> acceptedResourceRoles,
        List<String> dependencies,
        BackoffRule backoff,
        UpgradeStrategy upgrade,
        UnreachableStrategy unreachable,
        KillSelection killSelection,
        Optional<Duration> killGrace,
        Optional<String> containerType,
        String executor,
        Optional<AppHealth> health,
        Optional<AppContainer> container,
        Optional<PodSpec> pod,
        AppOptions options) {

    /** {@code protocol}: {@code tcp}, {@code udp} or {@code udp,tcp}. */
    public record PortDefinition(int port, String protocol, Optional<String> name, Map<String, String> labels) {
        public PortDefinition {
            labels = sorted(labels);
        }

        PortDefinition withPort(int assigned) {
            return new PortDefinition(assigned, protocol, name, labels);
        }
    }

    /**
     * Something to be in the sandbox first.
     *
     * @param checksum {@code sha256:} and 64 hexadecimal digits, which it must have; ours
     */
    public record FetchUri(
            String uri,
            boolean extract,
            boolean executable,
            boolean cache,
            Optional<String> destPath,
            Optional<String> checksum) {
        public FetchUri(String uri, boolean extract, boolean executable, boolean cache, Optional<String> destPath) {
            this(uri, extract, executable, cache, destPath, Optional.empty());
        }
    }

    /** {@code operator} is upper case; {@code value} is empty where none was given. */
    public record Constraint(String field, String operator, Optional<String> value) {}

    /** How long a version that ends waits for its next launch: {@code initial}, times {@code factor} per failure, at most {@code max}. */
    public record BackoffRule(Duration initial, double factor, Duration max) {}

    /** Shares of the target count, 0 to 1. */
    public record UpgradeStrategy(double minimumHealthCapacity, double maximumOverCapacity) {}

    /** When an unreachable instance is replaced, and when it is forgotten; {@code disabled}: never. */
    public record UnreachableStrategy(boolean disabled, Duration inactiveAfter, Duration expungeAfter) {}

    public enum KillSelection {
        YOUNGEST_FIRST,
        OLDEST_FIRST
    }

    /** What is no pod and asks for nothing that few ask for. */
    public AppDefinition(
            String id,
            Optional<String> cmd,
            List<String> args,
            Optional<String> user,
            double cpus,
            double mem,
            double disk,
            int gpus,
            int instances,
            Map<String, String> env,
            Map<String, String> labels,
            List<PortDefinition> ports,
            boolean requirePorts,
            List<FetchUri> fetch,
            List<Constraint> constraints,
            List<String> acceptedResourceRoles,
            List<String> dependencies,
            BackoffRule backoff,
            UpgradeStrategy upgrade,
            UnreachableStrategy unreachable,
            KillSelection killSelection,
            Optional<Duration> killGrace,
            Optional<String> containerType,
            String executor,
            Optional<AppHealth> health,
            Optional<AppContainer> container) {
        this(
                id,
                cmd,
                args,
                user,
                cpus,
                mem,
                disk,
                gpus,
                instances,
                env,
                labels,
                ports,
                requirePorts,
                fetch,
                constraints,
                acceptedResourceRoles,
                dependencies,
                backoff,
                upgrade,
                unreachable,
                killSelection,
                killGrace,
                containerType,
                executor,
                health,
                container,
                Optional.empty(),
                AppOptions.NONE);
    }

    /** The options may be missing in what an earlier version has written. */
    public AppDefinition {
        options = Objects.requireNonNullElse(options, AppOptions.NONE);
        args = List.copyOf(args);
        env = sorted(env);
        labels = sorted(labels);
        ports = List.copyOf(ports);
        fetch = List.copyOf(fetch);
        constraints = List.copyOf(constraints);
        acceptedResourceRoles = List.copyOf(acceptedResourceRoles);
        dependencies = List.copyOf(dependencies);
        health = health.filter(h -> !h.checks().isEmpty() || h.readiness().isPresent());
    }

    public List<AppHealth.Check> checks() {
        return health.map(AppHealth::checks).orElse(List.of());
    }

    public Optional<AppHealth.Readiness> readiness() {
        return health.flatMap(AppHealth::readiness);
    }

    /** Callers come to its first port, if it is one for TCP. */
    public boolean calledAtFirstPort() {
        return pod.map(p -> p.containers().stream()
                        .flatMap(c -> c.endpoints().stream())
                        .filter(e -> e.hostPort().isPresent())
                        .findFirst()
                        .filter(e -> e.protocols().isEmpty() || e.protocols().contains("tcp"))
                        .isPresent())
                .orElseGet(() -> ports.stream()
                        .findFirst()
                        .filter(p -> p.protocol().contains("tcp"))
                        .isPresent());
    }

    public AppDefinition withInstances(int count) {
        return copy(count, ports, options);
    }

    public AppDefinition withOptions(AppOptions other) {
        return copy(instances, ports, other);
    }

    /** Whose resources it uses; {@code *}: anybody's. */
    public String role() {
        return options.role().orElse("*");
    }

    /** Replaces the port numbers in order; {@code numbers} has one for each of {@link #ports()}. */
    public AppDefinition withPortNumbers(List<Integer> numbers) {
        List<PortDefinition> changed = new java.util.ArrayList<>();
        for (int i = 0; i < ports.size(); i++) {
            changed.add(ports.get(i).withPort(numbers.get(i)));
        }
        return copy(instances, changed, options);
    }

    /** This definition with its 0 ports taken from {@code old} where that had an assigned one at the same place. */
    public AppDefinition reusingPortsOf(AppDefinition old) {
        List<Integer> numbers = new java.util.ArrayList<>();
        List<Integer> explicit = ports.stream().map(PortDefinition::port).toList();
        for (int i = 0; i < ports.size(); i++) {
            int port = ports.get(i).port();
            boolean reuse = port == 0
                    && i < old.ports.size()
                    && !explicit.contains(old.ports.get(i).port());
            numbers.add(reuse ? old.ports.get(i).port() : port);
        }
        return withPortNumbers(numbers);
    }

    /** True when only the number of instances may differ: then a change is a scale and restarts nothing. */
    public boolean sameConfigAs(AppDefinition other) {
        return withInstances(other.instances).equals(other);
    }

    private AppDefinition copy(int count, List<PortDefinition> portList, AppOptions other) {
        return new AppDefinition(
                id,
                cmd,
                args,
                user,
                cpus,
                mem,
                disk,
                gpus,
                count,
                env,
                labels,
                portList,
                requirePorts,
                fetch,
                constraints,
                acceptedResourceRoles,
                dependencies,
                backoff,
                upgrade,
                unreachable,
                killSelection,
                killGrace,
                containerType,
                executor,
                health,
                container,
                pod,
                other);
    }

    private static Map<String, String> sorted(Map<String, String> map) {
        return Collections.unmodifiableMap(new TreeMap<>(map));
    }
}
