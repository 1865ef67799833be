package io.finback.nodeagent.api;

import akka.NotUsed;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import akka.stream.ActorAttributes;
import akka.stream.javadsl.FileIO;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.files.FileFailure;
import io.finback.nodeagent.files.FileSpace;
import io.finback.nodeagent.files.Follower;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /files/browse}, {@code read}, {@code download} and {@code debug} in Mesos' shapes, and {@code follow}, which is ours: server-sent
 * events, one per piece, of a file that grows. Source: apache/mesos {@code src/files/files.cpp}.
 */
final class FilesRoutes extends AllDirectives {
    private static final Logger log = LoggerFactory.getLogger(FilesRoutes.class);
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final ContentType JAVASCRIPT = ContentTypes.parse("text/javascript");
    private static final ContentType EVENTS = ContentTypes.parse("text/event-stream");
    private static final Pattern CALLBACK = Pattern.compile("[A-Za-z_$][A-Za-z0-9_$.\\[\\]]{0,200}");

    private static final Duration LOOK = Duration.ofMillis(250);

    private final Function<HttpRequest, FileSpace> spaces;
    private final Executor blocking;
    private final int maxFollowers;
    private final Duration heartbeat;
    private final AtomicInteger followers = new AtomicInteger();

    /**
     * @param spaces what who asks may see
     * @param blocking waits for the disk
     * @param maxFollowers streams at the same time
     * @param heartbeat how long a stream is silent at most: less than what connections and proxies between here and the reader
     *     may wait. A reader who is gone is noticed by the second one.
     */
    FilesRoutes(Function<HttpRequest, FileSpace> spaces, Executor blocking, int maxFollowers, Duration heartbeat) {
        this.spaces = spaces;
        this.blocking = blocking;
        this.maxFollowers = maxFollowers;
        this.heartbeat = heartbeat;
    }

    Route route() {
        return pathPrefix(
                "files",
                () -> concat(
                        named("browse", query -> answer(query, () -> browse(query))),
                        named("read", query -> answer(query, () -> read(query))),
                        named("debug", query -> answer(query, () -> debug(query))),
                        named("download", query -> sent(query, () -> download(query))),
                        named("follow", query -> sent(query, () -> follow(query)))));
    }

    /**
     * One question.
     *
     * @param parameters by name; the first of each
     * @param files what who asks may see
     */
    private record Query(Map<String, String> parameters, FileSpace files) {
        String path() throws FileFailure {
            return text("path").orElseThrow(() -> Query.wrong("Expecting 'path=value' in query."));
        }

        Optional<String> text(String name) {
            Optional<String> given = Optional.ofNullable(parameters.get(name));
            return given.filter(value -> !value.isEmpty());
        }

        long number(String name, long otherwise) throws FileFailure {
            String text = parameters.get(name);
            try {
                return text == null ? otherwise : Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw wrong("Failed to parse " + name + ": '" + text + "' (expected: an integer).");
            }
        }

        static FileFailure wrong(String message) {
            return FileFailure.invalid(message);
        }
    }

    private interface Work<T> {
        T run() throws FileFailure, IOException;
    }

    private interface Handler {
        Route answer(Query query);
    }

    private Route named(String name, Handler handler) {
        return concat(path(name, () -> asked(handler)), path(name + ".json", () -> asked(handler)));
    }

    private Route asked(Handler handler) {
        return extractRequest(
                request -> parameterMap(parameters -> handler.answer(new Query(parameters, spaces.apply(request)))));
    }

    private Route answer(Query query, Work<String> body) {
        return sent(query, () -> {
            Optional<String> callback = query.text("jsonp");
            if (callback.isPresent() && !CALLBACK.matcher(callback.get()).matches()) {
                throw Query.wrong("jsonp: '" + callback.get() + "' (expected: the name of a function).");
            }
            String json = body.run();
            return HttpResponse.create()
                    .withEntity(
                            callback.isPresent()
                                    ? HttpEntities.create(
                                            JAVASCRIPT, ByteString.fromString(callback.get() + "(" + json + ");"))
                                    : HttpEntities.create(ContentTypes.APPLICATION_JSON, json));
        });
    }

    private Route sent(Query query, Work<HttpResponse> work) {
        return completeWithFuture(CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return work.run();
                    } catch (FileFailure e) {
                        return HttpResponse.create().withStatus(e.status()).withEntity(e.getMessage() + "\n");
                    } catch (IOException e) {
                        log.warn(
                                "files.failed path={} reason={}",
                                query.text("path").orElse(""),
                                e.toString());
                        return HttpResponse.create().withStatus(500).withEntity("The file cannot be read.\n");
                    }
                },
                blocking));
    }

    private String browse(Query query) throws FileFailure, IOException {
        ArrayNode list = MAPPER.createArrayNode();
        for (FileSpace.Entry entry : query.files().browse(query.path())) {
            list.addObject()
                    .put("gid", entry.gid())
                    .put("mode", entry.mode())
                    .put("mtime", entry.mtime().to(TimeUnit.SECONDS))
                    .put("nlink", entry.nlink())
                    .put("path", entry.path())
                    .put("size", entry.size())
                    .put("uid", entry.uid());
        }
        return list.toString();
    }

    private String read(Query query) throws FileFailure, IOException {
        return json(query.files().read(query.path(), query.number("offset", -1), query.number("length", -1)));
    }

    private String debug(Query query) {
        ObjectNode names = MAPPER.createObjectNode();
        query.files().names().forEach(names::put);
        return names.toString();
    }

    private HttpResponse download(Query query) throws FileFailure {
        String path = query.path();
        Path file = query.files().file(path);
        String name = path.substring(path.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9._ -]", "_");
        return HttpResponse.create()
                .addHeader(RawHeader.create("Content-Disposition", "attachment; filename=\"" + name + "\""))
                .withEntity(HttpEntities.create(
                        MediaTypes.APPLICATION_OCTET_STREAM.toContentType(), FileIO.fromPath(file)));
    }

    private HttpResponse follow(Query query) throws FileFailure, IOException {
        String path = query.path();
        long offset = query.number("offset", 0);
        query.files().follow(path, offset).close();
        if (followers.get() >= maxFollowers) {
            return HttpResponse.create()
                    .withStatus(503)
                    .addHeader(RawHeader.create("Retry-After", "5"))
                    .withEntity("More than " + maxFollowers + " files are followed here already.\n");
        }
        return HttpResponse.create()
                .addHeader(RawHeader.create("Cache-Control", "no-cache"))
                .withEntity(HttpEntities.create(EVENTS, events(query.files(), path, offset)));
    }

    /** Looks when it is asked for more, and often enough while nothing comes: a reader who is slow is never run ahead of. */
    private Source<ByteString, NotUsed> events(FileSpace files, String path, long offset) {
        return Source.unfoldResource(
                        () -> {
                            Follower open = files.follow(path, offset);
                            followers.incrementAndGet();
                            return open;
                        },
                        (Follower open) -> Optional.of(open.next()),
                        open -> {
                            followers.decrementAndGet();
                            open.close();
                        })
                .withAttributes(ActorAttributes.dispatcher("finback.agent.files-dispatcher"))
                .flatMapConcat(piece -> piece.isPresent()
                        ? Source.single(piece)
                        : Source.single(piece).initialDelay(LOOK))
                .filter(Optional::isPresent)
                .map(piece -> ByteString.fromString("data: " + json(piece.get()) + "\n\n"))
                .keepAlive(heartbeat, () -> ByteString.fromString(": still here\n\n"));
    }

    private static String json(FileSpace.Piece piece) {
        return MAPPER.createObjectNode()
                .put("data", piece.data())
                .put("offset", piece.offset())
                .toString();
    }
}
