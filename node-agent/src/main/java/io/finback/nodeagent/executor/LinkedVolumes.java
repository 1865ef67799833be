package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Volumes of a plain command, which sees the machine's files: links in its sandbox, as Mesos' {@code volume/sandbox_path} makes where it cannot
 * mount. So they can be neither at an absolute path nor read-only.
 */
final class LinkedVolumes {
    private LinkedVolumes() {}

    static Optional<String> objection(TaskInfo task) {
        return of(task).stream()
                .flatMap(volume -> objection(task, volume).stream())
                .findFirst();
    }

    private static Optional<String> objection(TaskInfo task, Volume volume) {
        if (volume.source() == Volume.Source.SECRET) {
            return climbs(volume.containerPath())
                    ? Optional.of("container.volumes: " + volume.containerPath()
                            + " (expected: a relative container_path for a task without an image)")
                    : Optional.empty();
        }
        if (volume.containerPath().isEmpty() || volume.containerPath().startsWith("/") || volume.readOnly()) {
            return Optional.of("container.volumes: " + volume.containerPath() + (volume.readOnly() ? ", RO" : "")
                    + " (expected: a relative container_path and mode RW for a task without an image)");
        }
        return switch (volume.source()) {
            case SANDBOX_PARENT ->
                task.options().executorRun().isPresent() && !climbs(volume.name())
                        ? Optional.empty()
                        : Optional.of("container.volumes.source.sandbox_path: PARENT " + volume.name()
                                + " (expected: with a task of a group only, a path in its executor's sandbox)");
            case HOST_PATH ->
                volume.name().startsWith("/")
                        ? Optional.empty()
                        : Optional.of("container.volumes.host_path: " + volume.name()
                                + " (expected: an absolute path for a task without an image)");
            default ->
                Optional.of("container.volumes.source: " + volume.source()
                        + " (expected: a host path or the sandbox of the executor for a task without an image)");
        };
    }

    /** Directories of the executor's sandbox that are not there are made; those of the machine must be there. */
    static List<VolumeMount> prepare(TaskInfo task, Path sandbox) throws IOException, LaunchFailure {
        List<VolumeMount> mounts = new ArrayList<>();
        for (Volume volume : of(task)) {
            if (volume.source() == Volume.Source.SECRET) {
                continue;
            }
            if (volume.source() == Volume.Source.HOST_PATH) {
                Path source = Path.of(volume.name());
                if (!Files.exists(source)) {
                    throw new LaunchFailure("container.volumes.host_path: " + source + " (expected: it is there)");
                }
                mounts.add(new VolumeMount(source, volume.containerPath(), false, false));
            } else {
                mounts.add(shared(task, sandbox, volume));
            }
        }
        return mounts;
    }

    /** {@code sandbox} is {@code <executor's sandbox>/tasks/<task>}. */
    private static VolumeMount shared(TaskInfo task, Path sandbox, Volume volume) throws IOException, LaunchFailure {
        Path around = sandbox.resolve("../..").normalize();
        Path source = around.resolve(volume.name()).normalize();
        boolean fresh = !Files.exists(source, LinkOption.NOFOLLOW_LINKS);
        Files.createDirectories(source);
        // Tasks may have put links into the sandbox they share; the executor's own volumes are links, too.
        Path real = source.toRealPath();
        if (!real.startsWith(around.toRealPath()) && !isInVolume(task, real)) {
            throw new LaunchFailure("container.volumes.source.sandbox_path: " + volume.name()
                    + " leads out of the executor's sandbox (expected: a path in it)");
        }
        return new VolumeMount(source, volume.containerPath(), false, fresh);
    }

    private static boolean isInVolume(TaskInfo task, Path real) throws IOException {
        List<Volume> all = task.options()
                .executor()
                .flatMap(ExecutorInfo::container)
                .map(ContainerInfo::volumes)
                .orElse(List.of());
        for (Volume one : all) {
            if (one.source() == Volume.Source.HOST_PATH
                    && real.startsWith(Path.of(one.name()).toRealPath())) {
                return true;
            }
        }
        return false;
    }

    private static boolean climbs(String path) {
        return path.isEmpty()
                || path.startsWith("/")
                || Path.of(path).normalize().startsWith("..");
    }

    private static List<Volume> of(TaskInfo task) {
        return task.options().container().map(ContainerInfo::volumes).orElse(List.of());
    }
}
