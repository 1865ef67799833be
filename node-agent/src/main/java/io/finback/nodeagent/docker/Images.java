package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.transport.DockerHttpClient.Response;
import io.finback.nodeagent.containerizer.LaunchFailure;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets images: one pull at a time for each, shared by whoever wants it meanwhile, and never longer than allowed. Thread-safe. */
final class Images {
    private static final Logger log = LoggerFactory.getLogger(Images.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Wanted(ImageName image, Optional<String> auth) {}

    private final Engine engine;
    private final Duration pullWithin;
    private final ScheduledExecutorService clock;
    private final Map<Wanted, CompletableFuture<Void>> pulls = new ConcurrentHashMap<>();
    private final AtomicLong pulled = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    Images(Engine engine, Duration pullWithin, ScheduledExecutorService clock) {
        this.engine = engine;
        this.pullWithin = pullWithin;
        this.clock = clock;
    }

    /** Pulls that came to an end since the start. */
    long pulled() {
        return pulled.get();
    }

    /** Pulls that failed since the start. */
    long failed() {
        return failed.get();
    }

    /** Pulls under way. */
    int pulling() {
        return pulls.size();
    }

    /**
     * The image's id, after pulling it if it is not there or {@code force} says so. Waits as long as that takes.
     *
     * @param auth as {@link Credentials#header} makes it
     * @param use hears of what is wanted
     */
    String require(ImageName image, boolean force, Optional<String> auth, ImageUse use) throws LaunchFailure {
        try {
            Optional<String> there = force ? Optional.empty() : find(image);
            if (there.isPresent()) {
                use.usedIfOurs(image.toString(), Instant.now());
                return there.get();
            }
            pullOrJoin(new Wanted(image, auth));
            use.used(image.toString(), Instant.now());
            return find(image)
                    .orElseThrow(() -> new LaunchFailure(
                            "image " + image + ": not there after its pull (was it removed meanwhile?)"));
        } catch (EngineFailure e) {
            throw new LaunchFailure("image " + image, e);
        }
    }

    private Optional<String> find(ImageName image) throws EngineFailure {
        try {
            String id = engine.get("/images/" + Engine.segment(image.toString()) + "/json", Map.of())
                    .path("Id")
                    .asText("");
            return id.isEmpty() ? Optional.empty() : Optional.of(id);
        } catch (EngineFailure e) {
            if (e.isMissing()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private void pullOrJoin(Wanted wanted) throws LaunchFailure {
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> running = pulls.putIfAbsent(wanted, mine);
        if (running == null) {
            try {
                pull(wanted);
                pulled.incrementAndGet();
                mine.complete(null);
            } catch (IOException | RuntimeException e) {
                failed.incrementAndGet();
                mine.completeExceptionally(e);
            } finally {
                pulls.remove(wanted, mine);
            }
        }
        try {
            (running == null ? mine : running).join();
        } catch (CompletionException e) {
            throw new LaunchFailure(
                    "image " + wanted.image() + " cannot be pulled", e.getCause() == null ? e : e.getCause());
        }
    }

    private void pull(Wanted wanted) throws IOException {
        ImageName image = wanted.image();
        long began = System.nanoTime();
        log.info("docker.pull image={}", image);
        AtomicBoolean late = new AtomicBoolean();
        try (Response response = engine.open(
                "POST",
                "/images/create",
                Map.of("fromImage", image.repository(), "tag", image.reference()),
                wanted.auth().map(header -> Map.of("X-Registry-Auth", header)).orElse(Map.of()))) {
            ScheduledFuture<?> limit = clock.schedule(
                    () -> {
                        late.set(true);
                        abandon(response);
                    },
                    pullWithin.toMillis(),
                    TimeUnit.MILLISECONDS);
            try (MappingIterator<JsonNode> progress =
                    JSON.readerFor(JsonNode.class).readValues(response.getBody())) {
                while (progress.hasNextValue()) {
                    String error = progress.nextValue().path("error").asText("");
                    if (!error.isEmpty()) {
                        throw new EngineFailure(400, error);
                    }
                }
            } finally {
                boolean stopped = limit.cancel(false);
                log.debug("docker.pull_over image={} inTime={}", image, stopped);
            }
        } catch (IOException | RuntimeException e) {
            if (late.get()) {
                throw new IOException("not there after " + pullWithin + " (finback.agent.docker.pull-timeout)", e);
            }
            throw e;
        }
        if (late.get()) {
            throw new IOException("not there after " + pullWithin + " (finback.agent.docker.pull-timeout)");
        }
        log.info("docker.pulled image={} seconds={}", image, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began));
    }

    /** From another thread: whoever reads it is thrown out. */
    private static void abandon(Response response) {
        response.close();
    }
}
