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
import io.finback.controlplane.requests.RequestShell;
import io.finback.controlplane.schedule.JobNames;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.security.Guard;
import io.finback.security.Rules;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * The jobs API of a master: starts the jobs half ({@link Jobs}) and answers Chronos' HTTP requests below {@code /v1/scheduler} and
 * {@code /scheduler}. Every master answers; reads come from its own view, so that they are answered whatever becomes of the others. Limits are
 * those of {@link RequestShell}, and the time for an entity's answer (503). Thread-safe.
 */
public final class JobsApi {
    private final Jobs jobs;
    private final Dispatcher whole;
    private final Rules rules;
    private final String address;
    private final RequestShell shell;

    /**
     * Starts entities, scheduler and view on a master that is (about to be) a cluster member.
     *
     * @param names lists the jobs of the journal
     * @param framework the entity of {@code JobEntity.FRAMEWORK}
     * @param address {@code host:port} this API is reached at
     * @param rules who may do what
     */
    public static JobsApi start(
            ActorSystem<?> system,
            JobSettings settings,
            Supplier<Source<String, NotUsed>> names,
            RecipientRef<FrameworkMessage> framework,
            Supplier<DrainBook> drains,
            String address,
            Rules rules) {
        return new JobsApi(system, Jobs.start(system, settings, names, framework, drains), address, rules);
    }

    private JobsApi(ActorSystem<?> system, Jobs jobs, String address, Rules rules) {
        this.jobs = jobs;
        this.rules = rules;
        this.address = address;
        this.whole = new Dispatcher(jobs, address, InstantSource.system());
        this.shell =
                new RequestShell(system, RequestShell.Limits.of(jobs.settings().maxBodyBytes()), new Inside());
    }

    /** Job and task of each run on a host. */
    public Map<String, String> on(String host) {
        Map<String, String> runs = new TreeMap<>();
        jobs.on(host::equals).forEach(guest -> runs.put(JobNames.taskId(guest.job(), guest.run()), guest.job()));
        return runs;
    }

    /** To be bound by {@code boot} beside that of services: takes only what is below its two paths. */
    public Route route() {
        return Directives.extractRequest(
                request -> path(request).isPresent() ? Directives.handle(shell::handle) : Directives.reject());
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

    private final class Inside implements RequestShell.Api {
        @Override
        public CompletionStage<HttpResponse> answer(HttpRequest request, ByteString body) {
            return dispatcher(request).answer(call(request, body)).thenApply(JobsApi::render);
        }

        @Override
        public Optional<HttpResponse> known(Throwable failure) {
            return failure instanceof Failure known
                    ? Optional.of(refuse(known.status(), String.valueOf(known.getMessage())))
                    : Optional.empty();
        }

        @Override
        public HttpResponse refuse(int status, String message) {
            return render(Answer.failed(status, message));
        }
    }

    /** Reads show less; changes are compared with all there is, and refused. */
    private Dispatcher dispatcher(HttpRequest request) {
        JobRights rights = new JobRights(rules, Guard.principal(request));
        if (rights.isWhole()) {
            return whole;
        }
        boolean reads = Set.of("GET", "HEAD").contains(request.method().value());
        return new Dispatcher(reads ? jobs.seenBy(rights) : jobs.changedBy(rights), address, InstantSource.system());
    }

    private static Call call(HttpRequest request, ByteString body) {
        String method = request.method().value();
        return new Call(
                method.equals("HEAD") ? "GET" : method,
                path(request).orElse(List.of()),
                request.getUri().query().toMap(),
                body);
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
