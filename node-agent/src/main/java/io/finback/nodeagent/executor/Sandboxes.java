package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.AgentId;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where tasks live on disk: {@code slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/<container>}, with {@code latest}
 * beside it, as in Mesos ({@code src/slave/paths.hpp}). A command's executor is named like the task; a task of a custom executor has
 * that one's sandbox, one of the default executor {@code tasks/<task>} in it. Thread-safe.
 */
public final class Sandboxes {
    private static final int MAX_NAME_BYTES = 255;

    private final Path root;

    public Sandboxes(Path dataDir, AgentId agent) {
        this.root = dataDir.toAbsolutePath().normalize().resolve("slaves").resolve(name(agent.value()));
    }

    /** The directory above all sandboxes of this agent; absolute. */
    public Path root() {
        return root;
    }

    /** The directory above the sandboxes of this and of every earlier id of the agent; absolute. */
    public Path ofAllIds() {
        return root.resolveSibling("");
    }

    /** A task of an earlier id of this agent has its sandbox below that id. */
    public Path of(AgentTask task) {
        Path runs = runs(task.info());
        if (!task.isNested() && !task.isOfCustomExecutor()) {
            return runs.resolve(task.container());
        }
        Path ofExecutor = runs.resolve(
                task.info().options().executorRun().map(ExecutorRuns::container).orElse(task.container()));
        return task.isNested()
                ? ofExecutor.resolve("tasks").resolve(name(task.info().id().value()))
                : ofExecutor;
    }

    /** Makes the sandbox and points {@code latest} at it. Doing it again changes nothing. */
    public Path create(AgentTask task) throws LaunchFailure {
        Path sandbox = of(task);
        try {
            Files.createDirectories(sandbox);
            if (task.isNested()) {
                return sandbox;
            }
            Path runs = runs(task.info());
            Path link = runs.resolve(".latest-" + task.container());
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, Path.of(task.container()));
            Files.move(
                    link, runs.resolve("latest"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new LaunchFailure("cannot make the sandbox " + sandbox, e);
        }
        return sandbox;
    }

    /** Deletes the sandbox and the directories above it that it leaves empty. Follows no links. */
    public void delete(AgentTask task) {
        if (task.isOfCustomExecutor()) {
            // The sandbox is its executor's.
            return;
        }
        Path sandbox = of(task);
        try {
            if (Files.exists(sandbox)) {
                Files.walkFileTree(sandbox, new Deleting());
            }
            if (task.isNested()) {
                return;
            }
            Path runs = runs(task.info());
            Path latest = runs.resolve("latest");
            if (Files.isSymbolicLink(latest) && !Files.exists(latest)) {
                Files.delete(latest);
            }
            Path executors = executors(task.info());
            Files.delete(runs);
            Files.delete(runs.resolveSibling(""));
            Files.delete(executors);
        } catch (DirectoryNotEmptyException | NoSuchFileException e) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path runs(TaskInfo task) {
        return executors(task)
                .resolve(name(task.options()
                        .executor()
                        .map(ExecutorInfo::id)
                        .orElse(task.id().value())))
                .resolve("runs");
    }

    private Path executors(TaskInfo task) {
        return root.resolveSibling(name(task.agent().value()))
                .resolve("frameworks")
                .resolve(name(task.framework().value()))
                .resolve("executors");
    }

    /** The id itself, or for one that is too long for a file name a name made from it. */
    private static String name(String id) {
        byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= MAX_NAME_BYTES
                ? id
                : UUID.nameUUIDFromBytes(bytes).toString();
    }

    private static final class Deleting extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure) throws IOException {
            if (failure != null) {
                throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
        }
    }
}
