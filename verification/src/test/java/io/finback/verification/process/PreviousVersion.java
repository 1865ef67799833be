package io.finback.verification.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The program as it was before: the tree of the commit that {@code verification/previous-version} names, taken from this repository's history
 * and built by its own launcher, once per commit.
 */
final class PreviousVersion {
    private static final long LIMIT_MINUTES = 15;

    private PreviousVersion() {}

    /** Its launcher; skips the test, loudly, where the history does not reach that far. */
    static Path launcher() throws IOException, InterruptedException {
        Path home = ClusterProcesses.launcher().getParent();
        String commit = Files.readAllLines(home.resolve("verification/previous-version")).stream()
                .filter(line -> !line.startsWith("#"))
                .findFirst()
                .orElseThrow();
        boolean there = run(home, List.of("git", "cat-file", "-e", commit + "^{commit}")) == 0;
        if (!there) {
            System.err.println("#".repeat(100) + "\n# NOT TESTED: two versions together, the history here has no "
                    + commit + "\n" + "#".repeat(100));
        }
        assumeTrue(there, "the history has " + commit);
        Path tree = home.resolve(".finback/previous").resolve(commit);
        Path launcher = tree.resolve("finback");
        if (!Files.exists(launcher)) {
            Files.createDirectories(tree);
            must(home, List.of("sh", "-c", "git archive '" + commit + "' | tar -x -C '" + tree + "'"));
        }
        must(tree, List.of(launcher.toString(), "--version"));
        return launcher;
    }

    private static void must(Path directory, List<String> command) throws IOException, InterruptedException {
        int status = run(directory, command);
        if (status != 0) {
            throw new AssertionError(command + " in " + directory + " ended with " + status);
        }
    }

    private static int run(Path directory, List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError(command + " takes more than " + LIMIT_MINUTES + " minutes");
        }
        return process.exitValue();
    }
}
