package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.javadsl.FileIO;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import io.finback.security.Action;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.master.Protos.Call;
import org.apache.mesos.v1.master.Protos.Response;

/**
 * The one file a master shows: its own log, as {@code /master/log}, where one is configured. {@code /files/browse}, {@code read},
 * {@code download} and {@code debug}, LIST_FILES and READ_FILE. Other files are agents'. Blocks on the disk. Source: apache/mesos
 * {@code src/files/files.cpp}.
 */
final class MasterFiles {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final String DIRECTORY = "/master";
    private static final String LOG = "/master/log";

    /** As Mesos: 16 pages. */
    private static final int MAX_READ = 64 * 1024;

    private final Optional<Path> log;
    private final Reads reads;

    /** @param log the master's own log file, if it writes one */
    MasterFiles(Optional<Path> log, Reads reads) {
        this.log = log;
        this.reads = reads;
    }

    void addTo(ClusterApi api) {
        api.get("/files/browse", answered(query -> browse(path(query)).toString()));
        api.get("/files/read", answered(this::read));
        api.get("/files/debug", answered(query -> debug()));
        api.get("/files/download", request -> {
            reads.require(request, Action.ACCESS_MESOS_LOG, "");
            return reads.run(() -> download(Query.of(request.getUri())));
        });
    }

    private ClusterApi.Handler answered(Function<Query, String> body) {
        return request -> {
            reads.require(request, Action.ACCESS_MESOS_LOG, "");
            return read(request, body);
        };
    }

    private CompletionStage<HttpResponse> read(HttpRequest request, Function<Query, String> body) {
        return reads.run(() -> {
            Query query = Query.of(request.getUri());
            return json(body.apply(query), request, query);
        });
    }

    private static HttpResponse json(String text, HttpRequest request, Query query) {
        return Answers.json(Rope.of(text.getBytes(StandardCharsets.UTF_8)), request, query);
    }

    private static String path(Query query) {
        return query.text("path").orElseThrow(() -> ApiFailure.badRequest("Expecting 'path=value' in query."));
    }

    private Path file(String path) {
        return log.filter(file -> Path.of("/").resolve(path).normalize().equals(Path.of(LOG)))
                .filter(Files::isRegularFile)
                .orElseThrow(() -> ApiFailure.of(
                        404,
                        "'" + path + "' (expected: " + LOG
                                + ", with finback.master.api.log; sandboxes are at /finback/agents/<id>/files/)"));
    }

    /** Attributes by the names of Java's {@code unix} view. */
    private Map<String, Object> directory(String path) {
        boolean meant = Path.of("/").resolve(path).normalize().equals(Path.of(DIRECTORY));
        Path file = file(meant ? LOG : path);
        if (!meant) {
            throw ApiFailure.of(404, "'" + path + "' is no directory (expected: " + DIRECTORY + ")");
        }
        try {
            return Files.readAttributes(file, "unix:*");
        } catch (IOException e) {
            throw ApiFailure.of(500, "The file cannot be read: " + e.getMessage());
        }
    }

    private static <T> T fact(Map<String, Object> facts, String name, Class<T> type) {
        return type.cast(Objects.requireNonNull(facts.get(name), name));
    }

    private ArrayNode browse(String path) {
        Map<String, Object> facts = directory(path);
        ArrayNode list = MAPPER.createArrayNode();
        list.addObject()
                .put("gid", String.valueOf(facts.get("group")))
                .put("mode", mode(fact(facts, "mode", Integer.class)))
                .put("mtime", fact(facts, "lastModifiedTime", FileTime.class).to(TimeUnit.SECONDS))
                .put("nlink", fact(facts, "nlink", Integer.class))
                .put("path", LOG)
                .put("size", fact(facts, "size", Long.class))
                .put("uid", String.valueOf(facts.get("owner")));
        return list;
    }

    private static String mode(int bits) {
        String letters = "rwxrwxrwx";
        StringBuilder mode = new StringBuilder("-");
        for (int i = 0; i < letters.length(); i++) {
            mode.append((bits & (0400 >> i)) != 0 ? letters.charAt(i) : '-');
        }
        return mode.toString();
    }

    private String debug() {
        ObjectNode names = MAPPER.createObjectNode();
        log.ifPresent(file -> names.put(LOG, file.toString()));
        return names.toString();
    }

    private String read(Query query) {
        long offset = number(query, "offset");
        Part part = part(path(query), offset, number(query, "length"));
        boolean none = part.bytes().isEmpty();
        return MAPPER.createObjectNode()
                .put("data", part.bytes().toStringUtf8())
                .put("offset", none ? part.size() : offset)
                .toString();
    }

    private static long number(Query query, String name) {
        Optional<String> text = query.text(name);
        try {
            return text.isEmpty() ? -1 : Long.parseLong(text.get());
        } catch (NumberFormatException e) {
            throw ApiFailure.badRequest("Failed to parse " + name + ": '" + text.get() + "' (expected: an integer).");
        }
    }

    private HttpResponse download(Query query) {
        Path file = file(path(query));
        return HttpResponse.create()
                .addHeader(RawHeader.create("Content-Disposition", "attachment; filename=\"log\""))
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, FileIO.fromPath(file)));
    }

    /** LIST_FILES and READ_FILE. */
    Response answer(Call call) {
        if (call.getType() == Call.Type.LIST_FILES) {
            Map<String, Object> facts = directory(call.getListFiles().getPath());
            return Response.newBuilder()
                    .setType(Response.Type.LIST_FILES)
                    .setListFiles(Response.ListFiles.newBuilder()
                            .addFileInfos(Protos.FileInfo.newBuilder()
                                    .setPath(LOG)
                                    .setNlink(fact(facts, "nlink", Integer.class))
                                    .setSize(fact(facts, "size", Long.class))
                                    .setMtime(Protos.TimeInfo.newBuilder()
                                            .setNanoseconds(fact(facts, "lastModifiedTime", FileTime.class)
                                                    .to(TimeUnit.NANOSECONDS)))
                                    .setMode(fact(facts, "mode", Integer.class))
                                    .setUid(String.valueOf(facts.get("owner")))
                                    .setGid(String.valueOf(facts.get("group")))))
                    .build();
        }
        Call.ReadFile asked = call.getReadFile();
        Part part = part(asked.getPath(), asked.getOffset(), asked.hasLength() ? asked.getLength() : -1);
        return Response.newBuilder()
                .setType(Response.Type.READ_FILE)
                .setReadFile(Response.ReadFile.newBuilder().setSize(part.size()).setData(part.bytes()))
                .build();
    }

    private record Part(ByteString bytes, long size) {}

    /** @param offset -1 asks for the size alone */
    private Part part(String path, long offset, long length) {
        if (offset < -1 || length < -1) {
            throw ApiFailure.badRequest("offset " + offset + ", length " + length + " (expected: >= 0)");
        }
        Path file = file(path);
        try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (offset < 0 || offset >= size) {
                return new Part(ByteString.EMPTY, size);
            }
            ByteBuffer buffer = ByteBuffer.allocate((int) (length < 0 ? MAX_READ : Math.min(length, MAX_READ)));
            channel.position(offset);
            int got = 0;
            while (buffer.hasRemaining() && got >= 0) {
                got = channel.read(buffer);
            }
            return new Part(ByteString.copyFrom(buffer.flip()), size);
        } catch (IOException e) {
            throw ApiFailure.of(500, "The file cannot be read: " + e.getMessage());
        }
    }
}
