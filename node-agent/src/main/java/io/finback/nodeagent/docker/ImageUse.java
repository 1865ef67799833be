package io.finback.nodeagent.docker;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.nodeagent.checkpoint.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Remembers, on disk, when each image this agent has pulled was last wanted, and drops those nobody wanted for long. Thread-safe. */
final class ImageUse {
    private static final Logger log = LoggerFactory.getLogger(ImageUse.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CONFLICT = 409;

    private final Path file;
    private final Map<String, String> lastUse = new TreeMap<>();

    ImageUse(Path file) {
        this.file = file;
        if (Files.exists(file)) {
            try {
                lastUse.putAll(JSON.readValue(file.toFile(), new TypeReference<Map<String, String>>() {}));
            } catch (IOException e) {
                // Only images that stay longer than they would have.
                log.warn("docker.image_use_unreadable file={} reason={} next=start_anew", file, e.getMessage());
            }
        }
    }

    /** It was pulled, or was pulled earlier and is wanted again. */
    synchronized void used(String image, Instant now) {
        lastUse.put(image, now.toString());
        save();
    }

    /** Wanted again, if this agent ever pulled it. */
    synchronized void usedIfOurs(String image, Instant now) {
        if (lastUse.containsKey(image)) {
            used(image, now);
        }
    }

    synchronized void dropUnused(Engine engine, Instant oldest) {
        for (Map.Entry<String, String> entry : new HashMap<>(lastUse).entrySet()) {
            if (Instant.parse(entry.getValue()).isBefore(oldest)) {
                drop(engine, entry.getKey());
            }
        }
    }

    private void drop(Engine engine, String image) {
        try {
            boolean removed = engine.delete("/images/" + Engine.segment(image), Map.of());
            log.info("docker.image_dropped image={} wasThere={}", image, removed);
            lastUse.remove(image);
            save();
        } catch (EngineFailure e) {
            if (e.status() == CONFLICT) {
                // A container still needs it: that is use.
                used(image, Instant.now());
            } else {
                log.warn("docker.image_not_dropped image={} reason={}", image, e.getMessage());
            }
        }
    }

    private void save() {
        try {
            AtomicFiles.write(file, JSON.writeValueAsBytes(lastUse));
        } catch (IOException e) {
            log.warn("docker.image_use_not_saved file={} reason={}", file, e.getMessage());
        }
    }
}
