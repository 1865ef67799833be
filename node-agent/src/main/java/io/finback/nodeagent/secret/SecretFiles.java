package io.finback.nodeagent.secret;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Secrets as files below one directory, such as a tmpfs that the machine's own tooling fills, or a volume of Kubernetes: the reference
 * {@code shop/db} is the file {@code shop/db}. Links are followed as long as they stay inside. Read anew each time.
 */
public final class SecretFiles implements SecretStore {
    private final Path directory;

    public SecretFiles(Path directory) {
        this.directory = directory;
    }

    @Override
    public Optional<byte[]> find(String reference) throws IOException {
        Path file;
        try {
            file = directory
                    .resolve(reference.startsWith("/") ? reference.substring(1) : reference)
                    .normalize();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
        if (!file.startsWith(directory) || file.equals(directory) || !Files.isRegularFile(file)) {
            return Optional.empty();
        }
        if (!file.toRealPath().startsWith(directory.toRealPath())) {
            return Optional.empty();
        }
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException(Files.size(file) + " bytes (expected: at most " + MAX_BYTES + ")");
        }
        return Optional.of(Files.readAllBytes(file));
    }
}
