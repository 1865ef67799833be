package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.BackoffRule;
import io.finback.controlplane.scheduler.AppDefinition.KillSelection;
import io.finback.controlplane.scheduler.AppDefinition.PortDefinition;
import io.finback.controlplane.scheduler.AppDefinition.UnreachableStrategy;
import io.finback.controlplane.scheduler.AppDefinition.UpgradeStrategy;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Values the tests of the pure rules start from. */
public final class Examples {
    public static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private Examples() {}

    public static AppDefinition app(String cmd, int instances, double minHealth, double overCapacity) {
        return app("/shop/api", List.of(), cmd, instances, minHealth, overCapacity, Optional.empty());
    }

    public static AppDefinition app(String id, List<String> dependencies) {
        return app(id, dependencies, "x", 1, 1, 1, Optional.empty());
    }

    static AppDefinition labelled(Map<String, String> labels) {
        return labelled(app("labelled", 2, 1, 1), labels);
    }

    static AppDefinition labelled(AppDefinition app, Map<String, String> labels) {
        return new AppDefinition(
                app.id(),
                app.cmd(),
                app.args(),
                app.user(),
                app.cpus(),
                app.mem(),
                app.disk(),
                app.gpus(),
                app.instances(),
                app.env(),
                labels,
                app.ports(),
                app.requirePorts(),
                app.fetch(),
                app.constraints(),
                app.acceptedResourceRoles(),
                app.dependencies(),
                app.backoff(),
                app.upgrade(),
                app.unreachable(),
                app.killSelection(),
                app.killGrace(),
                app.containerType(),
                app.executor(),
                app.health(),
                app.container());
    }

    public static AppDefinition app(String cmd, int instances, UpgradeStrategy strategy, AppHealth health) {
        double min = strategy.minimumHealthCapacity();
        double over = strategy.maximumOverCapacity();
        return app("/shop/api", List.of(), cmd, instances, min, over, Optional.of(health));
    }

    static AppDefinition deployed(
            String id,
            String cmd,
            int instances,
            UpgradeStrategy strategy,
            UnreachableStrategy unreachable,
            AppHealth health) {
        AppDefinition app = app(
                id,
                List.of(),
                cmd,
                instances,
                strategy.minimumHealthCapacity(),
                strategy.maximumOverCapacity(),
                Optional.of(health));
        return new AppDefinition(
                app.id(),
                app.cmd(),
                app.args(),
                app.user(),
                app.cpus(),
                app.mem(),
                app.disk(),
                app.gpus(),
                app.instances(),
                app.env(),
                app.labels(),
                app.ports(),
                app.requirePorts(),
                app.fetch(),
                app.constraints(),
                app.acceptedResourceRoles(),
                app.dependencies(),
                app.backoff(),
                app.upgrade(),
                unreachable,
                app.killSelection(),
                app.killGrace(),
                app.containerType(),
                app.executor(),
                app.health(),
                app.container());
    }

    private static AppDefinition app(
            String id,
            List<String> dependencies,
            String cmd,
            int instances,
            double minHealth,
            double overCapacity,
            Optional<AppHealth> health) {
        return new AppDefinition(
                id,
                Optional.of(cmd),
                List.of(),
                Optional.empty(),
                0.5,
                32,
                0,
                0,
                instances,
                Map.of("A", "b"),
                Map.of("tier", "front"),
                List.of(new PortDefinition(10001, "tcp", Optional.of("http-api"), Map.of())),
                false,
                List.of(),
                List.of(),
                List.of(),
                dependencies,
                new BackoffRule(Duration.ofSeconds(1), 1.15, Duration.ofMinutes(5)),
                new UpgradeStrategy(minHealth, overCapacity),
                new UnreachableStrategy(false, Duration.ZERO, Duration.ZERO),
                KillSelection.YOUNGEST_FIRST,
                Optional.of(Duration.ofSeconds(3)),
                Optional.empty(),
                "",
                health,
                Optional.empty());
    }

    /** A pod of two containers, one with an endpoint, a check and a volume that the other mounts too. */
    public static AppDefinition pod() {
        AppDefinition app = app("/p", List.of());
        PodSpec.Amounts small = new PodSpec.Amounts(0.1, 32, 10, 0);
        PodSpec.Mount mount = new PodSpec.Mount("shared", "data", true);
        PodSpec.Container web = new PodSpec.Container(
                "web",
                Optional.of(new PodSpec.Command(true, List.of("serve"))),
                small,
                List.of(new PodSpec.Endpoint(
                        "http", Optional.of(80), Optional.of(0), List.of("tcp"), Map.of("l", "v"))),
                Optional.of(new PodSpec.Image("DOCKER", "web:1", true)),
                Map.of("A", "b"),
                Optional.of("nobody"),
                Optional.of(new PodSpec.Check(
                        PodSpec.Check.Kind.HTTP,
                        Optional.of("http"),
                        Optional.of("/"),
                        Optional.empty(),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(4),
                        3)),
                List.of(mount),
                List.of(new AppDefinition.FetchUri("/a.tgz", true, false, false, Optional.empty())),
                Map.of("l", "v"),
                Optional.of(Duration.ofSeconds(5)),
                Map.of("PASS", "pw"));
        PodSpec.Container side = new PodSpec.Container(
                "side",
                Optional.of(new PodSpec.Command(false, List.of("tail", "-f"))),
                small,
                List.of(),
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                List.of(mount),
                List.of(),
                Map.of(),
                Optional.empty(),
                Map.of());
        PodSpec pod = new PodSpec(List.of(web, side), List.of(new PodSpec.Volume("shared", Optional.empty())), small);
        return new AppDefinition(
                "/p",
                Optional.empty(),
                List.of(),
                Optional.empty(),
                0.3,
                96,
                30,
                0,
                1,
                Map.of(),
                Map.of(),
                List.of(),
                false,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                app.backoff(),
                app.upgrade(),
                app.unreachable(),
                app.killSelection(),
                Optional.empty(),
                Optional.empty(),
                "",
                Optional.empty(),
                Optional.empty(),
                Optional.of(pod),
                AppOptions.NONE);
    }

    /** An app with a volume, in role {@code data}. */
    public static AppDefinition resident(int instances) {
        return app("v1", instances, 0.5, 0)
                .withOptions(new AppOptions(
                        Optional.of("data"),
                        Map.of("mem", Double.POSITIVE_INFINITY, "cpus", 2.0),
                        Optional.of(new AppOptions.TaskCheck(
                                Optional.of("http"),
                                Optional.of("/"),
                                Optional.of(0),
                                Optional.empty(),
                                Optional.empty(),
                                List.of(),
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(1))),
                        new AppOptions.Secrets(
                                Map.of("pw", "shop/db"),
                                Map.of("PASS", "pw"),
                                List.of(new AppOptions.SecretFile("pw.txt", "pw"))),
                        Optional.of(AppOptions.Residency.STANDARD),
                        List.of(new AppOptions.LocalVolume("data", 512))));
    }

    public static AppDefinition app(int instances) {
        return app("v1", instances, 1, 1);
    }

    /** An app whose {@code instances} all run, without a deployment. */
    public static AppState running(AppDefinition definition) {
        AppState state = apply(
                AppState.empty(definition.id()),
                AppChange.create(AppState.empty(definition.id()), definition, false, "d0", NOW));
        state = order(state, "d0", 1, DeploymentPlan.Kind.SCALE);
        state = runAll(settle(state));
        return AppEvent.fold(state, AppChange.release(state, "d0", true));
    }

    public static AppState apply(AppState state, AppChange.Decision decision) {
        return decision.match(accepted -> AppEvent.fold(state, accepted.events()), why -> {
            throw new AssertionError("refused: " + why);
        });
    }

    public static AppState order(AppState state, String deployment, int step, DeploymentPlan.Kind kind) {
        return AppEvent.fold(state, AppChange.order(state, new AppState.Order(deployment, step, kind)));
    }

    public static AppState settle(AppState state) {
        return AppEvent.fold(state, InstancePlanner.settle(state, NOW, Listening.UNKNOWN, uuids()));
    }

    public static AppState settle(AppState state, Listening listening) {
        return AppEvent.fold(state, InstancePlanner.settle(state, NOW, listening, uuids()));
    }

    /** Launches whatever is scheduled and lets it run. */
    public static AppState runAll(AppState state) {
        AppState next = state;
        for (Instance i : state.instances().values()) {
            if (!i.launched()) {
                next = place(next, i.taskId());
                next = run(next, i.taskId());
            }
        }
        return next;
    }

    public static AppState place(AppState state, String taskId) {
        Instance.Place place = new Instance.Place("a1", "host1", List.of(31005), Map.of(), NOW);
        Instance.Place there = state.homeOf(taskId)
                .map(home -> new Instance.Place(
                        home.agentId(), home.host(), List.of(), Map.of(), NOW, Optional.of(home.resources())))
                .orElse(place);
        Map<String, Instance.Place> settled = InstanceChange.launchable(state, Map.of(taskId, there));
        return new AppEvent.InstancesPlaced(settled).applyTo(state);
    }

    public static AppState run(AppState state, String taskId) {
        return AppEvent.fold(state, TaskReport.events(state, status(taskId, TaskState.RUNNING)));
    }

    /** Ends everything doomed. */
    public static AppState endDoomed(AppState state) {
        AppState next = state;
        for (Instance i : state.instances().values()) {
            if (i.doomed()) {
                next = AppEvent.fold(next, TaskReport.events(next, status(i.taskId(), TaskState.KILLED)));
            }
        }
        return next;
    }

    public static TaskStatus status(String taskId, TaskState state) {
        return new TaskStatus(
                io.finback.resources.TaskId.of(taskId),
                io.finback.resources.FrameworkId.of("finback-services"),
                io.finback.resources.AgentId.of("a1"),
                state,
                TaskStatus.Source.AGENT,
                Optional.of("u" + NUMBER.incrementAndGet()),
                NOW.plusMillis(NUMBER.incrementAndGet()),
                Optional.empty(),
                Optional.of("message"),
                Optional.empty(),
                Optional.empty());
    }

    public static Supplier<String> uuids() {
        return () -> "00000000-" + NUMBER.incrementAndGet();
    }

    public static List<Instance> ofCommand(AppState state, boolean fresh) {
        List<Instance> list = new ArrayList<>();
        Instant config = state.current().orElseThrow().configAt();
        state.instances().values().stream()
                .filter(i -> i.configAt().equals(config) == fresh)
                .forEach(list::add);
        return list;
    }
}
