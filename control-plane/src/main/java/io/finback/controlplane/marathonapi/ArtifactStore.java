package io.finback.controlplane.marathonapi;

import io.finback.controlplane.service.ArtifactSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The directory of {@code /v2/artifacts}. A name never leads out of it, and a file is there whole or not at all. Blocks; thread-safe. Several
 * masters that share the directory see the same files.
 */
final class ArtifactStore {
    private static final String UNFINISHED = ".upload-";

    private final Path root;
    private final int maxFiles;

    private ArtifactStore(Path root, int maxFiles) {
        this.root = root;
        this.maxFiles = maxFiles;
    }

    static Optional<ArtifactStore> of(ArtifactSettings settings) {
        return settings.directory()
                .map(directory -> new ArtifactStore(directory.toAbsolutePath().normalize(), settings.maxFiles()));
    }

    /** Where this name is kept. Throws {@link ApiFailure} for one that is none. */
    Path file(List<String> segments) {
        boolean bad = segments.isEmpty()
                || segments.stream()
                        .anyMatch(s -> s.isEmpty()
                                || s.startsWith(".")
                                || s.length() > 255
                                || s.chars().anyMatch(c -> c == '/' || c == '\\' || c < ' ' || c == 127));
        if (bad) {
            throw ApiFailure.rule(
                    "/path",
                    "'" + String.join("/", segments)
                            + "' (expected: names that do not begin with a dot, of at most 255 characters)");
        }
        Path file = root;
        for (String segment : segments) {
            file = file.resolve(segment);
        }
        return file;
    }

    /** A new file beside the others, to be filled and given to {@link #keep}. */
    Path unfinished() throws IOException {
        Files.createDirectories(root);
        return Files.createTempFile(root, UNFINISHED, "");
    }

    /** Puts what was uploaded in its place; true if there was nothing before. */
    boolean keep(Path unfinished, Path file) throws IOException {
        boolean fresh = !Files.exists(file);
        if (fresh && count() >= maxFiles) {
            Files.delete(unfinished);
            throw ApiFailure.of(
                    422,
                    "There are " + maxFiles + " artifacts, as many as finback.services.artifacts.max-files allows");
        }
        Files.createDirectories(file.resolveSibling(""));
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return fresh;
    }

    Optional<Path> find(Path file) {
        return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    }

    void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
    }

    private long count() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile)
                    .filter(f -> !f.getFileName().toString().startsWith(UNFINISHED))
                    .count();
        }
    }
}
