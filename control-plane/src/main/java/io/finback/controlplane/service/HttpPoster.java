package io.finback.controlplane.service;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.StatusCodes;
import io.finback.controlplane.app.ServiceEvent;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Posts events as JSON. An answer of 2xx in time means that the event was taken; nothing of its body is read. Thread-safe. */
final class HttpPoster implements CallbacksEntity.Poster {
    private static final Logger LOG = LoggerFactory.getLogger(HttpPoster.class);

    private final ActorSystem<?> system;
    private final Duration timeout;
    private final Function<ServiceEvent, byte[]> json;

    HttpPoster(ActorSystem<?> system, Duration timeout, Function<ServiceEvent, byte[]> json) {
        this.system = system;
        this.timeout = timeout;
        this.json = json;
    }

    @Override
    public CompletionStage<Boolean> post(String url, ServiceEvent event) {
        CompletionStage<Boolean> taken;
        try {
            taken = Http.get(system)
                    .singleRequest(HttpRequest.POST(url).withEntity(ContentTypes.APPLICATION_JSON, json.apply(event)))
                    .thenApply(response -> {
                        response.discardEntityBytes(system);
                        return StatusCodes.get(response.status().intValue()).isSuccess();
                    });
        } catch (IllegalArgumentException | IllegalStateException e) {
            taken = CompletableFuture.failedFuture(e);
        }
        return taken.toCompletableFuture()
                .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionally(failure -> {
                    LOG.debug("callbacks.post_failed reason={}", failure.toString());
                    return false;
                });
    }
}
