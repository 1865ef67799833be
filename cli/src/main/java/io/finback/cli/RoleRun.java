package io.finback.cli;

import com.typesafe.config.Config;
import io.finback.runtime.DataDirLock;
import io.finback.runtime.Ports;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.settings.ClusterSettings;
import io.finback.settings.NodeConfig;
import io.finback.tls.TlsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs one node in this process until it is told to stop. It waits for masters as long as it takes. */
final class RoleRun {
    private static final Duration SAY_THAT_WE_WAIT = Duration.ofSeconds(10);

    private final Roles roles;
    private final Screen screen;

    RoleRun(Roles roles, Screen screen) {
        this.roles = roles;
        this.screen = screen;
    }

    /** Returns when the node has stopped in order. Throws {@link StartFailure} when it did not start, or ended by itself. */
    void run(Role role, NodeConfig wishes, CompletionStage<Void> stop) {
        NodeStarter starter = roles.starter(role);
        Config config = wishes.load();
        Path data = Path.of(config.getString("finback.data-dir"));
        var listeners = Listeners.of(config, role);
        TlsSettings tls = TlsSettings.from(config);
        Ports.check(listeners);
        try (DataDirLock lock = DataDirLock.acquire(data)) {
            Path log = lock.directory().resolve("logs").resolve("finback.log");
            Logs.to(log, true);
            Nodes nodes = new Nodes();
            try {
                if (role == Role.MASTER && lock.wasLeft() && !new ComeBack(config, screen).await(stop)) {
                    return;
                }
                nodes.startAll(Map.of(role.id(), () -> starter.start(config)));
                CompletableFuture<Void> ready = nodes.ready();
                CompletableFuture<String> ended = nodes.anyTerminated();
                CompletableFuture<Void> asked = stop.toCompletableFuture();
                CompletableFuture<Object> first = CompletableFuture.anyOf(ready, ended, asked);
                waitAndSay(first, role, config);
                first.get();
                if (ready.isDone() && !asked.isDone() && !ended.isDone()) {
                    screen.say(Banner.ready(role, listeners, tls));
                    CompletableFuture.anyOf(ended, asked).get();
                }
                if (!asked.isDone()) {
                    throw new StartFailure(ended.join() + " (the log is " + log + ")");
                }
                screen.say("Stopping the " + role.id() + ". Ctrl-C again ends at once.");
            } catch (ExecutionException e) {
                throw Nodes.failure(role.id(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                nodes.stop(node -> true);
            }
        }
    }

    private void waitAndSay(CompletableFuture<Object> first, Role role, Config config)
            throws InterruptedException, ExecutionException {
        try {
            var unused = first.get(SAY_THAT_WE_WAIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            ClusterSettings cluster = ClusterSettings.from(config);
            screen.say("Waiting: the " + role.id() + " runs but is not ready yet; masters: "
                    + (cluster.discovery().used()
                            ? "whoever " + cluster.discovery().service() + " leads to"
                            : cluster.seeds()));
        }
    }
}
