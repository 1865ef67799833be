package io.finback.nodeagent.executor;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads what Linux says of processes. Thread-safe; each call is one small read. Source: {@code proc(5)}. */
public final class ProcFs {
    private static final Path PROC = Path.of("/proc");

    /** Linux on the machines a JVM of 64 bits runs on; some ARM kernels have larger pages and would be shown too small. */
    private static final long PAGE_BYTES = 4096;

    /** The most a line is long: a name of 64 bytes, and 51 numbers. */
    private static final int STAT_BYTES = 2048;

    /** Those after the name. */
    private static final int FIELDS = 50;

    /**
     * A line of {@code /proc/<pid>/stat}.
     *
     * @param state the letter: {@code R}, {@code S}, {@code Z} (ended, not yet waited for) …
     * @param session the pid of the session's leader
     * @param threads of a leader that is {@code Z}: more than one while other threads still run
     * @param startTicks clock ticks since the boot
     * @param userTicks of its living and ended threads, without its children
     * @param waitStatus as {@code wait(2)} gives it; meaningful in state {@code Z} to a reader who may trace the process
     */
    public record Stat(
            long pid,
            char state,
            long parent,
            long group,
            long session,
            long threads,
            long startTicks,
            int waitStatus,
            long userTicks,
            long systemTicks,
            long rssBytes) {
        /** All of its threads have ended. */
        public boolean isEnded() {
            return state == 'X' || state == 'x' || (state == 'Z' && threads <= 1);
        }
    }

    private ProcFs() {}

    /** The kernel's name of this boot. */
    public static String bootId() throws IOException {
        return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
    }

    /** Empty when there is no such process, or it vanished while it was read. Throws when the kernel cannot be asked. */
    public static Optional<Stat> stat(long pid) {
        // Thousands are asked for in every second: one call to open, one to read, one to close.
        byte[] line = new byte[STAT_BYTES];
        try (FileInputStream file = new FileInputStream("/proc/" + pid + "/stat")) {
            int read = Math.max(0, file.read(line));
            return read == 0
                    ? Optional.empty()
                    : Optional.of(parse(pid, new String(line, 0, read, StandardCharsets.ISO_8859_1)));
        } catch (IOException e) {
            return vanished(pid, e);
        }
    }

    /** The name of the program a process runs, at most 15 characters; empty when there is no such process. */
    static Optional<String> program(long pid) {
        try {
            return Optional.of(
                    new String(Files.readAllBytes(PROC.resolve(pid + "/comm")), StandardCharsets.ISO_8859_1).strip());
        } catch (IOException e) {
            return vanished(pid, e);
        }
    }

    /**
     * Whether {@link Stat#waitStatus} of an ended process is true: to a reader who may not trace it the kernel shows 0. The link
     * of a process that ended leads nowhere; whether it may be asked is checked first. Source: Linux {@code fs/proc/base.c}.
     */
    static boolean mayReadWaitStatus(long pid) {
        try {
            Files.readSymbolicLink(PROC.resolve(pid + "/exe"));
            return true;
        } catch (AccessDeniedException e) {
            return false;
        } catch (NoSuchFileException e) {
            return Files.exists(PROC.resolve(Long.toString(pid)));
        } catch (IOException e) {
            return true;
        }
    }

    /** Everything that has not ended in these sessions: tasks and whatever they left behind. One walk over {@code /proc}. */
    static List<Stat> sessions(Set<Long> leaders) {
        return all().stream()
                .filter(stat -> leaders.contains(stat.session()) && !stat.isEnded())
                .toList();
    }

    /** Every process there is, ended ones included. One walk over {@code /proc}. */
    public static List<Stat> all() {
        List<Stat> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, ProcFs::isPid)) {
            for (Path entry : all) {
                stat(Long.parseLong(entry.getFileName().toString())).ifPresent(found::add);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    /** The pids of its children; where the kernel does not say them (it needs {@code CONFIG_PROC_CHILDREN}) by a walk over all. */
    public static List<Long> children(long pid) throws IOException {
        Path file = PROC.resolve(pid + "/task/" + pid + "/children");
        if (!Files.exists(file)) {
            return all().stream()
                    .filter(stat -> stat.parent() == pid)
                    .map(Stat::pid)
                    .toList();
        }
        List<Long> pids = new ArrayList<>();
        for (String child : Files.readString(file).strip().split(" ", -1)) {
            if (!child.isEmpty()) {
                pids.add(Long.parseLong(child));
            }
        }
        return pids;
    }

    /** What it is called in each PID namespace it is in, from ours inwards; empty when it is gone. */
    public static List<Long> namespacePids(long pid) {
        try {
            for (String line : Files.readAllLines(PROC.resolve(pid + "/status"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith("NSpid:")) {
                    return java.util.Arrays.stream(
                                    line.substring("NSpid:".length()).strip().split("\\s+", -1))
                            .map(Long::parseLong)
                            .toList();
                }
            }
            return List.of();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Its arguments, program first; empty for one that has ended or may not be asked. */
    public static List<String> arguments(long pid) {
        return strings(pid, "cmdline");
    }

    /** {@code NAME=value} of everything it was started with; empty for one that has ended or may not be asked. */
    public static List<String> environment(long pid) {
        return strings(pid, "environ");
    }

    private static List<String> strings(long pid, String file) {
        try {
            String all = new String(Files.readAllBytes(PROC.resolve(pid + "/" + file)), StandardCharsets.UTF_8);
            return all.isEmpty() ? List.of() : List.of(all.split("\0", -1));
        } catch (IOException e) {
            return List.of();
        }
    }

    /** A read that failed is no proof of an end: this process may have run out of file descriptors. Asking again needs none. */
    private static <T> Optional<T> vanished(long pid, IOException failure) {
        if (Files.exists(PROC.resolve(Long.toString(pid)))) {
            throw new UncheckedIOException(failure);
        }
        return Optional.empty();
    }

    static Stat parse(long pid, String line) {
        // The second field is the program's name in parentheses and may hold anything, blanks and parentheses included.
        int at = line.lastIndexOf(')') + 2;
        char state = line.charAt(at);
        long[] fields = new long[FIELDS];
        for (int field = 1; field < FIELDS; field++) {
            at = line.indexOf(' ', at) + 1;
            int end = line.indexOf(' ', at);
            // Some that are of no use here are larger than a number with a sign.
            fields[field] =
                    Long.parseUnsignedLong(line, at + (line.charAt(at) == '-' ? 1 : 0), end < 0 ? end(line) : end, 10);
        }
        return new Stat(
                pid,
                state,
                fields[1],
                fields[2],
                fields[3],
                fields[17],
                fields[19],
                (int) fields[49],
                fields[11],
                fields[12],
                fields[21] * PAGE_BYTES);
    }

    private static int end(String line) {
        int end = line.length();
        while (Character.isWhitespace(line.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    private static boolean isPid(Path entry) {
        return Character.isDigit(entry.getFileName().toString().charAt(0));
    }
}
