package io.finback.nodeagent.oci;

import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is mounted in a container beside its root: what every program expects, its sandbox, and its volumes. */
final class Mounts {
    /** Where every container sees its sandbox, as in Mesos. */
    static final String SANDBOX = "/mnt/mesos/sandbox";

    private static final long MEBIBYTE = 1L << 20;
    private static final int DEFAULT_SHM_MEBIBYTES = 64;
    private static final int MOST_SHM_MEBIBYTES = 1024 * 1024;

    /** Names of this machine's network, which a container without a network of its own shares. */
    private static final List<String> OF_THE_NETWORK = List.of("/etc/resolv.conf", "/etc/hosts", "/etc/hostname");

    private Mounts() {}

    /** One of them, in the words of a bundle. */
    record Mount(String destination, String type, String source, List<String> options) {}

    /** Why a task's volumes can never be mounted: the field, its value and what was expected. */
    static Optional<String> problem(TaskInfo task, ContainerInfo container) {
        for (Volume volume : container.volumes()) {
            Optional<String> problem = problem(task, volume);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return container
                .linux()
                .flatMap(LinuxOptions::shmSizeMegabytes)
                .flatMap(size -> size < 1 || size > MOST_SHM_MEBIBYTES
                        ? Optional.of("container.linux_info.shm_size: " + size + " (expected: 1 to "
                                + MOST_SHM_MEBIBYTES + ")")
                        : Optional.empty());
    }

    private static Optional<String> problem(TaskInfo task, Volume volume) {
        String at = volume.containerPath();
        Path normal = Path.of(target(at)).normalize();
        boolean climbs = !at.startsWith("/") && !normal.startsWith(SANDBOX);
        if (at.isEmpty() || climbs || normal.equals(Path.of("/")) || normal.equals(Path.of(SANDBOX))) {
            return Optional.of("container.volumes.container_path: '" + at
                    + "' (expected: an absolute path other than /, or one in the sandbox)");
        }
        return switch (volume.source()) {
            case DOCKER_VOLUME ->
                Optional.of(
                        "container.volumes.source: DOCKER_VOLUME " + volume.name()
                                + " (expected: a host path, a sandbox path or an image; volumes of an engine need type DOCKER)");
            case SANDBOX_PARENT ->
                task.options().executorRun().isEmpty() || climbs(volume.name())
                        ? Optional.of("container.volumes.source.sandbox_path: PARENT " + volume.name()
                                + " (expected: with a task of a group only, a path in its executor's sandbox)")
                        : Optional.empty();
            case SANDBOX_SELF ->
                climbs(volume.name())
                        ? Optional.of("container.volumes: " + volume.name() + " (expected: a path in the sandbox)")
                        : Optional.empty();
            case HOST_PATH ->
                !volume.name().startsWith("/") && climbs(volume.name())
                        ? Optional.of("container.volumes.host_path: " + volume.name()
                                + " (expected: an absolute path, or one in the sandbox)")
                        : Optional.empty();
            case SECRET -> Optional.empty();
            case IMAGE -> OciContainerizer.nameProblem("container.volumes.image", volume.name());
        };
    }

    private static boolean climbs(String path) {
        return path.startsWith("/") || !Path.of(SANDBOX, path).normalize().startsWith(SANDBOX);
    }

    private static String target(String containerPath) {
        return containerPath.startsWith("/") ? containerPath : SANDBOX + "/" + containerPath;
    }

    /** Before the sandbox: what belongs to every container. */
    static List<Mount> standard(ContainerInfo container, boolean ownIpc) {
        List<Mount> mounts = new ArrayList<>();
        mounts.add(new Mount("/proc", "proc", "proc", List.of("nosuid", "noexec", "nodev")));
        mounts.add(new Mount("/dev", "tmpfs", "tmpfs", List.of("nosuid", "strictatime", "mode=755", "size=65536k")));
        mounts.add(new Mount(
                "/dev/pts",
                "devpts",
                "devpts",
                List.of("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")));
        if (ownIpc) {
            long mebibytes =
                    container.linux().flatMap(LinuxOptions::shmSizeMegabytes).orElse(DEFAULT_SHM_MEBIBYTES);
            mounts.add(new Mount(
                    "/dev/shm",
                    "tmpfs",
                    "shm",
                    List.of("nosuid", "noexec", "nodev", "mode=1777", "size=" + mebibytes * MEBIBYTE)));
            mounts.add(new Mount("/dev/mqueue", "mqueue", "mqueue", List.of("nosuid", "noexec", "nodev")));
        } else if (Files.isDirectory(Path.of("/dev/shm"))) {
            mounts.add(bind("/dev/shm", "/dev/shm", false));
        }
        mounts.add(new Mount("/sys", "sysfs", "sysfs", List.of("nosuid", "noexec", "nodev", "ro")));
        for (String file : OF_THE_NETWORK) {
            if (Files.isRegularFile(Path.of(file))) {
                mounts.add(bind(file, file, true));
            }
        }
        return mounts;
    }

    static Mount bind(String destination, String source, boolean readOnly) {
        return new Mount(
                destination,
                "bind",
                source,
                readOnly ? List.of("rbind", "rprivate", "ro") : List.of("rbind", "rprivate"));
    }

    /** The sandbox. */
    static Mount sandbox(Path sandbox) {
        return bind(SANDBOX, sandbox.toString(), false);
    }

    /**
     * A volume that is no image. Directories of the sandbox that are not there are made.
     *
     * @param owner of what is made
     */
    static Mount volume(Volume volume, Path sandbox, ImageUser owner) throws LaunchFailure {
        boolean own = volume.source() == Volume.Source.SANDBOX_SELF
                || (volume.source() == Volume.Source.HOST_PATH && !volume.name().startsWith("/"));
        try {
            Path source;
            if (own) {
                source = inside(sandbox, volume.name(), owner);
            } else if (volume.source() == Volume.Source.SANDBOX_PARENT) {
                // <executor's sandbox>/tasks/<task>
                source = inside(sandbox.resolve("../..").normalize(), volume.name(), owner);
            } else {
                source = Path.of(volume.name());
                if (!Files.exists(source)) {
                    throw new LaunchFailure("container.volumes.host_path: " + source + " (expected: it is there)");
                }
            }
            return bind(target(volume.containerPath()), source.toString(), volume.readOnly());
        } catch (IOException e) {
            throw new LaunchFailure("container.volumes: " + volume.name() + " cannot be mounted", e);
        }
    }

    /** Tasks may have put links into a sandbox others share: what is mounted is in there all the same. */
    private static Path inside(Path sandbox, String name, ImageUser owner) throws IOException, LaunchFailure {
        Path wanted = sandbox.resolve(name).normalize();
        if (!Files.exists(wanted, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(wanted);
            Files.setAttribute(wanted, "unix:uid", owner.uid());
            Files.setAttribute(wanted, "unix:gid", owner.gid());
        }
        Path real = wanted.toRealPath();
        if (!real.startsWith(sandbox.toRealPath())) {
            throw new LaunchFailure("container.volumes: " + name + " leads out of the sandbox (expected: inside)");
        }
        return real;
    }

    static Mount persistent(VolumeMount volume) {
        return bind(target(volume.containerPath()), volume.source().toString(), volume.readOnly());
    }

    static Mount image(Volume volume, Path files) {
        return bind(target(volume.containerPath()), files.toString(), volume.readOnly());
    }
}
