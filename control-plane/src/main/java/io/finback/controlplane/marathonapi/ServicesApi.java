package io.finback.controlplane.marathonapi;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.RecipientRef;
import akka.http.javadsl.model.AttributeKeys;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.RemoteAddress;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.server.Directives;
import akka.http.javadsl.server.Route;
import akka.util.ByteString;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.requests.RequestShell;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.service.Services;
import io.finback.controlplane.service.ServicesSettings;
import io.finback.security.Guard;
import io.finback.security.Rules;
import io.finback.tls.NodeTls;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The services API of a master: starts the services half ({@link Services}) and answers Marathon's HTTP requests. Thread-safe. Limits are
 * those of {@link RequestShell}, and the time for an entity's answer (503).
 */
public final class ServicesApi {
    private static final List<String> EVENTS = List.of("v2", "events");
    private static final List<RawHeader> ALWAYS = List.of(
            RawHeader.create("Cache-Control", "no-cache, no-store, must-revalidate"),
            RawHeader.create("Pragma", "no-cache"),
            RawHeader.create("Expires", "0"),
            RawHeader.create("X-Frame-Options", "DENY"),
            RawHeader.create("X-XSS-Protection", "1; mode=block"));

    private final ActorSystem<?> system;
    private final String scheme;
    private final Services services;
    private final Desk desk;
    private final EventsHandler events;
    private final RequestShell shell;
    private final ArtifactsHandler artifacts;

    /**
     * Starts entities, scheduler, endpoints and view on a master that is (about to be) a cluster member.
     *
     * @param entityIds {@code EventFeed.of(system)::entityIds}
     * @param framework the sharded entity {@code SchedulerCall.KEY}, id {@code finback-services}
     * @param operator commands the allocator
     * @param runs task to job of each run on a host, which drains are about too
     * @param rules who may do what
     */
    public static ServicesApi start(
            ActorSystem<?> system,
            ServicesSettings settings,
            Services.EntityIds entityIds,
            RecipientRef<FrameworkMessage> framework,
            Services.Operator operator,
            Function<String, Map<String, String>> runs,
            Rules rules) {
        return new ServicesApi(
                system,
                Services.start(
                        system, settings, entityIds, framework, operator, event -> Json.bytes(EventWriter.json(event))),
                runs,
                rules);
    }

    private ServicesApi(
            ActorSystem<?> system, Services services, Function<String, Map<String, String>> runs, Rules rules) {
        this.system = system;
        this.scheme = NodeTls.scheme(system.settings().config());
        this.services = services;
        this.desk = new Desk(
                services,
                runs,
                new LoggingHandler(
                        (wait, work) -> system.scheduler().scheduleOnce(wait, work, system.executionContext())),
                new SystemHandler(services, scheme),
                rules);
        this.events = new EventsHandler(system, services);
        this.artifacts = new ArtifactsHandler(system, services.settings().artifacts());
        this.shell = new RequestShell(
                system, RequestShell.Limits.of(services.settings().maxBodyBytes()), new Inside());
    }

    /** The hosts that are to be left, as this master knows them. */
    public DrainBook drains() {
        return services.view().drains();
    }

    /** To be bound by {@code boot}. */
    public Route route() {
        return Directives.handle(this::handle);
    }

    /** Completes when reads show every app there was before the start. */
    public CompletionStage<Void> ready() {
        return services.ready();
    }

    private CompletionStage<HttpResponse> handle(HttpRequest request) {
        if (ArtifactsHandler.takes(request)) {
            return artifact(request);
        }
        return AppPath.segments(request.getUri().path()).equals(EVENTS)
                ? CompletableFuture.completedFuture(stream(request, clientIp(request)))
                : shell.handle(request);
    }

    private CompletionStage<HttpResponse> artifact(HttpRequest request) {
        CompletionStage<HttpResponse> answer;
        try {
            answer = artifacts.answer(request);
        } catch (ApiFailure failure) {
            answer = CompletableFuture.failedFuture(failure);
        }
        return answer.thenApply(response -> response.addHeaders(headers())).exceptionally(failure -> {
            request.discardEntityBytes(system);
            return shell.failed(failure);
        });
    }

    private final class Inside implements RequestShell.Api {
        @Override
        public CompletionStage<HttpResponse> answer(HttpRequest request, ByteString body) {
            return desk.answer(request(request, clientIp(request), body), Guard.principal(request))
                    .thenApply(ServicesApi.this::render);
        }

        @Override
        public Optional<HttpResponse> known(Throwable failure) {
            return failure instanceof ApiFailure known ? Optional.of(render(Answer.failure(known))) : Optional.empty();
        }

        @Override
        public HttpResponse refuse(int status, String message) {
            return render(Answer.failure(ApiFailure.of(status, message)));
        }
    }

    private static String clientIp(HttpRequest request) {
        return request.getAttribute(AttributeKeys.remoteAddress)
                .flatMap(RemoteAddress::getAddress)
                .map(ip -> ip.getHostAddress())
                .orElse("");
    }

    private HttpResponse stream(HttpRequest request, String clientIp) {
        request.discardEntityBytes(system);
        try {
            return events.open(
                            request(request, clientIp, ByteString.emptyByteString()),
                            header(request, "Last-Event-ID"),
                            desk.events(Guard.principal(request)))
                    .addHeaders(headers());
        } catch (ApiFailure failure) {
            return render(Answer.failure(failure));
        }
    }

    private Request request(HttpRequest request, String clientIp, ByteString body) {
        Map<String, List<String>> query = new HashMap<>();
        request.getUri().query().toMultiMap().forEach((name, values) -> query.put(name, List.copyOf(values)));
        String method = request.method().value();
        return new Request(
                method.equals("HEAD") ? "GET" : method,
                AppPath.segments(String.join("/", request.getUri().pathSegments())),
                query,
                request.getUri().getScheme() + "://"
                        + header(request, "Host").orElse(services.settings().address()),
                header(request, "Accept").orElse("").toLowerCase(Locale.ROOT),
                clientIp,
                method.equals("HEAD"),
                body);
    }

    private static Optional<String> header(HttpRequest request, String name) {
        return request.getHeader(name).map(h -> h.value());
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
                "X-Marathon-Leader", scheme + "://" + services.settings().address()));
        return headers;
    }
}
