package io.finback.controlplane.namerdapi;

import akka.Done;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.OverflowStrategy;
import akka.stream.javadsl.Source;
import akka.stream.javadsl.SourceQueueWithComplete;
import akka.util.ByteString;
import io.finback.controlplane.naming.NamesView;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Streams of lines that follow the view: the value now, and again whenever it is another. A slow reader misses values between, never the last
 * one. Thread-safe.
 */
final class Watching {
    private final NamesView view;
    private final int most;
    private final AtomicInteger open = new AtomicInteger();

    Watching(NamesView view, int most) {
        this.view = view;
        this.most = most;
    }

    /** {@code value}: what is asked for, now; empty: nothing to say yet. A stream ends when it throws. */
    HttpResponse stream(Supplier<Optional<String>> value, String contentType) {
        if (open.get() >= most) {
            return HttpResponse.create()
                    .withStatus(StatusCodes.SERVICE_UNAVAILABLE)
                    .addHeader(RawHeader.create("Retry-After", "1"))
                    .withEntity("more than " + most + " watches (finback.namerd.max-watches)\n");
        }
        Source<ByteString, ?> lines = Source.<Done>queue(1, OverflowStrategy.dropHead())
                .mapMaterializedValue(this::follow)
                .statefulMapConcat(() -> {
                    String[] last = {""};
                    return tick -> {
                        Optional<String> next = value.get().filter(text -> !text.equals(last[0]));
                        next.ifPresent(text -> last[0] = text);
                        return next.map(text -> List.of(ByteString.fromString(text + "\n")))
                                .orElseGet(List::of);
                    };
                });
        return HttpResponse.create()
                .withEntity(HttpEntities.createChunked(
                        contentType.equals("application/json")
                                ? ContentTypes.APPLICATION_JSON
                                : ContentTypes.parse("application/dtab; charset=UTF-8"),
                        lines));
    }

    /** Counted from here on: of a stream whose client has gone before it began nobody ever hears an end. */
    private SourceQueueWithComplete<Done> follow(SourceQueueWithComplete<Done> queue) {
        if (open.incrementAndGet() > most) {
            open.decrementAndGet();
            queue.complete();
            return queue;
        }
        Runnable stop = view.follow(() -> offer(queue));
        var ended = queue.watchCompletion().whenComplete((done, failure) -> {
            stop.run();
            open.decrementAndGet();
        });
        Objects.requireNonNull(ended);
        offer(queue);
        return queue;
    }

    private static void offer(SourceQueueWithComplete<Done> queue) {
        var offered = queue.offer(Done.getInstance());
        Objects.requireNonNull(offered);
    }
}
