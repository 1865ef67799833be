package io.finback.cli;

import io.finback.runtime.DataDirLock;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The directory of a dev cluster. A marker file says that it is one; without it nothing here is ever deleted, and a directory with
 * anything else in it is refused, so that a slip of {@code --data} harms nothing.
 */
record DataDir(Path path) {
    private static final String MARKER = "finback-dev-cluster";

    /** Throws {@link StartFailure} when this is a directory of something else. Changes nothing. */
    void check() {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new StartFailure("--data: " + path + " (expected: a directory)");
        }
        if (!isDevCluster() && !children("*").isEmpty()) {
            throw new StartFailure(
                    "data directory " + path + " is not of a dev cluster and not empty; choose another with --data");
        }
    }

    private boolean isDevCluster() {
        return Files.exists(path.resolve(MARKER));
    }

    /** The directories of agents that ran here. */
    List<Path> agents() {
        return children("agent-*");
    }

    /** Deletes what a dev cluster made here, its lock (held by the caller) and marker excepted. */
    void clear() {
        List<Path> ours = new ArrayList<>(children("agent-*"));
        ours.add(path.resolve("master"));
        ours.add(path.resolve("router"));
        ours.add(path.resolve("logs"));
        ours.forEach(DataDir::delete);
    }

    /** Locks the whole, marks it as ours before anything else is made in it, and locks each node's part; the caller closes them. */
    List<DataDirLock> lock(List<Path> nodes) {
        List<DataDirLock> locks = new ArrayList<>();
        try {
            locks.add(DataDirLock.acquire(path));
            mark();
            for (Path node : nodes) {
                locks.add(DataDirLock.acquire(node));
            }
            return locks;
        } catch (StartFailure e) {
            locks.forEach(DataDirLock::close);
            throw e;
        }
    }

    /** Writes the marker; idempotent. */
    void mark() {
        try {
            Files.writeString(path.resolve(MARKER), "finback dev keeps a cluster here; dev --fresh deletes it\n");
        } catch (IOException e) {
            throw new StartFailure("data directory " + path + ": cannot be written (" + e.getMessage() + ")", e);
        }
    }

    private List<Path> children(String glob) {
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(path, glob)) {
            stream.forEach(found::add);
        } catch (IOException e) {
            throw new StartFailure("data directory " + path + ": cannot be read (" + e.getMessage() + ")", e);
        }
        return found;
    }

    static void delete(Path root) {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path file : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            throw new StartFailure("--fresh: cannot delete " + root + " (" + e.getMessage() + ")", e);
        }
    }
}
