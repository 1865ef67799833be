package io.finback.nodeagent.secret;

import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives tasks their secrets: as variables, and as files that only the task's user may read, outside its sandbox, which others may browse.
 * The files go with the container. Thread-safe. Source: Mesos' {@code environment_secret} and {@code volume/secret} isolators.
 */
public final class TaskSecrets {
    private static final Logger log = LoggerFactory.getLogger(TaskSecrets.class);

    /** What one task gets. */
    public record Given(Map<String, String> environment, List<VolumeMount> files) {
        private static final Given NOTHING = new Given(Map.of(), List.of());

        public Given {
            environment = Map.copyOf(environment);
            files = List.copyOf(files);
        }

        /** Values stay untold. */
        @Override
        public String toString() {
            return "Given[environment=" + environment.keySet() + ", files=" + files.size() + "]";
        }
    }

    private final Optional<SecretStore> store;
    private final Path directory;

    /**
     * @param store empty: there are no secrets here
     * @param directory for files, one directory for each container; on a disk that forgets (tmpfs) where there is one
     */
    public TaskSecrets(Optional<SecretStore> store, Path directory) {
        this.store = store;
        this.directory = directory;
    }

    /** Fetches what {@code task} asks for. Throws when something of it cannot be had: the field, its reference, what was expected. */
    public Given prepare(String container, TaskInfo task) throws LaunchFailure {
        List<Volume> volumes = task.options().container().map(ContainerInfo::volumes).orElse(List.of()).stream()
                .filter(volume -> volume.source() == Volume.Source.SECRET)
                .toList();
        Map<String, String> variables = task.command().secrets();
        if (volumes.isEmpty() && variables.isEmpty()) {
            return Given.NOTHING;
        }
        Map<String, String> environment = new TreeMap<>();
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            String field = "command.environment." + variable.getKey();
            environment.put(variable.getKey(), text(field, find(field, variable.getValue())));
        }
        List<VolumeMount> files = new ArrayList<>();
        for (Volume volume : volumes) {
            byte[] value = find("container.volumes." + volume.containerPath(), volume.name());
            files.add(new VolumeMount(write(container, files.size(), value), volume.containerPath(), true, true));
        }
        return new Given(environment, files);
    }

    private byte[] find(String field, String reference) throws LaunchFailure {
        if (store.isEmpty()) {
            throw new LaunchFailure(field + ": secret " + reference
                    + " (expected: no secrets, as finback.agent.secrets.directory is not set)");
        }
        try {
            return store.get()
                    .find(reference)
                    .orElseThrow(() -> new LaunchFailure(
                            field + ": secret " + reference + " (expected: one that this agent's store has)"));
        } catch (IOException e) {
            throw new LaunchFailure(field + ": secret " + reference + " cannot be read: " + e.getMessage());
        }
    }

    /** Without line breaks at the end, which files have and values do not. */
    private static String text(String field, byte[] value) throws LaunchFailure {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value))
                    .toString();
            if (text.indexOf('\0') >= 0) {
                throw new LaunchFailure(field + ": a secret with a NUL character (expected: none in a variable)");
            }
            return text.stripTrailing();
        } catch (CharacterCodingException e) {
            throw new LaunchFailure(field + ": a secret that is no text (expected: UTF-8 in a variable)");
        }
    }

    private Path write(String container, int number, byte[] value) throws LaunchFailure {
        Path place = directory.resolve(container);
        try {
            Files.createDirectories(directory);
            if (Files.notExists(place)) {
                // Others must get through to the file itself, whose owner alone may read it.
                Files.createDirectory(
                        place, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
            }
            Path file = place.resolve(Integer.toString(number));
            Files.deleteIfExists(file);
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(file, value, StandardOpenOption.WRITE);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
            return file;
        } catch (IOException e) {
            throw new LaunchFailure("a secret's file cannot be written below " + directory, e);
        }
    }

    /** The container is no more. */
    public void forget(String container) {
        delete(directory.resolve(container));
    }

    /** Removes what containers have left that are not known. */
    public void keepOnly(Set<String> containers) {
        if (Files.notExists(directory)) {
            return;
        }
        try (Stream<Path> all = Files.list(directory)) {
            all.filter(place -> !containers.contains(String.valueOf(place.getFileName())))
                    .forEach(TaskSecrets::delete);
        } catch (IOException e) {
            log.warn("secrets.untidy directory={} reason={}", directory, e.toString());
        }
    }

    private static void delete(Path place) {
        if (Files.notExists(place)) {
            return;
        }
        try {
            Files.walkFileTree(place, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, java.io.IOException failure)
                        throws IOException {
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            log.warn("secrets.not_deleted directory={} reason={}", place, e.toString());
        }
    }
}
