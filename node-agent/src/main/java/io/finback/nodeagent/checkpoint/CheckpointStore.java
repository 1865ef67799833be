package io.finback.nodeagent.checkpoint;

import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.ContainerInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the agent knows, in {@code <data-dir>/meta}: {@code tasks/} holds a file per task that is not done, {@code ended/} the
 * last ones that are (tombstones: a late duplicate of their launch starts nothing), {@code begun/} an empty file per run whose
 * command was started, {@code quarantine/} what could not be understood. One owner at a time.
 *
 * <p>Every method that returns has made its change durable, but for {@link #bury}; one that throws has changed nothing that a later
 * reader could take for the new state.
 */
public final class CheckpointStore {
    private static final Logger log = LoggerFactory.getLogger(CheckpointStore.class);
    private static final String SUFFIX = ".json";
    private static final int READABLE_CHARACTERS = 100;

    private final Path tasks;
    private final Path ended;
    private final Path begun;
    private final Path quarantine;
    private int unreadable;

    private CheckpointStore(Path meta) {
        this.tasks = meta.resolve("tasks");
        this.ended = meta.resolve("ended");
        this.begun = meta.resolve("begun");
        this.quarantine = meta.resolve("quarantine");
    }

    /**
     * What the last agent left.
     *
     * @param live tasks that are not done
     * @param ended tombstones, the oldest first
     */
    public record Recovered(List<AgentTask> live, List<AgentTask> ended) {
        public Recovered {
            live = List.copyOf(live);
            ended = List.copyOf(ended);
        }
    }

    public static CheckpointStore open(Path dataDir) throws IOException {
        CheckpointStore store =
                new CheckpointStore(dataDir.toAbsolutePath().normalize().resolve("meta"));
        for (Path directory : List.of(store.tasks, store.ended, store.begun, store.quarantine)) {
            Files.createDirectories(directory);
        }
        return store;
    }

    /** Reads everything. A file that is torn or of another version is put aside with a line in the log, never guessed at. */
    public Recovered recover() throws IOException {
        List<AgentTask> live = read(tasks);
        List<AgentTask> tombstones = read(ended);
        tombstones.sort(Comparator.comparing(task -> task.ended().orElse(task.received())));
        return new Recovered(live, tombstones);
    }

    /** How many files were put aside since it was opened. */
    public int unreadable() {
        return unreadable;
    }

    public void save(AgentTask task) throws IOException {
        AtomicFiles.write(file(tasks, task), TaskFile.encode(task));
    }

    /** All of them, for little more than one; returns those that failed, each as if it had thrown. */
    public Map<AgentTask, IOException> saveAll(List<AgentTask> all) {
        Map<AgentTask, IOException> failures = new HashMap<>();
        List<AgentTask> written = new ArrayList<>();
        for (AgentTask task : all) {
            try {
                AtomicFiles.replace(file(tasks, task), TaskFile.encode(task));
                written.add(task);
            } catch (IOException e) {
                failures.put(task, e);
            }
        }
        try {
            AtomicFiles.sync(tasks);
        } catch (IOException e) {
            written.forEach(task -> failures.put(task, e));
        }
        return failures;
    }

    /** As if its launch had never come. */
    public void delete(AgentTask task) throws IOException {
        AtomicFiles.delete(file(tasks, task));
    }

    /**
     * The task is done: keeps a tombstone, with what was last saved of it. A power cut (and nothing less) may undo it; then the end of
     * the task is said once more to masters that know it.
     */
    public void bury(AgentTask task) throws IOException {
        Path tombstone = file(ended, task);
        if (Files.exists(file(tasks, task))) {
            AtomicFiles.moveSoon(file(tasks, task), tombstone);
        } else {
            AtomicFiles.write(tombstone, TaskFile.encode(task));
        }
        Files.deleteIfExists(begunFile(task));
        if (task.info().options().container().flatMap(ContainerInfo::tty).isPresent()) {
            Files.deleteIfExists(inputFile(task));
        }
    }

    /** Drops a tombstone. */
    public void forget(AgentTask task) throws IOException {
        AtomicFiles.delete(file(ended, task));
        AtomicFiles.delete(begunFile(task));
    }

    /** Where all of it is; exists. */
    public Path directory() {
        return tasks;
    }

    /** The file whose existence says that the command of this run was started. */
    public Path begunFile(AgentTask task) {
        return begun.resolve(task.container());
    }

    /** The pipe through which is typed what a task with a terminal reads. */
    private Path inputFile(AgentTask task) {
        return begun.resolve(task.container() + ".input");
    }

    public boolean hasBegun(AgentTask task) {
        return Files.exists(begunFile(task));
    }

    private List<AgentTask> read(Path directory) throws IOException {
        List<AgentTask> found = new ArrayList<>();
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            all.forEach(files::add);
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            if (name.endsWith(AtomicFiles.TEMPORARY)) {
                // Never renamed, so nothing was ever said of it.
                Files.deleteIfExists(file);
                continue;
            }
            try {
                AgentTask task = TaskFile.decode(Files.readAllBytes(file));
                if (name.equals(oldFileName(task.info().id()))) {
                    AtomicFiles.move(file, file(directory, task));
                } else if (!name.equals(fileName(task.key()))) {
                    throw new IOException("task: " + task.key() + " (expected: the one the file is named by)");
                }
                found.add(task);
            } catch (IOException e) {
                Path aside = quarantine.resolve(name + "." + System.nanoTime());
                log.error(
                        "checkpoint.unreadable file={} reason={} movedTo={} next=go_on_without_it",
                        file,
                        e.getMessage(),
                        aside);
                AtomicFiles.move(file, aside);
                unreadable++;
            }
        }
        return found;
    }

    private static Path file(Path directory, AgentTask task) {
        return directory.resolve(fileName(task.key()));
    }

    /** Readable, safe on every file system, and different for different tasks. */
    private static String fileName(TaskKey key) {
        return fileName(key.task(), key.toString());
    }

    /** As long as every task had the same framework, a file was named by the task's id alone. */
    private static String oldFileName(TaskId id) {
        return fileName(id, id.value());
    }

    private static String fileName(TaskId id, String unique) {
        String safe = id.value().replaceAll("[^A-Za-z0-9._-]", "_");
        String start = safe.substring(0, Math.min(READABLE_CHARACTERS, safe.length()));
        return start + "-" + digest(unique).substring(0, 16) + SUFFIX;
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
