package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.nodeagent.containerizer.Standing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the engine tidy: says whether it is there, removes ended containers some time after their end was reported, ends containers
 * of this agent that no task of it is, and drops images nobody has used for long. Touches nothing that is not this agent's. Thread-safe.
 */
final class Housekeeping {
    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(10);
    private static final Duration TIDY_EVERY = Duration.ofMinutes(1);

    private final DockerSettings settings;
    private final Optional<Engine> engine;
    private final String owner;
    private final ImageUse imageUse;
    private final ScheduledExecutorService clock;
    /** Containers of tasks: theirs to decide. */
    private final Set<String> held = ConcurrentHashMap.newKeySet();

    private volatile Standing status;
    /** Until the tasks are known nothing can be judged. */
    private volatile boolean tasksKnown;

    private volatile boolean orphansDue;
    private volatile Instant tidied = Instant.EPOCH;

    Housekeeping(
            DockerSettings settings,
            Optional<Engine> engine,
            String owner,
            ImageUse imageUse,
            ScheduledExecutorService clock) {
        this.settings = settings;
        this.engine = engine;
        this.owner = owner;
        this.clock = clock;
        this.imageUse = imageUse;
        this.status = new Standing(
                false, engine.isEmpty() ? "switched off (finback.agent.docker.host is empty)" : "not asked yet");
    }

    @SuppressWarnings("FutureReturnValueIgnored") // look() catches everything, so the schedule never ends by itself
    void start() {
        if (engine.isEmpty()) {
            log.info("docker.off reason=finback.agent.docker.host_is_empty");
            return;
        }
        clock.scheduleWithFixedDelay(this::look, 0, LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    Standing status() {
        return status;
    }

    /** From now on the container is a task's. */
    void hold(String container) {
        held.add(container);
    }

    /** What is not {@code known} is ended, now or as soon as the engine answers. */
    void endOrphans(Set<String> known) {
        held.addAll(known);
        tasksKnown = true;
        orphansDue = true;
        if (engine.isPresent()) {
            clock.execute(this::look);
        }
    }

    /** The end is on disk: the container goes now, or when its time has come. */
    void forget(String name, Path position) {
        held.remove(name.substring(DockerContainerizer.engineName("").length()));
        try {
            boolean deleted = Files.deleteIfExists(position);
            log.debug("docker.forgotten container={} hadPrinted={}", name, deleted);
        } catch (IOException e) {
            log.warn("docker.position_left file={} reason={}", position, e.getMessage());
        }
        if (settings.removeAfter().isZero()) {
            remove(name);
        }
    }

    /** Whatever it does; a failure is made up for later. */
    void remove(String name) {
        try {
            boolean removed = engine.orElseThrow().delete("/containers/" + name, Map.of("force", "true", "v", "true"));
            log.debug("docker.removed container={} wasThere={}", name, removed);
        } catch (EngineFailure e) {
            log.warn("docker.not_removed container={} reason={} next=again_later", name, e.getMessage());
        }
    }

    private void look() {
        Engine docker = engine.orElseThrow();
        Standing before = status;
        try {
            JsonNode info = docker.get("/info", Map.of());
            status = new Standing(
                    true,
                    "Docker " + info.path("ServerVersion").asText("?") + ", storage "
                            + info.path("Driver").asText("?") + ", cgroup "
                            + info.path("CgroupDriver").asText("?") + " v"
                            + info.path("CgroupVersion").asText("1"));
            if (!before.available()) {
                log.info("docker.available host={} engine={}", docker.host(), status.text());
            }
            boolean due = Duration.between(tidied, Instant.now()).compareTo(TIDY_EVERY) >= 0;
            if (tasksKnown && (orphansDue || due)) {
                tidyQuietly(docker);
            }
        } catch (EngineFailure | RuntimeException e) {
            status = new Standing(false, String.valueOf(e.getMessage()));
            if (before.available() || before.text().equals("not asked yet")) {
                log.warn("docker.unavailable reason={} next=ask_again", e.getMessage());
            }
        }
    }

    private synchronized void tidyQuietly(Engine docker) {
        try {
            tidy(docker);
            tidied = Instant.now();
        } catch (EngineFailure e) {
            log.warn("docker.tidying_failed reason={} next=again", e.getMessage());
        }
    }

    private void tidy(Engine docker) throws EngineFailure {
        JsonNode all = docker.get(
                "/containers/json",
                Map.of(
                        "all",
                        "true",
                        "filters",
                        "{\"label\":[\"" + DockerContainerizer.LABEL_OWNER + "=" + owner + "\"]}"));
        for (JsonNode one : all) {
            String container =
                    one.path("Labels").path(DockerContainerizer.LABEL_CONTAINER).asText("");
            if (!held.contains(container)) {
                tidy(docker, DockerContainerizer.engineName(container), one);
            }
        }
        orphansDue = false;
        settings.keepImages()
                .ifPresent(keep -> imageUse.dropUnused(docker, Instant.now().minus(keep)));
    }

    private void tidy(Engine docker, String name, JsonNode listed) throws EngineFailure {
        String state = listed.path("State").asText("");
        if (!state.equals("exited") && !state.equals("dead")) {
            if (orphansDue) {
                log.warn("docker.orphan container={} state={} next=end_it", name, state);
                remove(name);
            }
            return;
        }
        EngineContainer container;
        try {
            container = new EngineContainer(docker.get("/containers/" + name + "/json", Map.of()));
        } catch (EngineFailure e) {
            if (e.isMissing()) {
                return;
            }
            throw e;
        }
        Instant end = container.finishedAt().orElse(Instant.EPOCH);
        if (!end.plus(settings.removeAfter()).isAfter(Instant.now())) {
            remove(name);
        }
    }
}
