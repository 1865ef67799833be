package io.finback.nodeagent.api;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * What containers use: {@code /monitor/statistics} and {@code /containers}, in Mesos' shapes. Measured at most twice a second
 * (Mesos refuses to be asked more often; here the last measurement answers). Source: apache/mesos {@code src/slave/http.cpp}.
 */
final class MonitorRoutes extends AllDirectives {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Duration FRESH = Duration.ofMillis(500);

    private record Measured(long atNanos, Instant at, Map<ContainerRef, Usage> usage) {}

    private final AgentView view;
    private final Function<HttpRequest, Seen> seenBy;
    private final Executor blocking;
    private Optional<Measured> last = Optional.empty();

    /**
     * @param seenBy what who asks may see
     * @param blocking reads the kernel's files
     */
    MonitorRoutes(AgentView view, Function<HttpRequest, Seen> seenBy, Executor blocking) {
        this.view = view;
        this.seenBy = seenBy;
        this.blocking = blocking;
    }

    Route route() {
        return concat(
                path(PathMatchers.segment("monitor").slash("statistics"), this::statistics),
                path(PathMatchers.segment("monitor").slash("statistics.json"), this::statistics),
                path("containers", this::containers),
                path("containers.json", this::containers));
    }

    private Route statistics() {
        return extractRequest(request -> completeWithFuture(answer(request, (task, entry) -> {})));
    }

    private Route containers() {
        return extractRequest(request -> completeWithFuture(answer(request, (task, entry) -> {
            entry.put("container_id", task.container());
            ObjectNode status = entry.putObject("status");
            status.putObject("container_id").put("value", task.container());
            task.process().flatMap(ContainerRef::leader).ifPresent(pid -> status.put("executor_pid", pid));
        })));
    }

    private CompletionStage<HttpResponse> answer(HttpRequest request, BiConsumer<AgentTask, ObjectNode> more) {
        return CompletableFuture.supplyAsync(
                () -> {
                    List<AgentTask> running = view.board().live().stream()
                            .filter(AgentTask::isRunning)
                            .toList();
                    Measured measured = measured(running);
                    Seen seen = seenBy.apply(request);
                    List<AgentTask> shown = seen.live().stream()
                            .filter(task -> task.isRunning() && seen.container(task))
                            .toList();
                    ArrayNode all = MAPPER.createArrayNode();
                    for (AgentTask task : shown) {
                        ObjectNode entry = all.addObject()
                                .put("framework_id", task.info().framework().value())
                                .put("executor_id", task.info().id().value())
                                .put(
                                        "executor_name",
                                        "Command Executor (Task: " + task.info().id() + ")")
                                .put("source", task.info().id().value());
                        more.accept(task, entry);
                        Statistics.write(
                                entry.putObject("statistics"),
                                task.info().resources(),
                                task.process()
                                        .flatMap(ref -> Optional.ofNullable(
                                                measured.usage().get(ref))),
                                measured.at());
                    }
                    return HttpResponse.create()
                            .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, all.toString()));
                },
                blocking);
    }

    private synchronized Measured measured(List<AgentTask> running) {
        long now = System.nanoTime();
        Optional<Measured> fresh = last.filter(known -> now - known.atNanos() < FRESH.toNanos());
        if (fresh.isPresent()) {
            return fresh.get();
        }
        Measured measured = new Measured(
                now,
                Instant.now(),
                Map.copyOf(view.containers()
                        .usage(running.stream()
                                .flatMap(task -> task.process().stream())
                                .toList())));
        last = Optional.of(measured);
        return measured;
    }
}
