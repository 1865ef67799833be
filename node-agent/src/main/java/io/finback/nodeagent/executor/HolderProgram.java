package io.finback.nodeagent.executor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The program that starts, holds and listens to a task where this machine can run it ({@code src/main/native/holder.c}, ADR 0018):
 * carried in the agent's jar for each processor it was made for, and put beside the agent's data, named by what is in it, so that a
 * newer agent never writes into one that runs.
 */
public final class HolderProgram {
    private static final Map<String, String> PROCESSORS =
            Map.of("amd64", "amd64", "x86_64", "amd64", "aarch64", "aarch64");
    private static final String HOLDS = "finback-holder";
    private static final String DRAINED = "finback-drained";
    private static final int NAME_CHARACTERS = 16;
    private static final int TRY_SECONDS = 5;

    /** The first process of a container gets every orphan as a child, and a JVM waits for none but those it knows. */
    private static final boolean IS_FIRST = ProcessHandle.current().pid() == 1;

    private final Path file;

    private HolderProgram(Path file) {
        this.file = file;
    }

    /** Thrown where tasks must be started with a shell; for people. */
    public static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        Unusable(String message) {
            super(message);
        }
    }

    /** Puts it into {@code directory}, which is made if need be, and runs it once. Doing it again changes nothing. */
    public static HolderProgram install(Path directory) throws Unusable {
        byte[] content = content(System.getProperty("os.arch", ""));
        Path file = directory.resolve("holder-" + digest(content).substring(0, NAME_CHARACTERS));
        try {
            if (!Files.isExecutable(file)) {
                Files.createDirectories(directory);
                Path made = Files.createTempFile(
                        directory,
                        ".holder",
                        "",
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                Files.write(made, content);
                Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
                Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new Unusable(file + ": cannot be written (" + e + ")");
        }
        tryOnce(file);
        return new HolderProgram(file);
    }

    /** Absolute, if the directory was. */
    Path file() {
        return file;
    }

    static byte[] content(String architecture) throws Unusable {
        String processor = Optional.ofNullable(PROCESSORS.get(architecture))
                .orElseThrow(() -> new Unusable("os.arch: " + architecture + " (expected: one of "
                        + PROCESSORS.keySet().stream().sorted().toList() + ")"));
        try (InputStream resource = HolderProgram.class.getResourceAsStream("holder-" + processor)) {
            if (resource == null) {
                throw new Unusable("holder-" + processor + ": not in the agent's jar");
            }
            return resource.readAllBytes();
        } catch (IOException e) {
            throw new Unusable("holder-" + processor + ": cannot be read (" + e + ")");
        }
    }

    /** The directory may be on a file system that runs nothing, the kernel too old or too careful. */
    private static void tryOnce(Path file) throws Unusable {
        try {
            Process process = new ProcessBuilder(file.toString(), Launcher.FOR_EVER, "try", "--", "true")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(TRY_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new Unusable(file + ": did not end within " + TRY_SECONDS + " s");
            }
            String said = new String(process.getInputStream().readNBytes(1000), StandardCharsets.UTF_8).strip();
            if (process.exitValue() != 0) {
                throw new Unusable(file + ": " + (said.isEmpty() ? "exit status " + process.exitValue() : said));
            }
        } catch (IOException e) {
            throw new Unusable(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unusable("interrupted");
        }
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Whether a process of this name is one, by {@link ProcFs#program}. */
    static boolean isOne(String name) {
        return name.equals(HOLDS) || name.equals(DRAINED);
    }

    /** Whether everything its task has printed is in the files, and nobody can print any more; so is a holder that is gone. */
    static boolean isDrained(long holder) {
        return !ProcFs.program(holder).equals(Optional.of(HOLDS));
    }

    /** What stands before a command. */
    List<String> before(List<String> words) {
        List<String> line = new ArrayList<>(List.of(file.toString(), Launcher.FOR_EVER));
        if (!IS_FIRST) {
            line.add("away");
        }
        line.addAll(words);
        line.add("--");
        return line;
    }
}
