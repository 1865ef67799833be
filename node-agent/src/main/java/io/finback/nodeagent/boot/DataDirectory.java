package io.finback.nodeagent.boot;

import io.finback.nodeagent.checkpoint.AtomicFiles;
import io.finback.resources.AgentId;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data directory, held by one process at a time, for as long as this is open. The lock is the kernel's: it goes with the
 * process, however that ends.
 */
final class DataDirectory implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DataDirectory.class);

    private final Path path;
    private final FileChannel channel;

    private DataDirectory(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    static DataDirectory open(Path path) {
        Path file = path.resolve("lock");
        FileChannel channel = null;
        try {
            Files.createDirectories(path);
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                throw new StartFailure("data directory " + path + " is in use by another process" + owner(file)
                        + "; stop it or set finback.data-dir");
            }
            channel.truncate(0);
            int written = channel.write(
                    ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
            log.debug("data_dir.locked path={} bytes={}", path, written);
            return new DataDirectory(path, channel);
        } catch (IOException e) {
            close(channel);
            throw new StartFailure(
                    "finback.data-dir: " + path + " cannot be used (" + e + "); make it writable or set another one",
                    e);
        } catch (StartFailure e) {
            close(channel);
            throw e;
        }
    }

    /** The agent's name, made on the first start and kept. */
    AgentId agentId() {
        Path file = path.resolve("agent-id");
        try {
            if (!Files.exists(file)) {
                AgentId made = AgentId.of(UUID.randomUUID().toString());
                AtomicFiles.write(file, (made.value() + "\n").getBytes(StandardCharsets.UTF_8));
                return made;
            }
            return AgentId.of(Files.readString(file).strip());
        } catch (IOException | IllegalArgumentException e) {
            throw new StartFailure(
                    file + ": no agent id (" + e.getMessage()
                            + "); restore it, or remove the data directory to start as a new agent",
                    e);
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        close(channel);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Held by another node in this JVM.
            return null;
        }
    }

    private static String owner(Path file) {
        try {
            String pid = Files.readString(file).strip();
            return pid.isEmpty() ? "" : " (pid " + pid + ")";
        } catch (IOException e) {
            return "";
        }
    }

    private static void close(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                log.warn("data_dir.close_failed reason={}", e.getMessage());
            }
        }
    }
}
