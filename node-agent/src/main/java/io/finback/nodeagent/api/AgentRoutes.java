package io.finback.nodeagent.api;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent API: {@code /health}, {@code /version}, {@code /state}, {@code /flags}, {@code /containers},
 * {@code /monitor/statistics}, {@code /files/read}, {@code /metrics} and {@code /metrics/snapshot}; each also under {@code /slave(1)} and with {@code .json}, where Mesos has them so. Reads only.
 */
public final class AgentRoutes extends AllDirectives {
    private static final Logger log = LoggerFactory.getLogger(AgentRoutes.class);
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final ContentType.NonBinary PROMETHEUS = MediaTypes.TEXT_PLAIN.toContentType(HttpCharsets.UTF_8);

    private final AgentView view;
    private final IntSupplier port;
    private final MonitorRoutes monitor;
    private final SandboxFiles files;
    private final Executor blocking;

    /**
     * @param port where this API listens; asked when a request is answered
     * @param blocking waits for the disk
     */
    public AgentRoutes(AgentView view, IntSupplier port, Executor blocking) {
        this.view = view;
        this.port = port;
        this.monitor = new MonitorRoutes(view, blocking);
        this.files = new SandboxFiles(view.sandboxes().root());
        this.blocking = blocking;
    }

    public Route route() {
        return get(() -> concat(pathPrefix("slave(1)", this::endpoints), endpoints()));
    }

    private Route endpoints() {
        return concat(
                path("health", () -> complete(StatusCodes.OK)),
                json("version", () -> "{\"version\":\"" + view.version() + "\"}"),
                json("state", () -> StateJson.state(view, port.getAsInt())),
                json("flags", () -> Flags.json(view)),
                monitor.route(),
                path(PathMatchers.segment("files").slash("read"), this::read),
                path(PathMatchers.segment("files").slash("read.json"), this::read),
                path(
                        PathMatchers.segment("metrics").slash("snapshot"),
                        () -> answer(MesosMetrics.snapshot(view, Instant.now()))),
                path(
                        "metrics",
                        () -> complete(HttpResponse.create()
                                .withEntity(HttpEntities.create(PROMETHEUS, MetricsText.prometheus(view))))));
    }

    private Route json(String name, Supplier<String> body) {
        return concat(path(name, () -> answer(body.get())), path(name + ".json", () -> answer(body.get())));
    }

    private Route read() {
        return parameterOptional(
                "path",
                path -> parameterOptional(
                        "offset",
                        offset -> parameterOptional(
                                "length",
                                length -> completeWithFuture(read(path, offset.orElse("-1"), length.orElse("-1"))))));
    }

    private CompletionStage<HttpResponse> read(Optional<String> path, String offset, String length) {
        if (path.isEmpty()) {
            return refuse(400, "Expecting 'path=value' in query.\n");
        }
        long from;
        long count;
        try {
            from = Long.parseLong(offset);
            count = Long.parseLong(length);
        } catch (NumberFormatException e) {
            return refuse(
                    400, "Failed to parse offset '" + offset + "' or length '" + length + "' (expected: integers).\n");
        }
        return CompletableFuture.supplyAsync(() -> readNow(path.get(), from, count), blocking);
    }

    private HttpResponse readNow(String path, long offset, long length) {
        try {
            Optional<SandboxFiles.Piece> piece = files.read(path, offset, length);
            if (piece.isEmpty()) {
                return HttpResponse.create().withStatus(404).withEntity("No such file in a sandbox.\n");
            }
            String body = MAPPER.createObjectNode()
                    .put("data", piece.get().data())
                    .put("offset", piece.get().offset())
                    .toString();
            return HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, body));
        } catch (IOException e) {
            log.warn("files.read_failed reason={}", e.toString());
            return HttpResponse.create().withStatus(500).withEntity("The file cannot be read.\n");
        }
    }

    private static CompletionStage<HttpResponse> refuse(int status, String why) {
        return CompletableFuture.completedFuture(
                HttpResponse.create().withStatus(status).withEntity(why));
    }

    private Route answer(String body) {
        return complete(HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, body)));
    }
}
