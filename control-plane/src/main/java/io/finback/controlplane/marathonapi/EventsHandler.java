package io.finback.controlplane.marathonapi;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.stream.BoundedSourceQueue;
import akka.stream.QueueOfferResult;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.finback.controlplane.app.EventIds;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.service.EventHub;
import io.finback.controlplane.service.EventSettings;
import io.finback.controlplane.service.Services;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * {@code /v2/events}: server-sent events. A reader that is too slow is disconnected and may come back with {@code Last-Event-ID}. Events of
 * all masters are read at any of them.
 */
final class EventsHandler {
    private static final ByteString HEARTBEAT = ByteString.fromString("\r\n");

    private final ActorSystem<?> system;
    private final Services services;
    private final EventSettings settings;

    EventsHandler(ActorSystem<?> system, Services services) {
        this.system = system;
        this.services = services;
        this.settings = services.settings().events();
    }

    /**
     * Throws {@link ApiFailure} when the request is none for a stream.
     *
     * @param shown what who asks sees of an event
     */
    HttpResponse open(
            Request request, Optional<String> lastEventId, Function<ServiceEvent, Optional<ServiceEvent>> shown) {
        if (!request.method().equals("GET") || request.head()) {
            throw ApiFailure.of(405, "Method not allowed").allowing("GET");
        }
        if (!request.accept().contains("text/event-stream")) {
            throw ApiFailure.of(405, "Accept: expected text/event-stream");
        }
        EventHub hub = services.events();
        if (hub.listeners() >= settings.readers()) {
            throw ApiFailure.of(503, "More than " + settings.readers() + " readers of events");
        }
        return HttpResponse.create()
                .withEntity(HttpEntities.createChunked(
                        ContentTypes.create(MediaTypes.TEXT_EVENT_STREAM),
                        Source.fromMaterializer((materializer, attributes) -> frames(request, lastEventId, shown))));
    }

    /** Begins to listen only when somebody reads. */
    private Source<ByteString, NotUsed> frames(
            Request request, Optional<String> lastEventId, Function<ServiceEvent, Optional<ServiceEvent>> shown) {
        EventHub hub = services.events();
        Set<String> types = Set.copyOf(request.query().getOrDefault("event_type", List.of()));
        Predicate<ServiceEvent> wanted = event -> types.isEmpty() || types.contains(EventWriter.type(event));
        var materialized = Source.<ServiceEvent>queue(settings.buffer()).preMaterialize(system);
        BoundedSourceQueue<ServiceEvent> queue = materialized.first();
        ServiceEvent own = stream(request, true);
        Consumer<ServiceEvent> listener = event -> {
            boolean mine = event.id().equals(own.id());
            if (!mine && wanted.test(event)) {
                shown.apply(event)
                        .filter(some -> queue.offer(some) == QueueOfferResult.dropped())
                        .ifPresent(dropped -> queue.complete());
            }
        };
        List<ServiceEvent> missed = hub.listen(lastEventId, listener).stream()
                .filter(wanted)
                .flatMap(event -> shown.apply(event).stream())
                .toList();
        services.publish(own);
        return Source.single(own)
                .concat(Source.from(missed))
                .concatLazy(materialized.second())
                .map(EventsHandler::frame)
                .keepAlive(settings.heartbeat(), () -> HEARTBEAT)
                .watchTermination((mat, end) -> {
                    var unused = end.whenComplete((done, failure) -> {
                        hub.leave(listener);
                        queue.complete();
                        services.publish(stream(request, false));
                    });
                    return NotUsed.getInstance();
                });
    }

    private static ServiceEvent stream(Request request, boolean attached) {
        Instant now = Instant.now();
        return new ServiceEvent.StreamChanged(EventIds.next(now), now, request.clientIp(), attached);
    }

    private static ByteString frame(ServiceEvent event) {
        return ByteString.fromString("event: " + EventWriter.type(event) + "\r\nid: " + event.id() + "\r\ndata: ")
                .concat(ByteString.fromArray(Json.bytes(EventWriter.json(event))))
                .concat(ByteString.fromString("\r\n\r\n"));
    }
}
