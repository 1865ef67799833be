package io.finback.nodeagent.isolation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Finds programs of the machine, by absolute path, and tries what they can. */
public final class Programs {
    private static final int SAID_BYTES = 4_096;

    private Programs() {}

    /** Looks in {@code path} (as {@code PATH} is written), then where POSIX systems keep them. */
    public static Optional<Path> find(String program, String path) {
        for (String directory : (path + ":/usr/bin:/bin:/usr/sbin:/sbin").split(":", -1)) {
            Path candidate = Path.of(directory.isEmpty() ? "." : directory, program);
            if (candidate.isAbsolute() && Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /**
     * Runs a program that ends soon.
     *
     * @param successful exit status 0 within five seconds
     * @param said its output and errors, the beginning
     */
    public record Ran(boolean successful, String said) {}

    public static Ran run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            // What says more than a pipe holds does not end, and is none of those asked here.
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return new Ran(false, "did not end within 5 s");
            }
            String said;
            try (var output = process.getInputStream()) {
                said = new String(output.readNBytes(SAID_BYTES), StandardCharsets.UTF_8).strip();
            }
            return new Ran(process.exitValue() == 0, said.isEmpty() ? "exit status " + process.exitValue() : said);
        } catch (IOException e) {
            return new Ran(false, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Ran(false, "interrupted");
        }
    }
}
