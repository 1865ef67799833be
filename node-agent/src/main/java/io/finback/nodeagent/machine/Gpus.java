package io.finback.nodeagent.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many GPUs there are, by {@code nvidia-smi}: one line for each. No such program: none. */
final class Gpus {
    private static final Logger log = LoggerFactory.getLogger(Gpus.class);
    /** The driver may have to wake the cards. */
    private static final int LIMIT_SECONDS = 20;

    private Gpus() {}

    /** @param path where programs are, as {@code PATH} is written */
    static int count(String path) {
        Optional<Path> program = find(path);
        return program.isEmpty() ? 0 : ask(program.get());
    }

    private static Optional<Path> find(String path) {
        for (String directory : path.split(":", -1)) {
            Path candidate = Path.of(directory, "nvidia-smi");
            if (candidate.isAbsolute() && Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private static int ask(Path program) {
        try {
            Path answer = Files.createTempFile("finback-gpus", ".txt");
            try {
                Process process = new ProcessBuilder(program.toString(), "--list-gpus")
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .redirectOutput(answer.toFile())
                        .start();
                if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                    process.destroyForcibly();
                    log.warn("machine.gpus_unknown program={} reason=failed next=none_are_offered", program);
                    return 0;
                }
                return (int) Files.readAllLines(answer).stream()
                        .filter(line -> line.startsWith("GPU "))
                        .count();
            } finally {
                Files.deleteIfExists(answer);
            }
        } catch (IOException e) {
            log.warn("machine.gpus_unknown program={} reason={} next=none_are_offered", program, e.toString());
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }
}
