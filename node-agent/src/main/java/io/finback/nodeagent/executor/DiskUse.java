package io.finback.nodeagent.executor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a directory takes on its disk. Follows no links. Blocks; thread-safe. */
public final class DiskUse {
    private static final long PAGE = 4096;
    private static final long SECONDS = 60;

    private static final Logger log = LoggerFactory.getLogger(DiskUse.class);

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

    /**
     * The files of a disk that processes have open though no directory has them any more, by what opens them ({@code
     * /proc/<pid>/fd/<n>}), each once. Source: {@code proc(5)}.
     *
     * @param directory one on that disk
     */
    public static Map<Path, Long> deleted(Collection<Long> pids, Path directory) throws IOException {
        Object disk = Files.getAttribute(directory, "unix:dev");
        Map<Path, Long> found = new LinkedHashMap<>();
        Set<Object> seen = new HashSet<>();
        for (long pid : pids) {
            try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
                for (Path file : open) {
                    addDeleted(file, disk, seen, found);
                }
            } catch (IOException | DirectoryIteratorException e) {
                log.debug("disk.process_ended pid={}", pid);
            }
        }
        return found;
    }

    private static void addDeleted(Path file, Object disk, Set<Object> seen, Map<Path, Long> found) {
        try {
            if (!Files.readSymbolicLink(file).toString().endsWith(" (deleted)")) {
                return;
            }
            Map<String, Object> about = Files.readAttributes(file, "unix:dev,ino,nlink,size,isRegularFile");
            if (Boolean.TRUE.equals(about.get("isRegularFile"))
                    && disk.equals(about.get("dev"))
                    && Integer.valueOf(0).equals(about.get("nlink"))
                    && about.get("size") instanceof Long size
                    && seen.add(String.valueOf(about.get("ino")))) {
                found.put(file, (size + PAGE - 1) / PAGE * PAGE);
            }
        } catch (IOException e) {
            log.debug("disk.file_closed file={}", file);
        }
    }

    /** What these files take without their holes; empty where it cannot be said. Costs a process. */
    public static OptionalLong exactly(Collection<Path> files) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("stat", "-L", "-c", "%b %B"));
        files.forEach(file -> line.add(file.toString()));
        String said = said(line);
        if (said.isEmpty()) {
            return OptionalLong.empty();
        }
        long bytes = 0;
        for (String one : said.split("\n", -1)) {
            String[] numbers = one.strip().split(" ", -1);
            if (numbers.length == 2) {
                bytes += Long.parseLong(numbers[0]) * Long.parseLong(numbers[1]);
            }
        }
        return OptionalLong.of(bytes);
    }

    /** What {@code du} says; empty where it says nothing. Costs a process. */
    public static OptionalLong exactly(Path directory) throws IOException, InterruptedException {
        String number =
                said(List.of("du", "-k", "-s", "-x", directory.toString())).split("\\s", 2)[0];
        return number.matches("\\d{1,15}") ? OptionalLong.of(Long.parseLong(number) * 1024) : OptionalLong.empty();
    }

    /** Nothing where it takes too long. */
    private static String said(List<String> line) throws IOException, InterruptedException {
        Process program = new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return program.waitFor(SECONDS, TimeUnit.SECONDS)
                    ? new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    : "";
        } finally {
            program.destroyForcibly();
        }
    }
}
