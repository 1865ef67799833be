package io.finback.security;

import io.finback.runtime.StartFailure;
import io.finback.settings.SettingsReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a file says, read again when it has changed. A file that cannot be read or understood stops the start; later it is logged, and what it
 * said before stands. Thread-safe.
 */
final class Watched<T> implements Supplier<T> {
    private static final Logger log = LoggerFactory.getLogger(Watched.class);
    /** Larger files are a mistake. */
    private static final long MAX_BYTES = 16L * 1024 * 1024;

    private final String key;
    private final @Nullable Path file;
    private final Function<String, T> parse;
    private final long everyNanos;
    private volatile T value;
    private Stamp stamp = new Stamp("", 0, null);
    private volatile long lookedAt = System.nanoTime();

    private Watched(String key, @Nullable Path file, Function<String, T> parse, T none, Duration every) {
        this.key = key;
        this.file = file;
        this.parse = parse;
        this.value = none;
        this.everyNanos = every.toNanos();
    }

    private record Stamp(
            String modified, long size, @Nullable Object inode) {}

    /** Throws {@link StartFailure} if a file is named and cannot be used. {@code none}: what holds when none is. */
    static <T> Watched<T> of(
            SettingsReader reader, String path, String key, T none, Function<String, T> parse, Duration every) {
        String named = reader.text(key);
        if (named.isEmpty()) {
            return new Watched<>(path + "." + key, null, parse, none, every);
        }
        Watched<T> watched = new Watched<>(path + "." + key, Path.of(named), parse, none, every);
        try {
            watched.read();
        } catch (IOException | IllegalArgumentException e) {
            throw new StartFailure(path + "." + key + ": " + named + ": " + reason(e), e);
        }
        return watched;
    }

    boolean isNamed() {
        return file != null;
    }

    @Override
    public T get() {
        if (file != null && System.nanoTime() - lookedAt > everyNanos) {
            look();
        }
        return value;
    }

    private synchronized void look() {
        if (System.nanoTime() - lookedAt <= everyNanos) {
            return;
        }
        lookedAt = System.nanoTime();
        try {
            if (!stampOf().equals(stamp)) {
                read();
                log.info("security.reloaded key={} file={}", key, file);
            }
        } catch (IOException | IllegalArgumentException e) {
            log.error("security.unreadable key={} file={} reason={} next=keep_what_it_said", key, file, reason(e));
        }
    }

    private synchronized void read() throws IOException {
        Path path = named();
        Stamp before = stampOf();
        if (before.size() > MAX_BYTES) {
            throw new IllegalArgumentException(before.size() + " bytes (expected: <= " + MAX_BYTES + ")");
        }
        value = parse.apply(Files.readString(path, StandardCharsets.UTF_8));
        stamp = before;
    }

    private Stamp stampOf() throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(named(), BasicFileAttributes.class);
        return new Stamp(attributes.lastModifiedTime().toString(), attributes.size(), attributes.fileKey());
    }

    private Path named() {
        Path path = file;
        if (path == null) {
            throw new IllegalStateException(key + ": no file");
        }
        return path;
    }

    private static String reason(Exception e) {
        return e instanceof IOException ? e + " (expected: a file that can be read)" : String.valueOf(e.getMessage());
    }
}
