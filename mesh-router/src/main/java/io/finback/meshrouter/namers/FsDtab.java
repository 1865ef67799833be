package io.finback.meshrouter.namers;

import io.finback.names.Dtab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code io.l5d.fs} as an interpreter: a dtab in a file, read again every second. A file that cannot be read or parsed keeps what it said
 * before. Source: linkerd/linkerd interpreter/fs.
 */
public final class FsDtab implements Supplier<Dtab>, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FsDtab.class);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final long MAX_BYTES = 1_000_000;

    private final Path file;
    private final Changes changes;
    private final AutoCloseable loop;
    private volatile String text;
    /** What was last said to be wrong, so that it is said once. Of the loop. */
    private String complaint = "";

    private volatile Dtab dtab;

    private FsDtab(Path file, Streams streams, Changes changes) throws IOException {
        this.file = file;
        this.changes = changes;
        this.text = read();
        this.dtab = Dtab.parse(text);
        this.loop = streams.again("dtab file " + file, () -> {
            look();
            return CompletableFuture.completedFuture(LOOK_EVERY);
        });
    }

    /** Throws IllegalArgumentException when the file cannot be read or parsed now. */
    public static FsDtab start(Path file, Streams streams, Changes changes) {
        try {
            return new FsDtab(file, streams, changes);
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "dtabFile: '" + file + "' " + e.getMessage() + " (expected: a file with a dtab)", e);
        }
    }

    private String read() throws IOException {
        long size = Files.size(file);
        if (size > MAX_BYTES) {
            throw new IOException(size + " bytes (expected: at most " + MAX_BYTES + ")");
        }
        return Files.readString(file);
    }

    private void look() {
        try {
            String now = read();
            complaint = "";
            if (!now.equals(text)) {
                text = now;
                dtab = Dtab.parse(now);
                changes.happened();
                log.info(
                        "interpreter.dtab_changed file={} entries={}",
                        file,
                        dtab.entries().size());
            }
        } catch (IOException | IllegalArgumentException e) {
            String reason = String.valueOf(e.getMessage());
            if (!reason.equals(complaint)) {
                complaint = reason;
                log.warn("interpreter.dtab_unreadable file={} reason={} next=keep_what_is_known", file, reason);
            }
        }
    }

    @Override
    public Dtab get() {
        return dtab;
    }

    @Override
    public void close() {
        Streams.close(loop);
    }
}
