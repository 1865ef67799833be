package io.finback.nodeagent.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Small file systems, so that a full disk is a real one. Only root may make them; others skip, and say so. */
public final class Mounts {
    private Mounts() {}

    public static void smallDisk(Path on, String size) throws Exception {
        boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", on.toString()) == 0;
        if (!mounted) {
            System.err.println("SKIPPED: a full disk needs the right to mount a tmpfs (root)");
        }
        assumeTrue(mounted, "needs the right to mount a tmpfs");
    }

    public static void unmount(Path on) throws Exception {
        if (run("umount", "-l", on.toString()) != 0) {
            throw new IllegalStateException("cannot unmount " + on);
        }
    }

    private static int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().transferTo(System.err);
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException(String.join(" ", command) + " does not end");
        }
        return process.exitValue();
    }
}
