package io.finback.controlplane.mesosapi;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.HttpsConnectionContext;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.Uri;
import akka.http.javadsl.settings.ClientConnectionSettings;
import akka.http.javadsl.settings.ConnectionPoolSettings;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.typesafe.config.Config;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.tls.NodeTls;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /finback/agents/<id>/files/<browse|read|download|follow|debug>}: an agent's files through any master, so that nobody who
 * looks at a sandbox needs to reach the agent. Answers pass as they come, as fast as the asker reads; so many at a time.
 */
final class AgentFiles {
    static final String PATH = "/finback/agents";

    private static final Logger log = LoggerFactory.getLogger(AgentFiles.class);
    private static final Set<String> ENDPOINTS = Set.of("browse", "read", "download", "follow", "debug");
    private static final List<String> PASSED = List.of("content-disposition", "retry-after", "cache-control");
    private static final Duration CONNECT = Duration.ofSeconds(5);

    /** An agent's streams are never silent for longer than ten seconds. */
    private static final Duration IDLE = Duration.ofSeconds(40);

    private final Supplier<ClusterSnapshot> view;
    private final ActorSystem<?> system;
    private final ConnectionPoolSettings pool;
    private final String scheme;
    private final HttpsConnectionContext context;
    private final int most;
    private final AtomicInteger open = new AtomicInteger();

    /** @param most answers under way */
    AgentFiles(Supplier<ClusterSnapshot> view, ActorSystem<?> system, int most) {
        this.view = view;
        this.system = system;
        this.most = most;
        Config config = system.settings().config();
        this.scheme = NodeTls.scheme(config);
        this.context = NodeTls.from(config).map(NodeTls::client).orElseGet(() -> Http.get(system)
                .defaultClientHttpsContext());
        this.pool = ConnectionPoolSettings.create(system.classicSystem())
                .withMaxConnections(most)
                // A power of two is what the pool wants; how many there may be is counted here.
                .withMaxOpenRequests(Integer.highestOneBit(most) * 2)
                .withMaxRetries(0)
                .withConnectionSettings(ClientConnectionSettings.create(system.classicSystem())
                        .withConnectingTimeout(scala.concurrent.duration.Duration.fromNanos(CONNECT.toNanos()))
                        .withIdleTimeout(scala.concurrent.duration.Duration.fromNanos(IDLE.toNanos())));
    }

    /** Answers under way. */
    int open() {
        return open.get();
    }

    CompletionStage<HttpResponse> answer(HttpRequest request) {
        String rest = ClusterApi.canonical(request.getUri().path()).substring(PATH.length() + 1);
        String[] parts = rest.split("/", -1);
        if (parts.length != 3 || !parts[1].equals("files") || !ENDPOINTS.contains(parts[2])) {
            throw ApiFailure.of(
                    404,
                    "'" + rest + "' (expected: <agent id>/files/ and one of browse, read, download, follow, debug)");
        }
        AgentSpec agent = find(parts[0])
                .orElseThrow(() -> ApiFailure.of(404, "agent: '" + parts[0] + "' (expected: one of this cluster)"));
        if (open.incrementAndGet() > most) {
            open.decrementAndGet();
            throw ApiFailure.of(
                    503,
                    most + " answers of agents are passed on already (expected: fewer; finback.master.api.max-files)");
        }
        Uri uri = request.getUri()
                .scheme(scheme)
                .host(agent.hostname())
                .port(agent.httpPort())
                .path("/files/" + parts[2]);
        return Http.get(system)
                .singleRequest(
                        asking(request, uri),
                        context,
                        pool,
                        system.classicSystem().log())
                .handle((answer, failure) -> {
                    open.decrementAndGet();
                    if (failure != null) {
                        throw unreachable(agent, failure);
                    }
                    return passed(answer);
                });
    }

    /** In the name of who asks: agents have the same credentials. */
    private static HttpRequest asking(HttpRequest request, Uri uri) {
        HttpRequest asked = HttpRequest.GET(uri.toString());
        return request.getHeader("Authorization").map(asked::addHeader).orElse(asked);
    }

    private Optional<AgentSpec> find(String id) {
        return view.get().agents().stream()
                .map(AllocationDelta.Agent::spec)
                .filter(spec -> spec.id().value().equals(id))
                .findFirst();
    }

    private HttpResponse passed(HttpResponse answer) {
        HttpResponse response = HttpResponse.create().withStatus(answer.status());
        for (String name : PASSED) {
            Optional<HttpHeader> header = answer.getHeader(name);
            if (header.isPresent()) {
                response = response.addHeader(header.get());
            }
        }
        Source<ByteString, NotUsed> body = answer.entity()
                .getDataBytes()
                .watchTermination((before, done) -> {
                    // Only now: of a body whose client has gone before it began nobody ever hears an end.
                    open.incrementAndGet();
                    counted(done);
                    return NotUsed.getInstance();
                })
                .mapMaterializedValue(any -> NotUsed.getInstance());
        return response.withEntity(HttpEntities.create(answer.entity().getContentType(), body));
    }

    private void counted(CompletionStage<?> done) {
        var unused = done.whenComplete((end, failure) -> open.decrementAndGet());
    }

    private static ApiFailure unreachable(AgentSpec agent, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        log.info("mesosapi.agent_unreachable agentId={} reason={}", agent.id(), cause.toString());
        return ApiFailure.of(
                502,
                "agent " + agent.id() + " does not answer at " + agent.hostname() + ":" + agent.httpPort()
                        + " (expected: its API; finback.agent.http, finback.agent.hostname)");
    }
}
