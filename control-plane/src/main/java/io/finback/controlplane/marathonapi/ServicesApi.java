package io.finback.controlplane.marathonapi;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.RecipientRef;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.server.Directives;
import akka.http.javadsl.server.Route;
import akka.util.ByteString;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services API of a master: starts the services half ({@link Services}) and answers Marathon's HTTP requests. Thread-safe. Limits:
 * body size (413), requests under way (503), time for an entity's answer (503).
 */
public final class ServicesApi {
    private static final Logger LOG = LoggerFactory.getLogger(ServicesApi.class);
    /** More than this at once are answered with 503. */
    private static final int MAX_UNDER_WAY = 1024;
    /** A body that is too large is still read up to here, so that the client gets to see the 413. */
    private static final long MAX_DRAINED_BYTES = 64L * 1024 * 1024;

    private static final List<String> EVENTS = List.of("v2", "events");
    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(15);
    private static final List<RawHeader> ALWAYS = List.of(
            RawHeader.create("Cache-Control", "no-cache, no-store, must-revalidate"),
            RawHeader.create("Pragma", "no-cache"),
            RawHeader.create("Expires", "0"),
            RawHeader.create("X-Frame-Options", "DENY"),
            RawHeader.create("X-XSS-Protection", "1; mode=block"));

    private final ActorSystem<?> system;
    private final Services services;
    private final Dispatcher dispatcher;
    private final EventsHandler events;
    private final AtomicInteger underWay = new AtomicInteger();

    /**
     * Starts entities, scheduler, endpoints and view on a master that is (about to be) a cluster member.
     *
     * @param entityIds {@code EventFeed.of(system)::entityIds}
     * @param framework the sharded entity {@code SchedulerCall.KEY}, id {@code finback-services}
     */
    public static ServicesApi start(
            ActorSystem<?> system,
            ServicesSettings settings,
            Services.EntityIds entityIds,
            RecipientRef<FrameworkMessage> framework) {
        return new ServicesApi(
                system,
                Services.start(system, settings, entityIds, framework, event -> Json.bytes(EventWriter.json(event))));
    }

    private ServicesApi(ActorSystem<?> system, Services services) {
        this.system = system;
        this.services = services;
        this.dispatcher = new Dispatcher(services, new LoggingHandler((wait, work) -> system.scheduler()
                .scheduleOnce(wait, work, system.executionContext())));
        this.events = new EventsHandler(system, services);
    }

    /** To be bound by {@code boot}. */
    public Route route() {
        return Directives.extractClientIP(address -> Directives.handle(request -> handle(
                request, address.getAddress().map(ip -> ip.getHostAddress()).orElse(""))));
    }

    /** Completes when reads show every app there was before the start. */
    public CompletionStage<Void> ready() {
        return services.ready();
    }

    private CompletionStage<HttpResponse> handle(HttpRequest request, String clientIp) {
        if (AppPath.segments(request.getUri().path()).equals(EVENTS)) {
            return CompletableFuture.completedFuture(stream(request, clientIp));
        }
        if (underWay.incrementAndGet() > MAX_UNDER_WAY) {
            underWay.decrementAndGet();
            request.discardEntityBytes(system);
            return CompletableFuture.completedFuture(render(busy("Too many requests")));
        }
        return body(request)
                .exceptionallyCompose(ServicesApi::slow)
                .thenCompose(bytes -> dispatcher.answer(request(request, clientIp, bytes)))
                .handle((answer, failure) -> failure == null ? answer : failed(failure))
                .thenApply(answer -> {
                    underWay.decrementAndGet();
                    return render(answer);
                });
    }

    private HttpResponse stream(HttpRequest request, String clientIp) {
        request.discardEntityBytes(system);
        try {
            return events.open(
                            request(request, clientIp, ByteString.emptyByteString()), header(request, "Last-Event-ID"))
                    .addHeaders(headers());
        } catch (ApiFailure failure) {
            return render(Answer.failure(failure));
        }
    }

    private CompletionStage<ByteString> body(HttpRequest request) {
        long max = services.settings().maxBodyBytes();
        return request.entity()
                .withSizeLimit(MAX_DRAINED_BYTES)
                .getDataBytes()
                .completionTimeout(BODY_TIMEOUT)
                .runFold(ByteString.emptyByteString(), (all, b) -> all.size() > max ? all : all.concat(b), system)
                .thenApply(bytes -> {
                    if (bytes.size() > max) {
                        throw ApiFailure.of(413, "The body is larger than " + max + " bytes");
                    }
                    return bytes;
                });
    }

    private static CompletionStage<ByteString> slow(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return CompletableFuture.failedFuture(
                cause instanceof TimeoutException
                        ? ApiFailure.of(408, "The body did not arrive within " + BODY_TIMEOUT.toSeconds() + " s")
                        : cause);
    }

    private Request request(HttpRequest request, String clientIp, ByteString body) {
        Map<String, List<String>> query = new HashMap<>();
        request.getUri().query().toMultiMap().forEach((name, values) -> query.put(name, List.copyOf(values)));
        String method = request.method().value();
        return new Request(
                method.equals("HEAD") ? "GET" : method,
                AppPath.segments(String.join("/", request.getUri().pathSegments())),
                query,
                header(request, "Host").orElse(services.settings().address()),
                header(request, "Accept").orElse("").toLowerCase(Locale.ROOT),
                clientIp,
                method.equals("HEAD"),
                body);
    }

    private static Optional<String> header(HttpRequest request, String name) {
        return request.getHeader(name).map(h -> h.value());
    }

    private Answer failed(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof ApiFailure known) {
            return Answer.failure(known);
        }
        if (cause instanceof TimeoutException) {
            return busy("The request was not answered in time; it may still take effect");
        }
        if (cause instanceof akka.http.scaladsl.model.EntityStreamSizeException) {
            return Answer.failure(ApiFailure.of(413, "The body is too large"));
        }
        LOG.error("services_api.failed", cause);
        return Answer.failure(ApiFailure.of(500, "Internal error"));
    }

    private static Answer busy(String why) {
        return Answer.failure(ApiFailure.of(503, why)).with("Retry-After", "1");
    }

    private HttpResponse render(Answer answer) {
        List<akka.http.javadsl.model.HttpHeader> headers = headers();
        answer.headers().forEach((name, value) -> headers.add(RawHeader.create(name, value)));
        var type = ContentTypes.parse(answer.contentType());
        return HttpResponse.create()
                .withStatus(StatusCodes.get(answer.status()))
                .addHeaders(headers)
                .withEntity(answer.status() == 204 ? HttpEntities.EMPTY : HttpEntities.create(type, answer.body()));
    }

    private List<akka.http.javadsl.model.HttpHeader> headers() {
        List<akka.http.javadsl.model.HttpHeader> headers = new ArrayList<>(ALWAYS);
        headers.add(RawHeader.create(
                "X-Marathon-Leader", "http://" + services.settings().address()));
        return headers;
    }
}
