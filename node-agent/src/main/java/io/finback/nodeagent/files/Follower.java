package io.finback.nodeagent.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a growing file piece by piece. When the file is renamed to {@code .1} and a new one begun, reading goes on where it was,
 * through every file that was full since, as long as they are kept. Holds one file open; one user at a time.
 */
public final class Follower implements AutoCloseable {
    private static final int MAX_ROTATED = 1000;

    private final Path file;
    private @Nullable SeekableByteChannel channel;
    private @Nullable Object key;
    private long offset;

    /** @param offset where to begin, in bytes; negative: so many bytes before the end, at most all of them */
    Follower(Path file, long offset) throws IOException {
        this.file = file;
        open(file);
        long size = channel().size();
        this.offset = offset < 0 ? Math.max(0, size + offset) : Math.min(offset, size);
    }

    /** From the first byte that is kept, however often the file has been begun anew. */
    static Follower ofAll(Path file) throws IOException {
        Path oldest = file;
        for (int i = 1; i <= MAX_ROTATED; i++) {
            Path older = file.resolveSibling(file.getFileName() + "." + i);
            if (key(older).isEmpty()) {
                break;
            }
            oldest = older;
        }
        Follower follower = new Follower(file, 0);
        follower.open(oldest);
        return follower;
    }

    /** What has been written since; empty when nothing was. Its offset is within the file it is of. */
    public Optional<FileSpace.Piece> next() throws IOException {
        return next(true)
                .map(part -> new FileSpace.Piece(
                        StandardCharsets.UTF_8.decode(part.bytes()).toString(), part.offset()));
    }

    /** As {@link #next}, without looking for characters; empty when nothing was written. */
    public ByteBuffer nextBytes() throws IOException {
        return next(false).map(Part::bytes).orElse(ByteBuffer.allocate(0));
    }

    private record Part(ByteBuffer bytes, long offset) {}

    private Optional<Part> next(boolean characters) throws IOException {
        Optional<Part> part = read(characters);
        if (part.isPresent() || !moved()) {
            return part;
        }
        // The last words before it was renamed may have come since.
        part = read(false);
        if (part.isPresent()) {
            return part;
        }
        open(successor());
        offset = 0;
        return read(characters);
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }

    private Optional<Part> read(boolean characters) throws IOException {
        long size = channel().size();
        if (size < offset) {
            // It was cut: begin anew, as tail does.
            offset = 0;
        }
        if (size == offset) {
            return Optional.empty();
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(FileSpace.MAX_READ, size - offset));
        channel().position(offset);
        int got = 0;
        while (buffer.hasRemaining() && got >= 0) {
            got = channel().read(buffer);
        }
        int whole = characters ? Utf8.wholeCharacters(buffer.array(), buffer.position()) : buffer.position();
        if (whole == 0) {
            return Optional.empty();
        }
        Part part = new Part(buffer.position(0).limit(whole), offset);
        offset += whole;
        return Optional.of(part);
    }

    private boolean moved() throws IOException {
        Optional<Object> now = key(file);
        // Between rename and birth there is none.
        return now.isPresent() && !now.get().equals(key);
    }

    /** The file that was begun after the one that is open: one younger than where that is now, else the current one. */
    private Path successor() throws IOException {
        Path younger = file;
        for (int i = 1; i <= MAX_ROTATED; i++) {
            Path rotated = file.resolveSibling(file.getFileName() + "." + i);
            Optional<Object> found = key(rotated);
            if (found.isEmpty()) {
                // It is not kept any more: the oldest that is.
                return younger;
            }
            if (found.get().equals(key)) {
                return younger;
            }
            younger = rotated;
        }
        return younger;
    }

    private void open(Path which) throws IOException {
        close();
        channel = Files.newByteChannel(which, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        key = key(which).orElse(null);
    }

    private SeekableByteChannel channel() {
        return Objects.requireNonNull(channel, "closed");
    }

    private static Optional<Object> key(Path path) throws IOException {
        try {
            return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                    ? Optional.of(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS))
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
