package io.finback.controlplane.scheduler;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.FetchUri;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.math.BigDecimal;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Makes the task of a placed instance. Source: Marathon's EnvironmentHelper, TaskBuilder. */
public final class TaskEnvironment {
    static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    static final String ENFORCES = "MARATHON_APP_ENFORCE_GROUP_ROLE";
    private static final int MAX_LABEL_VALUE = 512;

    private TaskEnvironment() {}

    /**
     * What is launched for {@code instance}, which has a place: one task, or those of a group.
     *
     * @param enforces its top-level group enforces its role
     */
    public static List<TaskInfo> tasks(AppVersion version, Instance instance, FrameworkId framework, boolean enforces) {
        return version.definition().pod().isPresent()
                ? PodTasks.of(version, instance, framework, enforces)
                : List.of(task(version, instance, framework, enforces));
    }

    /** {@code instance} has a place. */
    public static TaskInfo task(AppVersion version, Instance instance, FrameworkId framework, boolean enforces) {
        AppDefinition app = version.definition();
        Instance.Place place = instance.place().orElseThrow();
        Map<String, String> env = environment(version, instance.taskId(), place, enforces);
        CommandInfo command = new CommandInfo(
                app.cmd().isPresent(),
                app.cmd().orElse(""),
                app.args(),
                env,
                app.user(),
                app.fetch().stream().map(TaskEnvironment::uri).toList(),
                app.options().secrets().sources());
        RunOptions options = RunOptions.NONE.withLimits(app.options().limits());
        options = AgentChecks.of(app, place, env).map(options::withHealthCheck).orElse(options);
        options = AgentChecks.general(app, place, env).map(options::withCheck).orElse(options);
        TaskInfo task = new TaskInfo(
                TaskId.of(instance.taskId()),
                AppPath.hostName(app.id()),
                framework,
                AgentId.of(place.agentId()),
                place.held().orElseGet(() -> resources(app).withPorts(Ranges.ofValues(place.ports()))),
                command,
                app.killGrace(),
                app.labels(),
                app.role(),
                Optional.empty(),
                options);
        return ContainerTranslation.of(app, place.ports())
                .map(container -> task.withOptions(task.options().withContainer(container)))
                .orElse(task);
    }

    static FetchUri uri(AppDefinition.FetchUri fetch) {
        return new FetchUri(
                fetch.uri(), fetch.executable(), fetch.extract(), fetch.cache(), fetch.destPath(), fetch.checksum());
    }

    /** What one instance needs besides its ports: what its task holds, and what its volumes take of the disk. */
    public static Resources needs(AppDefinition app) {
        Resources own = resources(app);
        double volumes = app.options().volumes().stream()
                .mapToDouble(AppOptions.LocalVolume::mib)
                .sum();
        return volumes == 0 ? own : own.plus(Resources.of(0, 0, volumes));
    }

    /** What one instance's task holds besides its ports and volumes. */
    public static Resources resources(AppDefinition app) {
        return Resources.of(app.cpus(), app.mem(), app.disk()).withScalar(Resources.GPUS, app.gpus());
    }

    /** The variables of A4 that the scheduler knows; the app's own win. */
    static Map<String, String> environment(AppVersion version, String taskId, Instance.Place place, boolean enforces) {
        AppDefinition app = version.definition();
        Map<String, String> env = new TreeMap<>();
        env.put("HOST", place.host());
        env.put("MESOS_TASK_ID", taskId);
        env.put("MARATHON_APP_ID", app.id());
        env.put("MARATHON_APP_VERSION", TIME.format(version.version()));
        env.put(ENFORCES, Boolean.toString(enforces));
        env.put("MARATHON_APP_RESOURCE_CPUS", Double.toString(app.cpus()));
        env.put("MARATHON_APP_RESOURCE_MEM", Double.toString(app.mem()));
        env.put("MARATHON_APP_RESOURCE_DISK", Double.toString(app.disk()));
        env.put("MARATHON_APP_RESOURCE_GPUS", BigDecimal.valueOf(app.gpus()).toPlainString());
        labels(app.labels(), env);
        app.container()
                .flatMap(AppContainer::docker)
                .ifPresent(docker -> env.put("MARATHON_APP_DOCKER_IMAGE", docker.image()));
        Optional<AppContainer> mapped = app.container().filter(AppContainer::mapsPorts);
        ports(
                mapped.map(container -> ContainerTranslation.declared(container, app.ports()))
                        .orElse(app.ports()),
                mapped.map(container -> ContainerTranslation.reached(container, place.ports()))
                        .orElse(place.ports()),
                env);
        env.putAll(app.env());
        return env;
    }

    static void labels(Map<String, String> labels, Map<String, String> env) {
        StringBuilder names = new StringBuilder();
        labels.forEach((name, value) -> {
            String variable = name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9_]+", "_");
            if (value.length() < MAX_LABEL_VALUE) {
                names.append(names.length() == 0 ? "" : " ").append(variable);
                env.put("MARATHON_APP_LABEL_" + variable, value);
            }
        });
        env.put("MARATHON_APP_LABELS", names.toString());
    }

    private static void ports(
            List<AppDefinition.PortDefinition> declared, List<Integer> host, Map<String, String> env) {
        for (int i = 0; i < host.size(); i++) {
            String port = host.get(i).toString();
            env.put("PORT" + i, port);
            if (i == 0) {
                env.put("PORT", port);
            }
            if (i < declared.size()) {
                AppDefinition.PortDefinition definition = declared.get(i);
                if (definition.port() != 0) {
                    env.put("PORT_" + definition.port(), port);
                }
                definition.name().map(n -> n.toUpperCase(Locale.ROOT)).ifPresent(name -> {
                    env.put("PORT_" + name, port);
                    env.put("PORT_" + name.replace('-', '_'), port);
                });
            }
        }
        if (!host.isEmpty()) {
            env.put("PORTS", host.stream().map(String::valueOf).collect(Collectors.joining(",")));
        }
    }
}
