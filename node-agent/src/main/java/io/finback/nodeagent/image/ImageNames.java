package io.finback.nodeagent.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which configuration a name stands for, and when it was last wanted. Kept in one small file, replaced whole. Thread-safe. */
final class ImageNames {
    private static final Logger log = LoggerFactory.getLogger(ImageNames.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Known(String id, Instant used) {}

    private final Path file;
    private final Path configs;
    private final Map<String, Known> known = new TreeMap<>();

    /** A file that cannot be read is an empty one: everything can be had again. */
    ImageNames(Path directory) throws IOException {
        this.file = directory.resolve("names.json");
        this.configs = Files.createDirectories(directory.resolve("configs"));
        if (Files.exists(file)) {
            try {
                for (Map.Entry<String, JsonNode> one :
                        JSON.readTree(Files.readAllBytes(file)).properties()) {
                    known.put(
                            one.getKey(),
                            new Known(
                                    one.getValue().path("id").asText(""),
                                    Instant.parse(one.getValue().path("used").asText(""))));
                }
            } catch (IOException | DateTimeException e) {
                log.warn("image.names_unreadable file={} reason={} next=forget_them", file, e.toString());
                known.clear();
            }
        }
    }

    synchronized Optional<String> id(String name) {
        return Optional.ofNullable(known.get(name)).map(Known::id);
    }

    /** As it came. */
    synchronized Optional<byte[]> config(String id) throws IOException {
        if (!Digest.isValid(id)) {
            return Optional.empty();
        }
        Path path = configs.resolve(Digest.hex(id) + ".json");
        return Files.exists(path) ? Optional.of(Files.readAllBytes(path)) : Optional.empty();
    }

    synchronized void add(String name, String id, byte[] config, Instant now) throws IOException {
        replace(configs.resolve(Digest.hex(id) + ".json"), config);
        known.put(name, new Known(id, now));
        save();
    }

    synchronized void used(String name, String id, Instant now) throws IOException {
        known.put(name, new Known(id, now));
        save();
    }

    synchronized void dropUnused(Instant before, Set<String> keep) throws IOException {
        boolean dropped = known.entrySet()
                .removeIf(entry -> entry.getValue().used().isBefore(before) && !keep.contains(entry.getKey()));
        if (dropped) {
            save();
        }
        Set<String> wanted = new HashSet<>();
        known.values().forEach(one -> wanted.add(Digest.hex(one.id()) + ".json"));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(configs)) {
            for (Path path : files) {
                if (!wanted.contains(path.getFileName().toString())) {
                    Files.delete(path);
                }
            }
        }
    }

    /** Those of all names. */
    synchronized List<byte[]> configs() throws IOException {
        List<byte[]> all = new ArrayList<>();
        for (Known one : known.values()) {
            config(one.id()).ifPresent(all::add);
        }
        return all;
    }

    private void save() throws IOException {
        ObjectNode all = JSON.createObjectNode();
        known.forEach((name, one) ->
                all.putObject(name).put("id", one.id()).put("used", one.used().toString()));
        replace(file, JSON.writeValueAsBytes(all));
    }

    private static void replace(Path file, byte[] content) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.write(next, content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
