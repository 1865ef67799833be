package io.finback.controlplane.boot;

import akka.actor.typed.ActorSystem;
import com.typesafe.config.Config;
import io.finback.controlplane.console.Console;
import io.finback.security.Guard;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Starts the services rooms and their API in a master that is about to serve. {@link MasterNode} has the one place that names it. */
@FunctionalInterface
public interface ServicesStarter {
    /**
     * Completes when {@code finback.services.http} answers; fails with {@link io.finback.runtime.StartFailure}. What it starts ends
     * with the system.
     *
     * @param guard stands before the port
     * @param console is shown there, too
     */
    CompletionStage<Void> start(ActorSystem<?> system, Config config, Guard guard, Console console);

    /** Starts nothing. */
    static ServicesStarter none() {
        return (system, config, guard, console) -> CompletableFuture.completedFuture(null);
    }
}
