package io.finback.meshrouter.router;

import io.finback.meshrouter.traffic.AccessLog;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An access log in Apache's combined format, written by a thread of its own. At most {@link #MAX_WAITING} lines wait; more are dropped and
 * counted. Source: linkerd/linkerd docs/protocol-http.md, {@code httpAccessLog}.
 */
public final class AccessLogFile implements AccessLog, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AccessLogFile.class);
    static final int MAX_WAITING = 10_000;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH);
    private static final DateTimeFormatter SUFFIX = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    private final Path file;
    private final String roll;
    private final long maxBytes;
    private final int keep;
    private final ArrayBlockingQueue<Entry> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
    private final AtomicLong dropped = new AtomicLong();
    private final Thread writer;
    private volatile boolean closed;
    private BufferedWriter out;
    private long bytes;
    private ZonedDateTime opened;

    private AccessLogFile(Path file, String roll, boolean append, int keep) throws IOException {
        this.file = file;
        this.roll = roll;
        this.maxBytes = maxBytes(roll);
        this.keep = keep;
        this.out = open(append);
        this.bytes = Files.size(file);
        this.opened = ZonedDateTime.now(ZoneId.systemDefault());
        this.writer = new Thread(this::run, "finback-access-log");
        writer.setDaemon(true);
        writer.start();
    }

    /** Throws IllegalArgumentException when the file cannot be written. */
    public static AccessLogFile start(Path file, String roll, boolean append, int keep) {
        try {
            return new AccessLogFile(file, roll, append, keep);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "httpAccessLog: '" + file + "' cannot be written (" + e
                            + ") (expected: a file in a directory that exists)",
                    e);
        }
    }

    private static long maxBytes(String roll) {
        if (!Character.isDigit(roll.charAt(0))) {
            return Long.MAX_VALUE;
        }
        int dot = roll.indexOf('.');
        long number = Long.parseLong(dot < 0 ? roll : roll.substring(0, dot));
        String unit = dot < 0 ? "b" : roll.substring(dot + 1);
        return switch (unit.charAt(0)) {
            case 'k' -> number << 10;
            case 'm' -> number << 20;
            case 'g' -> number << 30;
            default -> number;
        };
    }

    private BufferedWriter open(boolean append) throws IOException {
        return append
                ? Files.newBufferedWriter(
                        file, StandardCharsets.ISO_8859_1, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                : Files.newBufferedWriter(file, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void log(Entry entry) {
        if (!waiting.offer(entry)) {
            dropped.incrementAndGet();
        }
    }

    /** Lines that found no room. */
    public long dropped() {
        return dropped.get();
    }

    static String line(Entry entry, ZoneId zone) {
        return entry.remote() + " - - ["
                + TIME.format(Instant.ofEpochMilli(entry.epochMillis()).atZone(zone)) + "] \""
                + clean(entry.method() + " " + entry.uri() + " " + entry.version()) + "\" " + entry.status() + " "
                + (entry.bytes() == 0 ? "-" : Long.toString(entry.bytes())) + " \"" + orDash(entry.referer()) + "\" \""
                + orDash(entry.userAgent()) + "\"";
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : clean(text);
    }

    /** So that no request can write a line of its own. */
    private static String clean(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c == 0x7f || c == '"' || c == '\\' || c > 0xff) {
                out.append(String.format("\\x%02x", (int) c & 0xff));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private void run() {
        ZoneId zone = ZoneId.systemDefault();
        while (!closed || !waiting.isEmpty()) {
            try {
                Entry entry = waiting.poll(200, TimeUnit.MILLISECONDS);
                if (entry == null) {
                    out.flush();
                    continue;
                }
                String line = line(entry, zone);
                rollIfDue(line.length() + 1, zone);
                out.write(line);
                out.write('\n');
                bytes += line.length() + 1;
                if (waiting.isEmpty()) {
                    out.flush();
                }
            } catch (InterruptedException e) {
                closed = true;
            } catch (IOException e) {
                dropped.incrementAndGet();
                log.warn("mesh.access_log_failed file={} reason={} next=drop_lines", file, e.toString());
            }
        }
        try {
            out.close();
        } catch (IOException e) {
            log.warn("mesh.access_log_failed file={} reason={}", file, e.toString());
        }
    }

    private void rollIfDue(int more, ZoneId zone) throws IOException {
        ZonedDateTime now = ZonedDateTime.now(zone);
        boolean day = !now.toLocalDate().equals(opened.toLocalDate());
        boolean due =
                switch (roll) {
                    case "never" -> false;
                    case "daily" -> day;
                    case "hourly" -> day || now.getHour() != opened.getHour();
                    default -> bytes > 0 && bytes + more > maxBytes;
                };
        if (!due) {
            return;
        }
        out.close();
        Path to = file.resolveSibling(file.getFileName() + "-" + SUFFIX.format(opened));
        for (int i = 1; Files.exists(to); i++) {
            to = file.resolveSibling(file.getFileName() + "-" + SUFFIX.format(opened) + "." + i);
        }
        Files.move(file, to, StandardCopyOption.ATOMIC_MOVE);
        out = open(false);
        bytes = 0;
        opened = now;
        forgetOld();
    }

    private void forgetOld() throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (keep < 0 || directory == null) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> old = files.filter(f -> String.valueOf(f.getFileName()).startsWith(file.getFileName() + "-"))
                    .sorted(Comparator.comparing(Path::toString).reversed())
                    .skip(keep)
                    .toList();
            for (Path each : old) {
                Files.deleteIfExists(each);
            }
        }
    }

    /** Writes what waits, for at most a second. */
    @Override
    public void close() {
        closed = true;
        try {
            writer.join(1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
