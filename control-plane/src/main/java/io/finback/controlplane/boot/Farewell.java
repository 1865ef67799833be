package io.finback.controlplane.boot;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Connection;
import com.typesafe.config.Config;
import io.finback.settings.SettingsReader;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * How a master that stops leaves its clients: for a moment, in which nobody new is let in, every answer says {@code Connection: close}. Who asks
 * again and again has gone elsewhere before connections are closed, so that no request meets a closing one and is lost. Thread-safe.
 */
final class Farewell {
    private static final Duration LONGEST = Duration.ofSeconds(4);

    private volatile boolean leaving;

    private Farewell() {}

    static Farewell of(ActorSystem<?> system, Config config) {
        Duration notice = SettingsReader.of(config, "finback.master.connections")
                .duration("leave-notice", Duration.ZERO, LONGEST);
        Farewell farewell = new Farewell();
        CoordinatedShutdown.get(system).addTask(CoordinatedShutdown.PhaseServiceUnbind(), "finback-farewell", () -> {
            farewell.leaving = true;
            return CompletableFuture.supplyAsync(
                    Done::getInstance, CompletableFuture.delayedExecutor(notice.toMillis(), TimeUnit.MILLISECONDS));
        });
        return farewell;
    }

    Function<HttpRequest, CompletionStage<HttpResponse>> before(
            Function<HttpRequest, CompletionStage<HttpResponse>> port) {
        return request -> port.apply(request)
                .thenApply(response -> leaving ? response.addHeader(Connection.create("close")) : response);
    }
}
