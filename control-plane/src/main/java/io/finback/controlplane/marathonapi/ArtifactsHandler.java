package io.finback.controlplane.marathonapi;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.Multipart;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.unmarshalling.Unmarshaller;
import akka.http.scaladsl.model.EntityStreamSizeException;
import akka.stream.IOResult;
import akka.stream.Materializer;
import akka.stream.javadsl.FileIO;
import akka.stream.javadsl.Sink;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.service.ArtifactSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/** {@code /v2/artifacts} of Marathon up to 1.4: files, by multipart upload. Bodies are streamed, never held. Thread-safe. */
final class ArtifactsHandler {
    private static final List<String> BASE = List.of("v2", "artifacts");
    private static final int MAX_UNDER_WAY = 16;
    private static final Duration LONGEST = Duration.ofSeconds(45);
    /** What a multipart body has beside the file. */
    private static final long AROUND_BYTES = 64 * 1024;

    private final ActorSystem<?> system;
    private final ArtifactSettings settings;
    private final Optional<ArtifactStore> store;
    private final Executor blocking;
    private final AtomicInteger underWay = new AtomicInteger();

    private record Uploaded(Path file, Optional<String> name) {}

    ArtifactsHandler(ActorSystem<?> system, ArtifactSettings settings) {
        this.system = system;
        this.settings = settings;
        this.store = ArtifactStore.of(settings);
        this.blocking = system.dispatchers().lookup(DispatcherSelector.blocking());
    }

    static boolean takes(HttpRequest request) {
        List<String> path = AppPath.segments(request.getUri().path());
        return path.size() >= 2 && path.subList(0, 2).equals(BASE);
    }

    /** Throws {@link ApiFailure}, or completes with one. The answer of a GET carries its entity itself. */
    CompletionStage<HttpResponse> answer(HttpRequest request) {
        ArtifactStore files = store.orElseThrow(() ->
                ApiFailure.of(404, "There is no store of artifacts (finback.services.artifacts.directory is not set)"));
        List<String> segments = new ArrayList<>();
        request.getUri().pathSegments().forEach(segment -> {
            if (!segment.isEmpty()) {
                segments.add(segment);
            }
        });
        List<String> name = segments.subList(2, segments.size());
        return switch (request.method().value()) {
            case "GET", "HEAD" -> read(files, files.file(name));
            case "DELETE" -> delete(files, files.file(name));
            case "PUT", "POST" -> upload(request, files, name);
            default -> throw ApiFailure.of(405, "Method not allowed").allowing("GET, HEAD, POST, PUT, DELETE");
        };
    }

    private CompletionStage<HttpResponse> read(ArtifactStore files, Path file) {
        return later(() -> {
            Path found = files.find(file).orElseThrow(() -> ApiFailure.of(404, "The artifact does not exist"));
            return HttpResponse.create()
                    .withEntity(HttpEntities.create(
                            ContentTypes.APPLICATION_OCTET_STREAM, Files.size(found), FileIO.fromPath(found)));
        });
    }

    private CompletionStage<HttpResponse> delete(ArtifactStore files, Path file) {
        return later(() -> {
            files.delete(file);
            return HttpResponse.create().withStatus(200);
        });
    }

    private CompletionStage<HttpResponse> upload(HttpRequest request, ArtifactStore files, List<String> name) {
        if (underWay.incrementAndGet() > MAX_UNDER_WAY) {
            underWay.decrementAndGet();
            throw ApiFailure.of(503, "More than " + MAX_UNDER_WAY + " uploads at once");
        }
        return later(files::unfinished)
                .thenCompose(target -> parts(request, target)
                        .thenCompose(uploaded -> later(() -> kept(request, files, name, uploaded)))
                        .whenComplete((done, failure) -> {
                            if (failure != null) {
                                discard(files, target);
                            }
                        }))
                .exceptionally(failure -> {
                    throw told(failure);
                })
                .whenComplete((done, failure) -> underWay.decrementAndGet());
    }

    private CompletionStage<Uploaded> parts(HttpRequest request, Path target) {
        Materializer materializer = Materializer.matFromSystem(system.classicSystem());
        return Unmarshaller.entityToMultipartFormData()
                .unmarshal(request.entity().withSizeLimit(settings.maxBytes() + AROUND_BYTES), materializer)
                .exceptionally(failure -> {
                    throw new CompletionException(ApiFailure.of(
                            415, "Content-Type: expected multipart/form-data with the file as the field 'file'"));
                })
                .thenCompose(form -> form.getParts()
                        .completionTimeout(LONGEST)
                        .mapAsync(1, part -> part(part, target))
                        .runWith(Sink.seq(), system))
                .thenApply(found -> found.stream()
                        .flatMap(Optional::stream)
                        .findFirst()
                        .orElseThrow(() -> ApiFailure.of(422, "Please use 'file' as form parameter name!")));
    }

    private CompletionStage<Optional<Uploaded>> part(Multipart.FormData.BodyPart part, Path target) {
        if (!part.getName().equals("file")) {
            return part.getEntity()
                    .getDataBytes()
                    .runWith(Sink.ignore(), system)
                    .thenApply(done -> Optional.empty());
        }
        CompletionStage<IOResult> written = part.getEntity().getDataBytes().runWith(FileIO.toPath(target), system);
        return written.thenApply(result -> {
            if (result.count() > settings.maxBytes()) {
                throw tooLarge();
            }
            return Optional.of(new Uploaded(target, part.getFilename()));
        });
    }

    private HttpResponse kept(HttpRequest request, ArtifactStore files, List<String> name, Uploaded uploaded)
            throws IOException {
        List<String> wanted = name.isEmpty()
                ? uploaded.name().map(List::of).orElseThrow(() -> ApiFailure.of(422, "The file has no name"))
                : name;
        boolean fresh = files.keep(uploaded.file(), files.file(wanted));
        String host = request.getHeader("Host").map(h -> h.value()).orElse("localhost");
        return HttpResponse.create()
                .withStatus(fresh ? 201 : 200)
                .addHeader(RawHeader.create(
                        "Location", request.getUri().getScheme() + "://" + host + rawPath(wanted)));
    }

    private static String rawPath(List<String> name) {
        try {
            return new URI(null, null, "/v2/artifacts/" + String.join("/", name), null).getRawPath();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("a path of names that were checked", e);
        }
    }

    private void discard(ArtifactStore files, Path target) {
        var unused = later(() -> {
            files.delete(target);
            return target;
        });
    }

    private RuntimeException told(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof EntityStreamSizeException) {
            return tooLarge();
        }
        return cause instanceof RuntimeException runtime ? runtime : new CompletionException(cause);
    }

    private ApiFailure tooLarge() {
        return ApiFailure.of(413, "The file is larger than " + settings.maxBytes() + " bytes");
    }

    /** Work on files, which may block. */
    private interface Work<T> {
        T done() throws IOException;
    }

    private <T> CompletableFuture<T> later(Work<T> work) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return work.done();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                blocking);
    }
}
