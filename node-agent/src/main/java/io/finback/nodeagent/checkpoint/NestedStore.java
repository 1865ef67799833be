package io.finback.nodeagent.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.finback.nodeagent.task.NestedContainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the agent knows of nested containers, in {@code <data-dir>/meta/nested}: a file for each, and an empty one {@code *.begun} for
 * each whose command was started. Every method that returns has made its change durable.
 */
public final class NestedStore {
    private static final Logger log = LoggerFactory.getLogger(NestedStore.class);
    private static final String SUFFIX = ".json";
    private static final String BEGUN = ".begun";
    private static final int VERSION = 1;

    private final Path directory;

    /** The form on disk. */
    record Entry(int version, @Nullable NestedContainer container) {}

    private NestedStore(Path directory) {
        this.directory = directory;
    }

    public static NestedStore open(Path dataDir) throws IOException {
        return new NestedStore(Files.createDirectories(
                dataDir.toAbsolutePath().normalize().resolve("meta").resolve("nested")));
    }

    /** Reads everything; what cannot be understood is deleted, and said: such a command ends with its task. */
    public List<NestedContainer> recover() throws IOException {
        List<NestedContainer> found = new ArrayList<>();
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            all.forEach(files::add);
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            if (name.endsWith(AtomicFiles.TEMPORARY)) {
                Files.deleteIfExists(file);
            } else if (name.endsWith(SUFFIX)) {
                try {
                    found.add(decode(Files.readAllBytes(file)));
                } catch (IOException e) {
                    log.error("nested.unreadable file={} reason={} next=go_on_without_it", file, e.getMessage());
                    AtomicFiles.delete(file);
                }
            }
        }
        return found;
    }

    public void save(NestedContainer container) throws IOException {
        try {
            AtomicFiles.write(
                    file(container.path(), SUFFIX), TaskFile.MAPPER.writeValueAsBytes(new Entry(VERSION, container)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a container that cannot be written as JSON: " + container.name(), e);
        }
    }

    public void delete(NestedContainer container) throws IOException {
        AtomicFiles.delete(file(container.path(), SUFFIX));
        Files.deleteIfExists(begunFile(container.path()));
    }

    /** The file whose existence says that the command of this container was started. */
    public Path begunFile(List<String> path) {
        return file(path, BEGUN);
    }

    public boolean hasBegun(NestedContainer container) {
        return Files.exists(begunFile(container.path()));
    }

    private static NestedContainer decode(byte[] bytes) throws IOException {
        try {
            Entry entry = TaskFile.MAPPER.readValue(bytes, Entry.class);
            if (entry.version() != VERSION || entry.container() == null) {
                throw new IOException("version: " + entry.version() + " (expected: " + VERSION + ")");
            }
            return entry.container();
        } catch (JsonProcessingException e) {
            throw new IOException(e.getOriginalMessage(), e);
        }
    }

    /** Short, however long the names are. */
    private Path file(List<String> path, String ending) {
        byte[] name = NestedContainer.name(path).getBytes(StandardCharsets.UTF_8);
        return directory.resolve(UUID.nameUUIDFromBytes(name) + ending);
    }
}
