package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppRules.Violation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What makes a pod valid. Paths are those of the pod's own JSON. Source: Marathon's PodsValidation. */
public final class PodRules {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    private static final String NAME_EXPECTED = "must fully match regular expression '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'";
    private static final int MAX_NAME = 63;
    private static final int MAX_CONTAINERS = 50;
    private static final Set<String> PROTOCOLS = Set.of("tcp", "udp");

    private final List<Violation> found = new ArrayList<>();
    private final PodSpec pod;

    private PodRules(PodSpec pod) {
        this.pod = pod;
    }

    /** Everything that is wrong; empty when the pod may be taken. */
    public static List<Violation> check(AppDefinition app) {
        PodRules rules = new PodRules(app.pod().orElseThrow());
        rules.found.addAll(AppRules.common(app));
        rules.containers();
        AppOptions.Secrets secrets = app.options().secrets();
        OptionRules.secrets(rules.found, secrets, "/environment/");
        OptionRules.residency(rules.found, app);
        rules.volumes(secrets);
        return rules.found;
    }

    private void containers() {
        int count = pod.containers().size();
        if (count < 1 || count > MAX_CONTAINERS) {
            wrong("/containers", "got " + count + ", expected 1 to " + MAX_CONTAINERS);
        }
        least("/executorResources/cpus", pod.executor().cpus(), 0.01);
        least("/executorResources/mem", pod.executor().mem(), 32);
        least("/executorResources/disk", pod.executor().disk(), 1);
        Set<String> volumes = new HashSet<>();
        for (int i = 0; i < pod.volumes().size(); i++) {
            PodSpec.Volume volume = pod.volumes().get(i);
            name("/volumes(" + i + ")/name", volume.name(), volumes, "volume names are not unique");
        }
        Set<String> names = new HashSet<>();
        Set<String> endpoints = new HashSet<>();
        Set<Integer> ports = new HashSet<>();
        for (int i = 0; i < count; i++) {
            PodSpec.Container container = pod.containers().get(i);
            String path = "/containers(" + i + ")";
            name(path + "/name", container.name(), names, "container names are not unique");
            container(path, container);
            for (int e = 0; e < container.endpoints().size(); e++) {
                endpoint(path + "/endpoints(" + e + ")", container.endpoints().get(e), endpoints, ports);
            }
            check(path + "/healthCheck", container, endpoints);
            for (int m = 0; m < container.mounts().size(); m++) {
                PodSpec.Mount mount = container.mounts().get(m);
                String at = path + "/volumeMounts(" + m + ")";
                if (!volumes.contains(mount.volume())) {
                    wrong(
                            at + "/name",
                            "'" + mount.volume() + "' (expected: one of the pod's volumes " + volumes + ")");
                }
                if (mount.path().isEmpty()) {
                    wrong(at + "/mountPath", "must not be empty");
                }
            }
        }
    }

    /** What has a kind: each one alone, secrets declared, and disks with one owner. */
    private void volumes(AppOptions.Secrets secrets) {
        for (int i = 0; i < pod.volumes().size(); i++) {
            PodSpec.Volume volume = pod.volumes().get(i);
            String path = "/volumes(" + i + ")";
            long kinds = Stream.of(volume.hostPath(), volume.secret(), volume.mib())
                    .filter(Optional::isPresent)
                    .count();
            if (kinds > 1) {
                wrong(path, "got " + kinds + " of host, secret and persistent, expected at most one");
            }
            volume.secret().ifPresent(name -> OptionRules.undeclared(found, secrets, path + "/secret", name));
            List<PodSpec.Mount> mounts = pod.containers().stream()
                    .flatMap(container -> container.mounts().stream())
                    .filter(mount -> mount.volume().equals(volume.name()))
                    .toList();
            if (volume.mib().isPresent() && (mounts.size() != 1 || mounts.get(0).readOnly())) {
                wrong(
                        path + "/persistent",
                        "got " + mounts.size() + " mounts, expected one, in one container, that is not readOnly");
            }
        }
        for (int i = 0; i < pod.containers().size(); i++) {
            String path = "/containers(" + i + ")/environment/";
            pod.containers()
                    .get(i)
                    .secrets()
                    .forEach((variable, name) -> OptionRules.undeclared(found, secrets, path + variable, name));
        }
    }

    private void container(String path, PodSpec.Container container) {
        PodSpec.Amounts amounts = container.resources();
        least(path + "/resources/cpus", amounts.cpus(), 0.001);
        least(path + "/resources/mem", amounts.mem(), 1);
        least(path + "/resources/disk", amounts.disk(), 0);
        least(path + "/resources/gpus", amounts.gpus(), 0);
        boolean runs = container
                .exec()
                .filter(e -> !e.words().isEmpty() && !e.words().get(0).isEmpty())
                .isPresent();
        if (!runs && (container.exec().isPresent() || container.image().isEmpty())) {
            wrong(path, "container must define a non-empty exec command, or an image");
        }
        container.exec().ifPresent(exec -> exec.words().forEach(word -> AppRules.noNul(found, path + "/exec", word)));
        AppRules.environment(found, path + "/environment", container.environment());
        container
                .killGrace()
                .filter(java.time.Duration::isNegative)
                .ifPresent(g -> wrong(
                        path + "/lifecycle/killGracePeriodSeconds", "got " + g.toSeconds() + ", expected 0 or more"));
    }

    private void endpoint(String path, PodSpec.Endpoint endpoint, Set<String> names, Set<Integer> ports) {
        name(path + "/name", endpoint.name(), names, "endpoint names are not unique");
        if (endpoint.hostPort().isEmpty()) {
            wrong(path + "/hostPort", "is required when using host-mode networking");
        }
        endpoint.hostPort().ifPresent(port -> {
            if (port < 0 || port > 65535) {
                wrong(path + "/hostPort", "got " + port + ", expected 0 to 65535");
            } else if (port != 0 && !ports.add(port)) {
                wrong(path + "/hostPort", "host ports are not unique: " + port);
            }
        });
        for (String protocol : endpoint.protocols()) {
            if (!PROTOCOLS.contains(protocol)) {
                wrong(path + "/protocol", "'" + protocol + "' (expected: tcp or udp)");
            }
        }
    }

    private void check(String path, PodSpec.Container container, Set<String> endpoints) {
        container.check().ifPresent(check -> {
            check.endpoint()
                    .filter(name -> !endpoints.contains(name)
                            || container.endpoints().stream()
                                    .noneMatch(e -> e.name().equals(name)))
                    .ifPresent(name -> wrong(
                            path + "/" + (check.kind() == PodSpec.Check.Kind.TCP ? "tcp" : "http") + "/endpoint",
                            "'" + name + "' (expected: the name of an endpoint of this container)"));
            least(path + "/gracePeriodSeconds", check.grace().toMillis() / 1000.0, 0);
            least(path + "/intervalSeconds", check.interval().toMillis() / 1000.0, 0);
            least(path + "/timeoutSeconds", check.timeout().toMillis() / 1000.0, 0);
            least(path + "/delaySeconds", check.delay().toMillis() / 1000.0, 0);
            least(path + "/maxConsecutiveFailures", check.maxFailures(), 0);
        });
    }

    private void name(String path, String name, Set<String> seen, String twice) {
        if (!NAME.matcher(name).matches() || name.length() > MAX_NAME) {
            wrong(path, NAME_EXPECTED);
        } else if (!seen.add(name)) {
            wrong(path, twice + ": " + name);
        }
    }

    private void least(String path, double value, double least) {
        if (!(value >= least) || value > AppRules.MAX_AMOUNT) {
            wrong(path, "got " + value + ", expected " + least + " or more");
        }
    }

    private void wrong(String path, String why) {
        found.add(new Violation(path, why));
    }
}
