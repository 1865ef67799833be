package io.finback.nodeagent.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that are there wholly or not at all, also after a power cut: temporary file, fsync, rename, fsync of the directory. */
public final class AtomicFiles {
    static final String TEMPORARY = ".tmp";

    private AtomicFiles() {}

    /** On an exception the file is as it was before, unless only the directory's fsync failed. */
    public static void write(Path file, byte[] content) throws IOException {
        replace(file, content);
        syncDirectory(file);
    }

    /** As {@link #write}, but a power cut may bring back the file that was there before, until {@link #sync} of its directory. */
    static void replace(Path file, byte[] content) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + TEMPORARY);
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(content);
                while (buffer.hasRemaining()) {
                    int written = channel.write(buffer);
                    if (written == 0) {
                        throw new IOException(temporary + ": no progress writing");
                    }
                }
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            // A disk that is full must not stay full because of what could not be written to it.
            boolean removed = temporary.toFile().delete();
            throw removed ? e : new IOException(e.getMessage(), e);
        }
    }

    /** Survives this process at once, and a power cut some seconds later. */
    static void moveSoon(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        syncDirectory(to);
        syncDirectory(from);
    }

    /** The absence is durable. */
    public static void delete(Path file) throws IOException {
        if (Files.deleteIfExists(file)) {
            syncDirectory(file);
        }
    }

    /** Makes names in the directory of {@code file} durable. */
    private static void syncDirectory(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            sync(directory);
        }
    }

    /** Makes the names in a directory durable. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
