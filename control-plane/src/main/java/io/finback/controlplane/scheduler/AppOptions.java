package io.finback.controlplane.scheduler;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What few apps ask for. Source: Marathon's app.raml.
 *
 * @param role whose resources it uses; empty: anybody's, as {@code *}
 * @param limits of {@code cpus} and {@code mem}: how much it may use beyond what it holds; {@code Double.POSITIVE_INFINITY}: no limit
 * @param check what the agent looks at and reports; nothing follows from it
 * @param secrets what only the agent knows the values of
 * @param residency present if and only if there are volumes
 * @param volumes that outlive its tasks; each instance has its own
 */
public record AppOptions(
        Optional<String> role,
        Map<String, Double> limits,
        Optional<TaskCheck> check,
        Secrets secrets,
        Optional<Residency> residency,
        List<LocalVolume> volumes) {
    public static final AppOptions NONE =
            new AppOptions(Optional.empty(), Map.of(), Optional.empty(), Secrets.NONE, Optional.empty(), List.of());

    /** Maps and lists may be missing in what an earlier version has written. */
    public AppOptions(
            Optional<String> role,
            @Nullable Map<String, Double> limits,
            Optional<TaskCheck> check,
            @Nullable Secrets secrets,
            Optional<Residency> residency,
            @Nullable List<LocalVolume> volumes) {
        this.role = role.filter(r -> !r.equals(ANY_ROLE));
        this.limits = limits == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(limits));
        this.check = check;
        this.secrets = Objects.requireNonNullElse(secrets, Secrets.NONE);
        this.residency = residency;
        this.volumes = volumes == null ? List.of() : List.copyOf(volumes);
    }

    private static final String ANY_ROLE = "*";

    /**
     * One look at a task: exactly one of HTTP, TCP and a command.
     *
     * @param scheme {@code http} or {@code https}; present: it is an HTTP check
     * @param portIndex which of the instance's ports; {@code port} is a number instead
     * @param shell a command line; {@code argv}: a command without a shell
     */
    public record TaskCheck(
            Optional<String> scheme,
            Optional<String> path,
            Optional<Integer> portIndex,
            Optional<Integer> port,
            Optional<String> shell,
            List<String> argv,
            Duration interval,
            Duration timeout,
            Duration delay) {
        public TaskCheck {
            argv = List.copyOf(argv);
        }

        public boolean isCommand() {
            return shell.isPresent() || !argv.isEmpty();
        }

        /** Where to look at {@code place}; empty: there is no such port. */
        Optional<Integer> portAt(Instance.Place place) {
            int index = portIndex.orElse(0);
            return port.or(() ->
                    index < place.ports().size() ? Optional.of(place.ports().get(index)) : Optional.empty());
        }
    }

    /**
     * Values that no master knows.
     *
     * @param declared name to source: what an agent's store knows it by
     * @param env variable to name
     * @param files where a task finds a value as a file
     */
    public record Secrets(Map<String, String> declared, Map<String, String> env, List<SecretFile> files) {
        public static final Secrets NONE = new Secrets(Map.of(), Map.of(), List.of());

        public Secrets {
            declared = Collections.unmodifiableMap(new TreeMap<>(declared));
            env = Collections.unmodifiableMap(new TreeMap<>(env));
            files = List.copyOf(files);
        }

        /** Variable to source. */
        Map<String, String> sources() {
            Map<String, String> sources = new TreeMap<>();
            env.forEach((variable, name) ->
                    Optional.ofNullable(declared.get(name)).ifPresent(source -> sources.put(variable, source)));
            return sources;
        }
    }

    /** {@code secret}: its name. */
    public record SecretFile(String containerPath, String secret) {}

    /** {@code escalation}: how long an instance waits for its volumes before it is begun anew elsewhere, if at all. */
    public record Residency(Duration escalation, LostBehavior lost) {
        public static final Residency STANDARD = new Residency(Duration.ofHours(1), LostBehavior.WAIT_FOREVER);
    }

    public enum LostBehavior {
        WAIT_FOREVER,
        RELAUNCH_AFTER_TIMEOUT
    }

    /** {@code mib}: its size in MiB. */
    public record LocalVolume(String containerPath, double mib) {}

    public AppOptions withRole(String other) {
        return new AppOptions(Optional.of(other), limits, check, secrets, residency, volumes);
    }

    /** Its instances have volumes, to which they come back. */
    public boolean isResident() {
        return !volumes.isEmpty();
    }
}
