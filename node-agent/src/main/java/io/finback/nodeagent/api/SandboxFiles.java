package io.finback.nodeagent.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/** Reads pieces of files that are in sandboxes, wherever their path and the links in it pretend to lead. Blocks on the disk. */
final class SandboxFiles {
    /** As Mesos: 16 pages. */
    static final int MAX_LENGTH = 64 * 1024;

    private final Path root;

    SandboxFiles(Path root) {
        this.root = root;
    }

    /**
     * A piece of a file.
     *
     * @param offset where it begins; the file's size when nothing was asked for
     */
    record Piece(String data, long offset) {}

    /**
     * Empty when there is no such file in a sandbox.
     *
     * @param path absolute, or relative to the directory above all sandboxes
     * @param offset in bytes; negative asks for the size alone, as in Mesos
     * @param length in bytes, cut to {@link #MAX_LENGTH}; negative: as much as that
     */
    Optional<Piece> read(String path, long offset, long length) throws IOException {
        Optional<Path> found = find(path);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (SeekableByteChannel channel =
                Files.newByteChannel(found.get(), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            if (offset < 0) {
                return Optional.of(new Piece("", channel.size()));
            }
            int wanted = (int) (length < 0 ? MAX_LENGTH : Math.min(length, MAX_LENGTH));
            ByteBuffer buffer = ByteBuffer.allocate(wanted);
            channel.position(offset);
            int read = 0;
            while (buffer.hasRemaining() && read >= 0) {
                read = channel.read(buffer);
            }
            return Optional.of(
                    new Piece(new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8), offset));
        }
    }

    /** Resolves every link before it asks whether the file is inside: a task may have made any link in its sandbox. */
    private Optional<Path> find(String path) {
        try {
            Path real = root.resolve(path).toRealPath();
            return real.startsWith(root.toRealPath()) && Files.isRegularFile(real)
                    ? Optional.of(real)
                    : Optional.empty();
        } catch (IOException | InvalidPathException e) {
            return Optional.empty();
        }
    }
}
