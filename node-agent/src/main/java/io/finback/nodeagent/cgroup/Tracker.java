package io.finback.nodeagent.cgroup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Knows every process of one group and ends them all, whatever sessions they made and however fast they fork. Version 2 does it in
 * one write ({@code cgroup.kill}, Linux 5.14); before that, and in version 1, the group is frozen first, so that nothing is born
 * while the list is read. Where it cannot be frozen, what is born is found by the next walk.
 */
record Tracker(Path directory, boolean unified) {
    private static final int ROUNDS = 20;
    private static final long FREEZING_NANOS = 200_000_000L;

    /** Processes in it and in groups the task has made in it; ended ones that nobody has waited for are none. */
    List<Long> processes() {
        List<Long> found = new ArrayList<>();
        collect(directory, found);
        return found;
    }

    /** SIGKILL to everything; returns before they are gone. */
    void kill() throws IOException {
        Path atOnce = directory.resolve("cgroup.kill");
        if (unified && Files.exists(atOnce)) {
            ControlFiles.write(atOnce, "1");
            return;
        }
        boolean frozen = freeze();
        try {
            for (int round = 0; round < (frozen ? 1 : ROUNDS); round++) {
                List<Long> all = processes();
                if (all.isEmpty()) {
                    return;
                }
                for (long pid : all) {
                    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
                }
            }
        } finally {
            if (frozen) {
                thaw();
            }
        }
    }

    private boolean freeze() throws IOException {
        Path state = directory.resolve(unified ? "cgroup.freeze" : "freezer.state");
        if (!Files.exists(state)) {
            return false;
        }
        ControlFiles.write(state, unified ? "1" : "FROZEN");
        long deadline = System.nanoTime() + FREEZING_NANOS;
        while (!isFrozen(state) && System.nanoTime() - deadline < 0) {
            Thread.onSpinWait();
        }
        return true;
    }

    private boolean isFrozen(Path state) {
        return unified
                ? ControlFiles.table(directory.resolve("cgroup.events")).getOrDefault("frozen", 0L) == 1
                : ControlFiles.read(state).filter("FROZEN"::equals).isPresent();
    }

    private void thaw() throws IOException {
        ControlFiles.write(directory.resolve(unified ? "cgroup.freeze" : "freezer.state"), unified ? "0" : "THAWED");
    }

    private static void collect(Path directory, List<Long> found) {
        ControlFiles.read(directory.resolve("cgroup.procs")).stream()
                .flatMap(text -> text.lines())
                .map(Long::parseLong)
                .forEach(found::add);
        for (Path below : below(directory)) {
            collect(below, found);
        }
    }

    static List<Path> below(Path directory) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, Files::isDirectory)) {
            all.forEach(found::add);
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }
}
