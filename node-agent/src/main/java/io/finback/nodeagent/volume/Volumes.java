package io.finback.nodeagent.volume;

import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.resources.Disk;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where persistent volumes are: {@code <data-dir>/volumes/roles/<role>/<id>}, on a disk of type PATH {@code
 * <root>/volumes/roles/<role>/<id>}, and a disk of type MOUNT itself. A volume is made when a task first uses it, and lives until it
 * is destroyed. Thread-safe. Source: apache/mesos {@code src/slave/paths.cpp}.
 */
public final class Volumes {
    private static final Logger log = LoggerFactory.getLogger(Volumes.class);

    /** What is on its way to be deleted; on the disk it was on, since a rename is all that is quick. */
    private static final String GOING = ".finback-destroyed";

    private final Path dataDir;
    private final Set<Path> roots;
    private final Executor blocking;

    /**
     * Volumes of an agent.
     *
     * @param agent what it has: its disks of type PATH and MOUNT may hold what an earlier one has left
     * @param blocking deletes
     */
    public Volumes(Path dataDir, Resources agent, Executor blocking) {
        this.dataDir = dataDir;
        this.roots = roots(agent);
        this.blocking = blocking;
    }

    private static Set<Path> roots(Resources agent) {
        Set<Path> roots = new LinkedHashSet<>();
        agent.special().stream()
                .flatMap(entry -> entry.kind().disk().flatMap(Disk::source).flatMap(Disk.Source::root).stream())
                .forEach(root -> roots.add(Path.of(root)));
        return roots;
    }

    /** Why a task's volumes cannot be had here: the field, its value and what was expected. */
    public static Optional<String> objection(Resources resources) {
        for (Special entry : resources.special()) {
            Optional<PersistentVolume> volume = PersistentVolume.of(entry.kind());
            if (volume.isEmpty()) {
                continue;
            }
            Optional<Disk.Mount> mount = entry.kind().disk().flatMap(Disk::volume);
            if (!PersistentVolume.isValidId(volume.get().id())
                    || mount.isEmpty()
                    || mount.get().containerPath().isEmpty()) {
                return Optional.of("resources.disk.persistence: " + volume.get().id()
                        + " (expected: an id that can be a file's name, and a volume with a container_path)");
            }
            if (place(Path.of("/"), volume.get()).isEmpty()) {
                return Optional.of("resources.disk.source: "
                        + volume.get().source().map(Disk.Source::type).orElseThrow()
                        + " (expected: PATH or MOUNT with a root, or none)");
            }
        }
        return Optional.empty();
    }

    /** What a task that holds these sees, each made if it is not there. */
    public List<VolumeMount> prepare(Resources resources) throws LaunchFailure {
        List<VolumeMount> mounts = new ArrayList<>();
        for (Special entry : resources.special()) {
            Optional<PersistentVolume> volume = PersistentVolume.of(entry.kind());
            Optional<Disk.Mount> mount = entry.kind().disk().flatMap(Disk::volume);
            if (volume.isEmpty() || mount.isEmpty()) {
                continue;
            }
            Path place = place(dataDir, volume.get())
                    .orElseThrow(() -> new LaunchFailure(objection(resources).orElse("resources.disk")));
            boolean isNew = Files.notExists(place);
            try {
                if (isNew) {
                    Files.createDirectories(place);
                    log.info("volume.made volume={} directory={}", volume.get(), place);
                }
            } catch (IOException e) {
                throw new LaunchFailure("persistent volume " + volume.get().id() + " cannot be made at " + place, e);
            }
            mounts.add(new VolumeMount(
                    place, mount.get().containerPath(), mount.get().readOnly(), isNew));
        }
        return mounts;
    }

    private static Optional<Path> place(Path dataDir, PersistentVolume volume) {
        // A role below another has a slash in it.
        Path below = Path.of("volumes", "roles", volume.role().replace('/', ' '), volume.id());
        if (volume.source().isEmpty()) {
            return Optional.of(dataDir.resolve(below));
        }
        Disk.Source source = volume.source().get();
        return switch (source.type()) {
            case PATH -> source.root().map(root -> Path.of(root).resolve(below));
            case MOUNT -> source.root().map(Path::of);
            case BLOCK, RAW -> Optional.empty();
        };
    }

    /** Nothing is in it when this returns; what was in it is deleted afterwards. Throws when the disk refuses. */
    public void destroy(PersistentVolume volume) throws IOException {
        Optional<Path> place = directory(volume);
        if (place.isEmpty() || !Files.isDirectory(place.get(), LinkOption.NOFOLLOW_LINKS)) {
            log.info("volume.destroyed volume={} there=false", volume);
            return;
        }
        boolean whole = volume.source()
                .map(source -> source.type() == Disk.SourceType.MOUNT)
                .orElse(false);
        Path top = whole
                ? place.get()
                : volume.source().flatMap(Disk.Source::root).map(Path::of).orElse(dataDir);
        Path going = Files.createDirectories(
                top.resolve(GOING).resolve(UUID.randomUUID().toString()));
        if (whole) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(place.get())) {
                for (Path file : files) {
                    if (!file.getFileName().toString().equals(GOING)) {
                        Files.move(file, going.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE);
                    }
                }
            }
        } else {
            Files.move(place.get(), going.resolve("volume"), StandardCopyOption.ATOMIC_MOVE);
        }
        log.info("volume.destroyed volume={} directory={}", volume, place.get());
        blocking.execute(() -> delete(going));
    }

    /** Deletes what an agent that ended meanwhile has left. */
    public void tidy() {
        Set<Path> all = new LinkedHashSet<>(roots);
        all.add(dataDir);
        for (Path root : all) {
            Path going = root.resolve(GOING);
            if (Files.isDirectory(going, LinkOption.NOFOLLOW_LINKS)) {
                log.info("volume.destruction_finished directory={} reason=the_last_agent_ended_meanwhile", going);
                blocking.execute(() -> delete(going));
            }
        }
    }

    /** Where a volume is, whether it is there or not. */
    public Optional<Path> directory(PersistentVolume volume) {
        return PersistentVolume.isValidId(volume.id()) ? place(dataDir, volume) : Optional.empty();
    }

    private static void delete(Path directory) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path left, @Nullable IOException failure) throws IOException {
                    if (failure != null) {
                        throw failure;
                    }
                    Files.deleteIfExists(left);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            log.warn("volume.not_deleted directory={} reason={}", directory, e.toString());
        }
    }
}
