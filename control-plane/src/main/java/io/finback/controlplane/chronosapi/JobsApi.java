package io.finback.controlplane.chronosapi;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.RecipientRef;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.server.Directives;
import akka.http.javadsl.server.Route;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.job.JobSettings;
import io.finback.controlplane.job.Jobs;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jobs API of a master: starts the jobs half ({@link Jobs}) and answers Chronos' HTTP requests below {@code /v1/scheduler} and
 * {@code /scheduler}. Every master answers; reads come from its own view, so that they are answered whatever becomes of the others. Limits:
 * body size (413), requests under way (503), time for an entity's answer (503). Thread-safe.
 */
public final class JobsApi {
    private static final Logger LOG = LoggerFactory.getLogger(JobsApi.class);
    /** More than this at once are answered with 503. */
    private static final int MAX_UNDER_WAY = 1024;
    /** A body that is too large is still read up to here, so that the client gets to see the 413. */
    private static final long MAX_DRAINED_BYTES = 64L * 1024 * 1024;

    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(15);

    private final ActorSystem<?> system;
    private final Jobs jobs;
    private final Dispatcher dispatcher;
    private final AtomicInteger underWay = new AtomicInteger();

    /**
     * Starts entities, scheduler and view on a master that is (about to be) a cluster member.
     *
     * @param names lists the jobs of the journal
     * @param framework the entity of {@code JobEntity.FRAMEWORK}
     * @param address {@code host:port} this API is reached at
     */
    public static JobsApi start(
            ActorSystem<?> system,
            JobSettings settings,
            Supplier<Source<String, NotUsed>> names,
            RecipientRef<FrameworkMessage> framework,
            String address) {
        return new JobsApi(system, Jobs.start(system, settings, names, framework), address);
    }

    private JobsApi(ActorSystem<?> system, Jobs jobs, String address) {
        this.system = system;
        this.jobs = jobs;
        this.dispatcher = new Dispatcher(jobs, address, InstantSource.system());
    }

    /** To be bound by {@code boot} beside that of services: takes only what is below its two paths. */
    public Route route() {
        return Directives.extractRequest(
                request -> path(request).isPresent() ? Directives.handle(this::handle) : Directives.reject());
    }

    /** Completes when reads show every job there was before the start. */
    public CompletionStage<Void> ready() {
        return jobs.ready();
    }

    /** The segments below {@code /v1/scheduler} or {@code /scheduler}; empty: not one of ours. */
    private static Optional<List<String>> path(HttpRequest request) {
        List<String> all = new ArrayList<>();
        request.getUri().pathSegments().forEach(segment -> {
            if (!segment.isEmpty()) {
                all.add(segment);
            }
        });
        int from = !all.isEmpty() && all.get(0).equals("v1") ? 1 : 0;
        boolean ours = all.size() > from && all.get(from).equals("scheduler");
        return ours ? Optional.of(all.subList(from + 1, all.size())) : Optional.empty();
    }

    private CompletionStage<HttpResponse> handle(HttpRequest request) {
        if (underWay.incrementAndGet() > MAX_UNDER_WAY) {
            underWay.decrementAndGet();
            request.discardEntityBytes(system);
            return CompletableFuture.completedFuture(render(Answer.failed(503, "Too many requests")));
        }
        return body(request)
                .thenCompose(bytes -> dispatcher.answer(call(request, bytes)))
                .handle((answer, failure) -> failure == null ? answer : failed(failure))
                .thenApply(answer -> {
                    underWay.decrementAndGet();
                    return render(answer);
                });
    }

    private CompletionStage<ByteString> body(HttpRequest request) {
        long max = jobs.settings().maxBodyBytes();
        return request.entity()
                .withSizeLimit(MAX_DRAINED_BYTES)
                .getDataBytes()
                .completionTimeout(BODY_TIMEOUT)
                .runFold(ByteString.emptyByteString(), (all, b) -> all.size() > max ? all : all.concat(b), system)
                .handle((bytes, failure) -> {
                    if (failure instanceof TimeoutException) {
                        throw new Failure(408, "The body did not arrive within " + BODY_TIMEOUT.toSeconds() + " s");
                    }
                    if (failure != null) {
                        throw new CompletionException(failure);
                    }
                    if (bytes.size() > max) {
                        throw new Failure(413, "The body is larger than " + max + " bytes");
                    }
                    return bytes;
                });
    }

    private static Call call(HttpRequest request, ByteString body) {
        String method = request.method().value();
        return new Call(
                method.equals("HEAD") ? "GET" : method,
                path(request).orElse(List.of()),
                request.getUri().query().toMap(),
                body);
    }

    private static Answer failed(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof Failure known) {
            return Answer.failed(known.status(), String.valueOf(known.getMessage()));
        }
        if (cause instanceof TimeoutException) {
            return Answer.failed(503, "The request was not answered in time; it may still take effect");
        }
        if (cause instanceof akka.http.scaladsl.model.EntityStreamSizeException) {
            return Answer.failed(413, "The body is too large");
        }
        LOG.error("jobs_api.failed", cause);
        return Answer.failed(500, "Internal error");
    }

    private static HttpResponse render(Answer answer) {
        List<HttpHeader> headers = new ArrayList<>();
        headers.add(RawHeader.create("Cache-Control", "no-cache, no-store, must-revalidate"));
        answer.headers().forEach((name, value) -> headers.add(RawHeader.create(name, value)));
        return HttpResponse.create()
                .withStatus(StatusCodes.get(answer.status()))
                .addHeaders(headers)
                .withEntity(
                        answer.status() == 204
                                ? HttpEntities.EMPTY
                                : HttpEntities.create(ContentTypes.parse(answer.contentType()), answer.body()));
    }
}
