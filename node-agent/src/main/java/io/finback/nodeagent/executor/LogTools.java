package io.finback.nodeagent.executor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The programs that loggers are made of, by absolute path.
 *
 * @param mv must know {@code -T}: the name of a directory is an error, never a place to move into
 */
record LogTools(Path mkfifo, Path dd, Path ls, Path mv, Path rm) {
    /** Throws when one is missing, or cannot what is needed. */
    static LogTools find(String path) throws Tools.Missing {
        LogTools found = new LogTools(
                Tools.require("mkfifo", path),
                Tools.require("dd", path),
                Tools.require("ls", path),
                Tools.require("mv", path),
                Tools.require("rm", path));
        if (!found.movesOntoNamesOnly()) {
            throw new Tools.Missing(found.mv() + ": does not know -T (expected: coreutils, or busybox 1.31 or later)");
        }
        return found;
    }

    /** Onto a directory it must fail. */
    private boolean movesOntoNamesOnly() {
        try {
            Path here = Files.createTempDirectory("finback-mv");
            Path file = Files.createFile(here.resolve("file"));
            Path directory = Files.createDirectory(here.resolve("directory"));
            try {
                return move(file, here.resolve("moved")) == 0 && move(here.resolve("moved"), directory) != 0;
            } finally {
                Files.deleteIfExists(directory.resolve("moved"));
                Files.deleteIfExists(here.resolve("moved"));
                Files.deleteIfExists(file);
                Files.delete(directory);
                Files.delete(here);
            }
        } catch (IOException e) {
            return false;
        }
    }

    private int move(Path from, Path to) throws IOException {
        Process process = new ProcessBuilder(mv.toString(), "-f", "-T", "--", from.toString(), to.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return process.waitFor(5, TimeUnit.SECONDS) ? process.exitValue() : 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }
}
