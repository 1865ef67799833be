package io.finback.nodeagent.executor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What a directory takes on its disk. Follows no links. Blocks; thread-safe. */
public final class DiskUse {
    private static final long PAGE = 4096;
    private static final long DU_SECONDS = 60;

    private DiskUse() {}

    /** Every file in whole pages, each once: too much where files have holes. What vanishes meanwhile is not counted. */
    public static long atMost(Path directory) throws IOException {
        long[] bytes = {0};
        Set<Object> seen = new HashSet<>();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                Object key = attributes.fileKey();
                if (attributes.isRegularFile() && (key == null || seen.add(key))) {
                    bytes[0] += (attributes.size() + PAGE - 1) / PAGE * PAGE;
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) {
                return FileVisitResult.CONTINUE;
            }
        });
        return bytes[0];
    }

    /** What {@code du} says; empty where it says nothing. Costs a process. */
    public static OptionalLong exactly(Path directory) throws IOException, InterruptedException {
        Process du = new ProcessBuilder("du", "-k", "-s", "-x", directory.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (!du.waitFor(DU_SECONDS, TimeUnit.SECONDS)) {
                return OptionalLong.empty();
            }
            String said = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String number = said.split("\\s", 2)[0];
            return number.matches("\\d{1,15}") ? OptionalLong.of(Long.parseLong(number) * 1024) : OptionalLong.empty();
        } finally {
            du.destroyForcibly();
        }
    }
}
