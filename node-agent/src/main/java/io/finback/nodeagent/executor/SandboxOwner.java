package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.nodeagent.isolation.IsolationSettings;
import io.finback.nodeagent.isolation.TaskUser.Account;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A task of another user owns its sandbox and everything in it. */
public final class SandboxOwner {
    private SandboxOwner() {}

    /** Follows no links. Makes the files the task prints to, so that it can open them again by name. */
    public static void give(Path sandbox, Optional<Account> account) throws IOException {
        if (account.isEmpty()) {
            return;
        }
        for (String output : List.of("stdout", "stderr")) {
            if (Files.notExists(sandbox.resolve(output), LinkOption.NOFOLLOW_LINKS)) {
                Files.createFile(sandbox.resolve(output));
            }
        }
        Files.walkFileTree(sandbox, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                return own(directory);
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                return own(file);
            }

            private FileVisitResult own(Path path) throws IOException {
                Files.setAttribute(path, "unix:uid", account.get().uid(), LinkOption.NOFOLLOW_LINKS);
                Files.setAttribute(path, "unix:gid", account.get().gid(), LinkOption.NOFOLLOW_LINKS);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** What nobody has used yet is given to the first who does; what is in it keeps its owners. */
    public static void give(List<VolumeMount> volumes, Account account) throws IOException {
        for (VolumeMount volume : volumes) {
            if (volume.isNew()) {
                Files.setAttribute(volume.source(), "unix:uid", account.uid());
                Files.setAttribute(volume.source(), "unix:gid", account.gid());
            }
        }
    }

    /**
     * Shows volumes in a sandbox whose task sees the machine's files: as links, as Mesos does without a file system of its own.
     *
     * @throws IOException something else has the name
     */
    static void link(List<VolumeMount> volumes, Path sandbox) throws IOException {
        for (VolumeMount volume : volumes) {
            Path link = sandbox.resolve(volume.containerPath()).normalize();
            if (!link.startsWith(sandbox) || link.equals(sandbox)) {
                throw new IOException(
                        "volume.container_path: " + volume.containerPath() + " (expected: a path in the sandbox)");
            }
            Path parent = link.resolveSibling("");
            Files.createDirectories(parent);
            if (!parent.toRealPath().startsWith(sandbox.toRealPath())) {
                throw new IOException("volume.container_path: " + volume.containerPath()
                        + " leads out of the sandbox (expected: a path in it)");
            }
            boolean there =
                    Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(volume.source());
            if (!there) {
                Files.createSymbolicLink(link, volume.source());
            }
        }
    }

    /** The agent's own home would be somebody else's: the sandbox is its home. */
    static ContainerSpec homeOf(ContainerSpec spec, Account account) {
        Map<String, String> environment = new HashMap<>();
        environment.put("HOME", spec.sandbox().toString());
        environment.put("USER", account.name());
        environment.put("LOGNAME", account.name());
        environment.putAll(spec.environment());
        return new ContainerSpec(
                spec.container(), spec.task(), spec.sandbox(), spec.begun(), environment, spec.volumes());
    }

    /** The directory that is to be the task's own {@code /tmp}, if it is to have one. */
    static Optional<String> tmp(Path sandbox, IsolationSettings settings) throws IOException {
        if (!settings.privateTmp()) {
            return Optional.empty();
        }
        Path tmp = sandbox.resolve(".tmp");
        Files.createDirectories(tmp);
        // As every /tmp: anybody may write, nobody may remove what is another's.
        Files.setPosixFilePermissions(tmp, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.setAttribute(tmp, "unix:mode", 01777);
        return Optional.of(tmp.toString());
    }
}
