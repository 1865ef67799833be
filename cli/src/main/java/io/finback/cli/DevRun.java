package io.finback.cli;

import com.typesafe.config.Config;
import io.finback.runtime.DataDirLock;
import io.finback.runtime.Node;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.settings.NodeConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Runs a whole cluster in this process until it is told to stop. Everything that can be refused is refused before the first node
 * starts; when a node fails all the same, the others are stopped, save that agents are left to end with the process, as after a
 * crash: tasks they had adopted must not die because some other node could not start.
 */
final class DevRun {
    private static final Duration READY_LIMIT = Duration.ofMinutes(2);
    private static final Path DEFAULT_DATA = Path.of(".finback", "dev");

    /** What the command line says. */
    record Wishes(List<Path> files, List<String> overrides, Path data, int agents, int portOffset, boolean fresh) {
        Wishes {
            files = List.copyOf(files);
            overrides = List.copyOf(overrides);
        }
    }

    private final Roles roles;
    private final Screen screen;
    private final Map<String, String> environment;
    private final Consumer<DevPlan> whenReady;

    /** {@code whenReady} is called once, after the screen has said so. */
    DevRun(Roles roles, Screen screen, Map<String, String> environment, Consumer<DevPlan> whenReady) {
        this.roles = roles;
        this.screen = screen;
        this.environment = environment;
        this.whenReady = whenReady;
    }

    /** {@code --data}, else {@code finback.data-dir} where somebody set it, else {@code .finback/dev}. */
    static Path dataDir(Path wished, NodeConfig config) {
        Config given = config.given();
        return !wished.toString().isEmpty()
                ? wished
                : given.hasPath("finback.data-dir") ? Path.of(given.getString("finback.data-dir")) : DEFAULT_DATA;
    }

    /**
     * Returns when the cluster has stopped in order. Throws {@link StartFailure} when it did not start, or ended by itself.
     *
     * @param startedNanos when the person pressed return, as far as we know
     */
    void run(Wishes wishes, long startedNanos, CompletionStage<Void> stop) {
        NodeConfig config = NodeConfig.of(wishes.files(), environment, wishes.overrides());
        Config base = config.load();
        DataDir data = new DataDir(dataDir(wishes.data(), config));
        data.check();
        Path existing = existing(data.path().toAbsolutePath());
        DevPlan plan = DevPlan.of(base, data.path(), wishes.agents(), wishes.portOffset(), Machine.discover(existing));
        plan.nodes().forEach(node -> {
            var unused = roles.starter(node.role());
        });
        plan.checkPorts();
        List<DataDirLock> locks = wishes.fresh() ? lockFresh(data, plan) : data.lock(directories(plan));
        try {
            Logs.to(data.path().resolve("logs").resolve("finback.log"), false);
            Banner.dev(plan).forEach(screen::say);
            runLocked(plan, data.path(), startedNanos, stop);
        } finally {
            locks.forEach(DataDirLock::close);
        }
    }

    private List<DataDirLock> lockFresh(DataDir data, DevPlan plan) {
        try (DataDirLock whole = DataDirLock.acquire(data.path())) {
            List<Path> agents = data.agents();
            agents.forEach(roles.sweep()::stopTasksOf);
            data.clear();
            if (!agents.isEmpty()) {
                screen.say("Forgot the data in " + whole.directory() + " and ended the tasks that still ran from it.");
            }
        }
        return data.lock(directories(plan));
    }

    private void runLocked(DevPlan plan, Path data, long startedNanos, CompletionStage<Void> stop) {
        Nodes nodes = new Nodes();
        try {
            nodes.startAll(starts(plan));
            CompletableFuture<Void> ready = nodes.ready();
            // An agent that an operator removes ends alone; the cluster goes on without it.
            CompletableFuture<String> ended = nodes.anyTerminated(node -> !node.isRemoved(), screen::say);
            CompletableFuture<Void> asked = stop.toCompletableFuture();
            CompletableFuture.anyOf(ready, ended, asked).get(READY_LIMIT.toSeconds(), TimeUnit.SECONDS);
            if (ready.isDone() && !asked.isDone() && !ended.isDone()) {
                Banner.devReady(Duration.ofNanos(System.nanoTime() - startedNanos), data)
                        .forEach(screen::say);
                whenReady.accept(plan);
                CompletableFuture.anyOf(ended, asked).get();
            }
            if (!asked.isDone()) {
                throw new StartFailure(ended.join() + " (the log is " + log(data) + ")");
            }
            stopInOrder(nodes);
        } catch (TimeoutException e) {
            stopAfterFailure(nodes);
            throw new StartFailure("not ready within " + READY_LIMIT.toSeconds() + " s; the log is " + log(data), e);
        } catch (ExecutionException e) {
            stopAfterFailure(nodes);
            throw Nodes.failure("dev", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopInOrder(nodes);
        } catch (StartFailure e) {
            stopAfterFailure(nodes);
            throw e;
        }
    }

    private void stopInOrder(Nodes nodes) {
        screen.say("Stopping: the router, the agents and their tasks, the master. Ctrl-C again ends at once.");
        long began = System.nanoTime();
        nodes.stop(node -> node.role() == Role.ROUTER);
        nodes.stop(node -> node.role() == Role.AGENT);
        nodes.stop(node -> node.role() == Role.MASTER);
        screen.say("Stopped in " + Banner.seconds(Duration.ofNanos(System.nanoTime() - began)) + ".");
    }

    private static void stopAfterFailure(Nodes nodes) {
        nodes.stop(node -> node.role() == Role.ROUTER);
        nodes.stop(node -> node.role() == Role.MASTER);
    }

    private Map<String, Supplier<Node>> starts(DevPlan plan) {
        Map<String, Supplier<Node>> starts = new LinkedHashMap<>();
        plan.nodes()
                .forEach(node ->
                        starts.put(node.name(), () -> roles.starter(node.role()).start(node.config())));
        return starts;
    }

    private static List<Path> directories(DevPlan plan) {
        return plan.nodes().stream().map(DevPlan.PlannedNode::directory).toList();
    }

    private static Path log(Path data) {
        return data.resolve("logs").resolve("finback.log");
    }

    private static Path existing(Path path) {
        Path at = path;
        while (!at.toFile().exists() && at.getParent() != null) {
            at = at.getParent();
        }
        return at;
    }
}
