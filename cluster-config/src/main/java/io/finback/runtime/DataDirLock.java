package io.finback.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Holds a data directory for this process alone. The system frees it when the process ends, however it ends; the file {@code lock}
 * stays, and holds the id of an owner that did not give it back. The program takes it before it starts a node; nodes do not take it again. Thread-safe.
 */
public final class DataDirLock implements AutoCloseable {
    static final String FILE = "lock";

    /** A JVM's file locks do not exclude the JVM itself, other than by an exception; this says it in our words. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;
    private final boolean left;

    private DataDirLock(Path directory, FileChannel channel, boolean left) {
        this.directory = directory;
        this.channel = channel;
        this.left = left;
    }

    /**
     * Makes the directory if there is none and locks it. Throws {@link StartFailure} when another process, or another node of this
     * one, has it, or when it cannot be written.
     */
    public static DataDirLock acquire(Path directory) {
        Path real;
        try {
            Files.createDirectories(directory);
            real = directory.toRealPath();
        } catch (IOException e) {
            throw unusable(directory, e);
        }
        if (!HELD_HERE.add(real)) {
            throw inUse(directory, "this process");
        }
        try {
            return locked(directory, real);
        } catch (IOException e) {
            HELD_HERE.remove(real);
            throw unusable(directory, e);
        } catch (StartFailure e) {
            HELD_HERE.remove(real);
            throw e;
        }
    }

    private static DataDirLock locked(Path directory, Path real) throws IOException {
        Path file = real.resolve(FILE);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                boolean left = channel.size() > 0;
                channel.truncate(0);
                channel.write(
                        ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
                channel.force(true);
                return new DataDirLock(real, channel, left);
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw inUse(directory, "this process");
        }
        String owner = Files.readString(file).strip();
        channel.close();
        throw inUse(directory, owner.isEmpty() ? "another process" : "process " + owner);
    }

    /** Where the lock is; absolute. */
    public Path directory() {
        return directory;
    }

    /** The owner before this one ended without giving it back: it was killed, or its machine went down. */
    public boolean wasLeft() {
        return left;
    }

    /** Frees the directory. Idempotent. */
    @Override
    public void close() {
        try (FileChannel closing = channel) {
            if (closing.isOpen()) {
                closing.truncate(0);
            }
        } catch (IOException e) {
            throw new IllegalStateException("data directory " + directory + ": cannot unlock", e);
        } finally {
            HELD_HERE.remove(directory);
        }
    }

    private static StartFailure inUse(Path directory, String owner) {
        return new StartFailure("data directory " + directory + " is in use by " + owner
                + "; stop it or choose another (finback.data-dir, dev: --data)");
    }

    private static StartFailure unusable(Path directory, IOException e) {
        return new StartFailure(
                "data directory " + directory + ": cannot be written ("
                        + e.getClass().getSimpleName() + ": " + e.getMessage()
                        + "); choose another (finback.data-dir, dev: --data)",
                e);
    }
}
