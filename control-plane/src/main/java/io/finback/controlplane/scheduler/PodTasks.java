package io.finback.controlplane.scheduler;

import io.finback.resources.AgentId;
import io.finback.resources.Disk;
import io.finback.resources.FrameworkId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.HealthCheck;
import io.finback.tasks.Image;
import io.finback.tasks.Probe;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskGroup;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Makes the task group of a placed instance of a pod: one task a container, all of one default executor. Source: TaskGroupBuilder. */
final class PodTasks {
    private final AppDefinition app;
    private final PodSpec pod;
    private final AppVersion version;
    private final Instance instance;
    private final Instance.Place place;
    private final FrameworkId framework;
    private final boolean enforces;
    /** What of a place that is reserved no part has yet. */
    private final Optional<Shares> shares;
    /** Host ports by endpoint name. */
    private final Map<String, Integer> ports = new HashMap<>();

    private PodTasks(AppVersion version, Instance instance, FrameworkId framework, boolean enforces) {
        this.enforces = enforces;
        this.version = version;
        this.app = version.definition();
        this.pod = app.pod().orElseThrow();
        this.instance = instance;
        this.place = instance.place().orElseThrow();
        this.framework = framework;
        this.shares = place.held()
                .map(held -> held.filter(kind -> !kind.isPersistentVolume()))
                .map(Shares::new);
        Iterator<Integer> given = place.ports().iterator();
        for (PodSpec.Container container : pod.containers()) {
            for (PodSpec.Endpoint endpoint : container.endpoints()) {
                if (endpoint.hostPort().isPresent()) {
                    ports.put(endpoint.name(), given.next());
                }
            }
        }
    }

    /** {@code instance} has a place. */
    static List<TaskInfo> of(AppVersion version, Instance instance, FrameworkId framework, boolean enforces) {
        return new PodTasks(version, instance, framework, enforces).tasks();
    }

    private List<TaskInfo> tasks() {
        TaskGroup group = new TaskGroup(instance.taskId(), pod.containers().size());
        ExecutorInfo executor = new ExecutorInfo(
                ExecutorInfo.Type.DEFAULT,
                instance.taskId(),
                Optional.empty(),
                Optional.empty(),
                share(amounts(pod.executor())),
                app.role(),
                AppPath.hostName(app.id()),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                app.labels(),
                Optional.empty());
        return pod.containers().stream()
                .map(container -> task(container)
                        .withOptions(options(container).withExecutor(executor).withGroup(group)))
                .toList();
    }

    private TaskInfo task(PodSpec.Container container) {
        List<Integer> mine = container.endpoints().stream()
                .filter(e -> e.hostPort().isPresent())
                .map(e -> ports.get(e.name()))
                .toList();
        return new TaskInfo(
                TaskId.of(AppPath.partId(instance.taskId(), container.name())),
                container.name(),
                framework,
                AgentId.of(place.agentId()),
                share(amounts(container.resources()).withPorts(Ranges.ofValues(mine)))
                        .plus(disks(container)),
                command(
                        container.exec(),
                        environment(container),
                        container.user().or(app::user),
                        container.artifacts(),
                        secrets(container)),
                container.killGrace().or(app::killGrace),
                container.labels(),
                app.role(),
                Optional.empty());
    }

    /** The disks that this container mounts and that outlive it. */
    private Resources disks(PodSpec.Container container) {
        Set<String> paths = container.mounts().stream()
                .filter(mount -> volume(mount.volume()).mib().isPresent())
                .map(PodSpec.Mount::path)
                .collect(Collectors.toSet());
        return place.held()
                .map(held -> held.filter(kind -> kind.isPersistentVolume()
                        && kind.disk()
                                .flatMap(Disk::volume)
                                .filter(mount -> paths.contains(mount.containerPath()))
                                .isPresent()))
                .orElse(Resources.EMPTY);
    }

    private PodSpec.Volume volume(String name) {
        return pod.volumes().stream()
                .filter(v -> v.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Variable to source; the container's own word wins over the pod's. */
    private Map<String, String> secrets(PodSpec.Container container) {
        AppOptions.Secrets all = app.options().secrets();
        Map<String, String> names = new TreeMap<>(all.env());
        names.keySet().removeAll(container.environment().keySet());
        names.putAll(container.secrets());
        return new AppOptions.Secrets(all.declared(), names, List.of()).sources();
    }

    private Resources share(Resources wanted) {
        return shares.map(left -> left.take(wanted)).orElse(wanted);
    }

    private static CommandInfo command(
            Optional<PodSpec.Command> exec,
            Map<String, String> environment,
            Optional<String> user,
            List<AppDefinition.FetchUri> artifacts,
            Map<String, String> secrets) {
        boolean shell = exec.map(PodSpec.Command::shell).orElse(false);
        List<String> words = exec.map(PodSpec.Command::words).orElse(List.of());
        return new CommandInfo(
                shell,
                shell ? words.get(0) : "",
                shell ? List.of() : words,
                environment,
                user,
                artifacts.stream().map(TaskEnvironment::uri).toList(),
                secrets);
    }

    private RunOptions options(PodSpec.Container container) {
        RunOptions options = RunOptions.NONE;
        // A disk that outlives the container is among its resources.
        List<Volume> mounts = container.mounts().stream()
                .filter(mount -> volume(mount.volume()).mib().isEmpty())
                .map(this::mounted)
                .toList();
        if (container.image().isPresent() || !mounts.isEmpty()) {
            options = options.withContainer(new ContainerInfo(
                    ContainerInfo.Type.MESOS,
                    mounts,
                    Optional.empty(),
                    Optional.empty(),
                    container.image().map(i -> new Image(i.id(), Optional.empty(), !i.forcePull())),
                    List.of(),
                    Optional.empty(),
                    List.of(),
                    Optional.empty()));
        }
        RunOptions made = options;
        return container
                .check()
                .map(check -> made.withHealthCheck(new HealthCheck(
                        probe(container, check),
                        check.delay(),
                        check.interval(),
                        check.timeout(),
                        check.maxFailures(),
                        check.grace())))
                .orElse(made);
    }

    /** Containers of one instance find a volume without a path of the machine in the sandbox around theirs. */
    private Volume mounted(PodSpec.Mount mount) {
        PodSpec.Volume volume = volume(mount.volume());
        if (volume.secret().isPresent()) {
            String name = volume.secret().get();
            return new Volume(
                    mount.path(),
                    true,
                    Volume.Source.SECRET,
                    app.options().secrets().declared().getOrDefault(name, name),
                    Optional.empty(),
                    Map.of());
        }
        Optional<String> hostPath = volume.hostPath();
        return new Volume(
                mount.path(),
                mount.readOnly(),
                hostPath.isPresent() ? Volume.Source.HOST_PATH : Volume.Source.SANDBOX_PARENT,
                hostPath.orElse("volumes/" + mount.volume()),
                Optional.empty(),
                Map.of());
    }

    private Probe probe(PodSpec.Container container, PodSpec.Check check) {
        int port = check.endpoint().map(name -> ports.getOrDefault(name, 0)).orElse(0);
        return switch (check.kind()) {
            case EXEC ->
                Probe.of(command(
                        check.command(),
                        environment(container),
                        container.user().or(app::user),
                        List.of(),
                        Map.of()));
            case TCP -> Probe.of(new Probe.Tcp(port, false));
            case HTTP -> Probe.of(new Probe.Http("http", port, path(check), false, List.of()));
            case HTTPS -> Probe.of(new Probe.Http("https", port, path(check), false, List.of()));
        };
    }

    private static String path(PodSpec.Check check) {
        String path = check.path().orElse("/");
        return path.startsWith("/") ? path : "/" + path;
    }

    private Map<String, String> environment(PodSpec.Container container) {
        Map<String, String> env = new TreeMap<>();
        env.put("HOST", place.host());
        env.put("MESOS_TASK_ID", AppPath.partId(instance.taskId(), container.name()));
        env.put("MARATHON_APP_ID", app.id());
        env.put("MARATHON_APP_VERSION", TaskEnvironment.TIME.format(version.version()));
        env.put(TaskEnvironment.ENFORCES, Boolean.toString(enforces));
        env.put("MARATHON_CONTAINER_ID", container.name());
        env.put(
                "MARATHON_CONTAINER_RESOURCE_CPUS",
                Double.toString(container.resources().cpus()));
        env.put(
                "MARATHON_CONTAINER_RESOURCE_MEM",
                Double.toString(container.resources().mem()));
        env.put(
                "MARATHON_CONTAINER_RESOURCE_DISK",
                Double.toString(container.resources().disk()));
        env.put(
                "MARATHON_CONTAINER_RESOURCE_GPUS",
                Integer.toString(container.resources().gpus()));
        Map<String, String> labels = new TreeMap<>(app.labels());
        labels.putAll(container.labels());
        TaskEnvironment.labels(labels, env);
        for (PodSpec.Container other : pod.containers()) {
            for (PodSpec.Endpoint endpoint : other.endpoints()) {
                String name = endpoint.name().toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9_]", "_");
                Optional.ofNullable(ports.get(endpoint.name()))
                        .ifPresent(port -> env.put("EP_HOST_" + name, Integer.toString(port)));
                endpoint.containerPort().ifPresent(port -> env.put("EP_CONTAINER_" + name, Integer.toString(port)));
            }
        }
        env.putAll(app.env());
        env.keySet().removeAll(container.secrets().keySet());
        env.putAll(container.environment());
        return env;
    }

    static Resources amounts(PodSpec.Amounts amounts) {
        return Resources.of(amounts.cpus(), amounts.mem(), amounts.disk()).withScalar(Resources.GPUS, amounts.gpus());
    }
}
