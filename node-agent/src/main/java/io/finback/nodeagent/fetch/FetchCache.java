package io.finback.nodeagent.fetch;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Downloads that more than one task wants: each is brought once, however many ask meanwhile, and kept until the room is needed; the
 * least recently used goes first. What does not fit is not kept. Emptied at every start, as in Mesos. Thread-safe.
 */
final class FetchCache {
    private static final Logger log = LoggerFactory.getLogger(FetchCache.class);

    /** Brings the content into a new file; says how it grows before it does. */
    @FunctionalInterface
    interface Filling {
        void fill(Path file, LongConsumer grown) throws FetchFailure;
    }

    /** There is no room for it. */
    private static final class Full extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Whoever brought it was told to stop; somebody else must begin anew. */
    private static final class Abandoned extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static final class Entry {
        private final Path file;
        private final CompletableFuture<Path> done = new CompletableFuture<>();
        private long bytes;
        private int users = 1;

        private Entry(Path file) {
            this.file = file;
        }
    }

    /** A file that stays until this is closed. */
    final class Lease implements AutoCloseable {
        private final Entry entry;

        private Lease(Entry entry) {
            this.entry = entry;
        }

        Path file() {
            return entry.file;
        }

        @Override
        public void close() {
            release(entry);
        }
    }

    private final Path directory;
    private final long capacity;
    private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long used;
    private long names;

    private FetchCache(Path directory, long capacity) {
        this.directory = directory;
        this.capacity = capacity;
    }

    static FetchCache emptied(Path directory, long capacity) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> old = Files.list(directory)) {
            for (Path file : old.toList()) {
                Files.delete(file);
            }
        }
        return new FetchCache(directory, capacity);
    }

    /** The cached file of {@code key}; empty when the cache has no room for it. */
    Optional<Lease> get(String key, Cancellation cancellation, Filling filling) throws FetchFailure {
        while (true) {
            Entry entry;
            boolean mine = false;
            synchronized (this) {
                entry = entries.get(key);
                if (entry == null) {
                    entry = new Entry(directory.resolve(Long.toString(names++)));
                    entries.put(key, entry);
                    mine = true;
                } else {
                    entry.users++;
                }
            }
            if (mine) {
                return fill(key, entry, cancellation, filling);
            }
            try {
                return join(key, entry, cancellation);
            } catch (Abandoned e) {
                log.debug("fetch.taken_over uri={}", key);
            }
        }
    }

    /** Forgets what is kept for {@code key}; who reads it may go on. */
    synchronized void drop(String key, Lease lease) {
        if (entries.remove(key, lease.entry)) {
            lease.entry.users--;
            settle(lease.entry);
        }
    }

    synchronized long usedBytes() {
        return used;
    }

    private Optional<Lease> fill(String key, Entry entry, Cancellation cancellation, Filling filling)
            throws FetchFailure {
        Path part = directory.resolve(entry.file.getFileName() + ".part");
        try {
            filling.fill(part, more -> grow(entry, more));
            Files.move(part, entry.file, StandardCopyOption.ATOMIC_MOVE);
            synchronized (this) {
                // One for whoever holds the lease, one for the cache itself.
                entry.users++;
            }
            entry.done.complete(entry.file);
            return Optional.of(new Lease(entry));
        } catch (Full e) {
            abandon(key, entry, part, e);
            log.info("fetch.cache_too_small capacityBytes={} usedBytes={}", capacity, usedBytes());
            return Optional.empty();
        } catch (FetchFailure e) {
            abandon(key, entry, part, cancellation.isCancelled() ? new Abandoned() : e);
            throw e;
        } catch (IOException e) {
            FetchFailure failure = new FetchFailure(key, e);
            abandon(key, entry, part, failure);
            throw failure;
        }
    }

    private Optional<Lease> join(String key, Entry entry, Cancellation cancellation) throws FetchFailure {
        CompletableFuture<Path> wait = entry.done.copy();
        Closeable ending = () -> wait.completeExceptionally(new CancellationException());
        cancellation.add(ending);
        try {
            Path ready = wait.get();
            log.debug("fetch.shared file={}", ready);
            return Optional.of(new Lease(entry));
        } catch (CancellationException e) {
            release(entry);
            throw new FetchFailure(key, "cancelled");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            release(entry);
            throw new FetchFailure(key, "interrupted");
        } catch (ExecutionException e) {
            release(entry);
            if (e.getCause() instanceof Full) {
                return Optional.empty();
            }
            if (e.getCause() instanceof Abandoned again) {
                throw again;
            }
            throw e.getCause() instanceof FetchFailure failure
                    ? failure
                    : new FetchFailure(key, String.valueOf(e.getCause()));
        } finally {
            cancellation.remove(ending);
        }
    }

    private synchronized void abandon(String key, Entry entry, Path part, Exception why) {
        entries.remove(key, entry);
        used -= entry.bytes;
        entry.bytes = 0;
        remove(part);
        boolean told = entry.done.completeExceptionally(why);
        log.debug("fetch.abandoned told={} reason={}", told, why.toString());
    }

    private synchronized void grow(Entry entry, long more) {
        Iterator<Entry> oldest = entries.values().iterator();
        while (used + more > capacity && oldest.hasNext()) {
            Entry candidate = oldest.next();
            if (candidate.done.isDone() && candidate.users == 1) {
                oldest.remove();
                candidate.users--;
                settle(candidate);
            }
        }
        if (used + more > capacity) {
            throw new Full();
        }
        used += more;
        entry.bytes += more;
    }

    private synchronized void release(Entry entry) {
        entry.users--;
        settle(entry);
    }

    private void settle(Entry entry) {
        if (entry.users == 0 && entry.done.isDone() && !entry.done.isCompletedExceptionally()) {
            used -= entry.bytes;
            entry.bytes = 0;
            remove(entry.file);
        }
    }

    private static void remove(Path file) {
        try {
            Files.delete(file);
        } catch (NoSuchFileException e) {
            log.debug("fetch.cache_file_gone file={}", file);
        } catch (IOException e) {
            log.warn("fetch.cache_remove_failed file={} reason={}", file, e.toString());
        }
    }
}
