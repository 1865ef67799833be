package io.finback.nodeagent.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The files that may be shown, under the names Mesos gives them: {@code /slave/log}, {@code /frameworks/<framework>/executors/…} of
 * this agent, and the sandboxes' real absolute paths. Every link is resolved before a path is judged: a task may have made any link
 * in its sandbox. Blocks on the disk; thread-safe. Source: apache/mesos {@code src/files/files.cpp}.
 */
public final class FileSpace {
    /** As Mesos: 16 pages. */
    public static final int MAX_READ = 64 * 1024;

    public static final String AGENT_LOG = "/slave/log";
    private static final String FRAMEWORKS = "/frameworks";

    private final Path sandboxes;
    private final Path ofThisAgent;
    private final Optional<Path> log;
    private final int maxEntries;
    private final Predicate<Path> shown;
    private final BooleanSupplier logShown;

    /**
     * @param sandboxes the directory above the sandboxes of this and of every earlier id of the agent
     * @param ofThisAgent the one above those of its present id
     * @param log the agent's own log file, if it writes one
     * @param maxEntries what is listed of one directory
     */
    public FileSpace(Path sandboxes, Path ofThisAgent, Optional<Path> log, int maxEntries) {
        this(sandboxes, ofThisAgent, log, maxEntries, real -> true, () -> true);
    }

    private FileSpace(
            Path sandboxes,
            Path ofThisAgent,
            Optional<Path> log,
            int maxEntries,
            Predicate<Path> shown,
            BooleanSupplier logShown) {
        this.shown = shown;
        this.logShown = logShown;
        this.sandboxes = sandboxes;
        this.ofThisAgent = ofThisAgent;
        this.log = log;
        this.maxEntries = maxEntries;
    }

    /**
     * One line of a listing.
     *
     * @param path as it would be asked for
     * @param mode as {@code ls -l} writes it
     * @param bits the same as {@code stat(2)} counts it
     */
    public record Entry(
            String path, String mode, int bits, int nlink, String uid, String gid, long size, FileTime mtime) {}

    /**
     * Bytes of a file, as they are.
     *
     * @param size of the whole file, when they were read
     */
    public record Part(ByteBuffer bytes, long size) {}

    /**
     * A piece of a file.
     *
     * @param data whole characters of UTF-8; what is none shows as the replacement character
     * @param offset where it begins; the file's size when nothing is there
     */
    public record Piece(String data, long offset) {}

    /**
     * The same files, of which not all are shown.
     *
     * @param shownReal asked about the real path of a file or directory
     * @param ownLog whether the agent's log is
     */
    public FileSpace within(Predicate<Path> shownReal, BooleanSupplier ownLog) {
        return new FileSpace(sandboxes, ofThisAgent, log, maxEntries, shownReal, ownLog);
    }

    /** What is in a directory, by name. */
    public List<Entry> browse(String path) throws FileFailure, IOException {
        Path directory = resolve(path);
        if (!Files.isDirectory(directory)) {
            throw FileFailure.missing(path);
        }
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                if (entries.size() >= maxEntries) {
                    throw FileFailure.invalid("'" + path + "' holds more than " + maxEntries
                            + " files (expected: fewer; finback.agent.files.max-entries)");
                }
                entry(path, file).ifPresent(entries::add);
            }
        }
        entries.sort(Comparator.comparing(Entry::path));
        return entries;
    }

    /**
     * A piece of a file.
     *
     * @param offset in bytes; -1 asks for the size alone
     * @param length in bytes, cut to {@link #MAX_READ}; -1: as much as that
     */
    public Piece read(String path, long offset, long length) throws FileFailure, IOException {
        Part part = bytes(path, offset, length);
        if (offset < 0 || offset >= part.size()) {
            return new Piece("", part.size());
        }
        byte[] bytes = part.bytes().array();
        int read = part.bytes().limit();
        int whole = offset + read < part.size() ? Utf8.wholeCharacters(bytes, read) : read;
        return new Piece(new String(bytes, 0, whole, StandardCharsets.UTF_8), offset);
    }

    /** As {@link #read}, without looking for characters. */
    public Part bytes(String path, long offset, long length) throws FileFailure, IOException {
        if (offset < -1) {
            throw FileFailure.invalid("Negative offset provided: " + offset);
        }
        if (length < -1) {
            throw FileFailure.invalid("Negative length provided: " + length);
        }
        Path file = resolve(path);
        if (Files.isDirectory(file)) {
            throw FileFailure.invalid("Cannot read from directory '" + path + "'");
        }
        try (SeekableByteChannel channel = open(path, file)) {
            long size = channel.size();
            if (offset < 0 || offset >= size) {
                return new Part(ByteBuffer.allocate(0), size);
            }
            int wanted = (int) (length < 0 ? MAX_READ : Math.min(length, MAX_READ));
            ByteBuffer buffer = ByteBuffer.allocate(wanted);
            channel.position(offset);
            int got = 0;
            while (buffer.hasRemaining() && got >= 0) {
                got = channel.read(buffer);
            }
            return new Part(buffer.flip(), size);
        }
    }

    /** The real place of a plain file, to be sent whole. */
    public Path file(String path) throws FileFailure {
        Path file = resolve(path);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw FileFailure.missing(path);
        }
        return file;
    }

    /** Reads a file as it grows, also when it is renamed and begun anew. */
    public Follower follow(String path, long offset) throws FileFailure, IOException {
        Path file = file(path);
        return new Follower(file, offset);
    }

    /** As {@link #follow}, from the first byte of the oldest file that is kept. */
    public Follower followAll(String path) throws FileFailure, IOException {
        return Follower.ofAll(file(path));
    }

    /** The names that stand for directories and files. */
    public Map<String, String> names() {
        Map<String, String> names = new LinkedHashMap<>();
        names.put(FRAMEWORKS, ofThisAgent.resolve("frameworks").toString());
        log.ifPresent(file -> names.put(AGENT_LOG, file.toString()));
        names.put(sandboxes.toString(), sandboxes.toString());
        return names;
    }

    private Path resolve(String path) throws FileFailure {
        try {
            Path absolute = Path.of("/").resolve(path).normalize();
            if (absolute.equals(Path.of(AGENT_LOG)) && log.isPresent()) {
                if (!logShown.getAsBoolean()) {
                    throw FileFailure.forbidden(path);
                }
                return log.get().toRealPath();
            }
            Path asked = absolute.startsWith(FRAMEWORKS)
                    ? ofThisAgent
                            .resolve("frameworks")
                            .resolve(Path.of(FRAMEWORKS).relativize(absolute))
                    : absolute;
            Path real = asked.toRealPath();
            if (real.startsWith(sandboxes.toRealPath())) {
                if (!shown.test(real)) {
                    throw FileFailure.forbidden(path);
                }
                return real;
            }
        } catch (IOException | InvalidPathException e) {
            throw FileFailure.missing(path);
        }
        throw FileFailure.missing(path);
    }

    private static SeekableByteChannel open(String path, Path file) throws FileFailure, IOException {
        // A pipe would keep the reader waiting.
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw FileFailure.missing(path);
        }
        return Files.newByteChannel(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    private static Optional<Entry> entry(String above, Path file) throws IOException {
        Map<String, Object> facts;
        try {
            facts = Files.readAttributes(file, "unix:*", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        String path = above.endsWith("/") ? above + file.getFileName() : above + "/" + file.getFileName();
        return Optional.of(new Entry(
                path,
                mode(facts),
                fact(facts, "mode", Integer.class),
                fact(facts, "nlink", Integer.class),
                String.valueOf(facts.get("owner")),
                String.valueOf(facts.get("group")),
                fact(facts, "size", Long.class),
                fact(facts, "lastModifiedTime", FileTime.class)));
    }

    /** The "unix" view has all of these on every file. */
    private static <T> T fact(Map<String, Object> facts, String name, Class<T> type) {
        return type.cast(Objects.requireNonNull(facts.get(name), name));
    }

    private static String mode(Map<String, Object> facts) {
        char kind = fact(facts, "isDirectory", Boolean.class)
                ? 'd'
                : fact(facts, "isSymbolicLink", Boolean.class)
                        ? 'l'
                        : fact(facts, "isRegularFile", Boolean.class) ? '-' : '?';
        StringBuilder mode = new StringBuilder().append(kind);
        Set<?> permissions = fact(facts, "permissions", Set.class);
        String letters = "rwxrwxrwx";
        PosixFilePermission[] order = PosixFilePermission.values();
        for (int i = 0; i < order.length; i++) {
            mode.append(permissions.contains(order[i]) ? letters.charAt(i) : '-');
        }
        return mode.toString();
    }
}
