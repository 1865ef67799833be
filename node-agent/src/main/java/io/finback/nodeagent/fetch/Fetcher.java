package io.finback.nodeagent.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings everything a task's URIs name into its sandbox, in their order. Whatever is there under its final name is whole: downloads
 * grow under another name. Remembers nothing but the cache: after the death of the agent the fetch begins anew. Thread-safe.
 */
public final class Fetcher {
    private static final Logger log = LoggerFactory.getLogger(Fetcher.class);
    private static final String PART = ".finback-part";

    private final FetchSettings settings;
    private final FetchCache cache;
    private final Wire wire;
    private final Map<String, Cancellation> running = new ConcurrentHashMap<>();
    private final AtomicLong fetched = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong cacheHits = new AtomicLong();

    private Fetcher(FetchSettings settings, FetchCache cache) {
        this.settings = settings;
        this.cache = cache;
        this.wire = new Wire(settings);
    }

    /**
     * A fetcher with an empty cache.
     *
     * @param cacheDirectory made if missing, and emptied
     */
    public static Fetcher create(FetchSettings settings, Path cacheDirectory) throws IOException {
        return new Fetcher(settings, FetchCache.emptied(cacheDirectory, settings.cacheBytes()));
    }

    /**
     * Blocks until all are in {@code sandbox}, an existing directory in which nobody else writes.
     *
     * @param container whose fetch it is; {@link #cancel} ends it
     * @param unwanted asked when a {@link #cancel} is sure to be heard: whether one has come before
     */
    public void fetch(String container, List<Download> downloads, Path sandbox, BooleanSupplier unwanted)
            throws FetchFailure {
        Cancellation cancellation = new Cancellation();
        Cancellation before = running.put(container, cancellation);
        if (before != null) {
            before.cancel();
        }
        try {
            for (Download download : downloads) {
                if (unwanted.getAsBoolean()) {
                    throw new FetchFailure(download.uri(), "cancelled");
                }
                one(download, sandbox, cancellation);
                fetched.incrementAndGet();
            }
        } catch (FetchFailure e) {
            failed.incrementAndGet();
            throw e;
        } finally {
            running.remove(container, cancellation);
        }
    }

    /** Ends the fetch of a container, if one is running; it fails. */
    public void cancel(String container) {
        Cancellation cancellation = running.get(container);
        if (cancellation != null) {
            cancellation.cancel();
        }
    }

    /** URIs brought since this process started. */
    public long fetched() {
        return fetched.get();
    }

    /** Tasks whose fetch failed since this process started. */
    public long failed() {
        return failed.get();
    }

    /** URIs that were served without a download. */
    public long cacheHits() {
        return cacheHits.get();
    }

    public long cacheUsedBytes() {
        return cache.usedBytes();
    }

    private void one(Download download, Path sandbox, Cancellation cancellation) throws FetchFailure {
        Optional<String> problem = download.problem();
        if (problem.isPresent()) {
            throw new FetchFailure(download.uri(), problem.get());
        }
        long begun = System.nanoTime();
        try {
            SafeTree tree = new SafeTree(sandbox);
            String name = download.target().orElseThrow();
            // What a local file holds may be for one task's eyes only; and it is here already.
            Optional<FetchCache.Lease> lease =
                    download.cache() && !download.scheme().equals("file")
                            ? cached(download, cancellation)
                            : Optional.empty();
            if (lease.isPresent()) {
                try (FetchCache.Lease held = lease.get()) {
                    deliver(download, name, held.file(), tree, cancellation);
                }
            } else {
                direct(download, name, tree, cancellation);
            }
            log.info("fetch.done file={} ms={}", name, (System.nanoTime() - begun) / 1_000_000);
        } catch (FetchFailure e) {
            throw e;
        } catch (IOException e) {
            throw new FetchFailure(download.uri(), e);
        }
    }

    private Optional<FetchCache.Lease> cached(Download download, Cancellation cancellation) throws FetchFailure {
        while (true) {
            boolean[] brought = {false};
            Optional<FetchCache.Lease> lease = cache.get(download.uri(), cancellation, (file, grown) -> {
                brought[0] = true;
                new Transfer(download, settings, wire, cancellation, grown).into(file);
            });
            if (lease.isEmpty()) {
                return lease;
            }
            try {
                verify(download, lease.get().file());
                if (!brought[0]) {
                    cacheHits.incrementAndGet();
                }
                return lease;
            } catch (FetchFailure e) {
                cache.drop(download.uri(), lease.get());
                lease.get().close();
                if (brought[0]) {
                    throw e;
                }
                // Kept from before the server had what this task wants, or damaged: once more from the server.
                log.info("fetch.cache_mismatch reason={}", e.getMessage());
            }
        }
    }

    /** From the cache: only what comes out of an archive is needed in the sandbox, as in Mesos. */
    private void deliver(Download download, String name, Path file, SafeTree tree, Cancellation cancellation)
            throws IOException {
        Optional<Archive> archive = archive(download, name);
        if (archive.isPresent()) {
            Extraction.run(archive.get(), file, name, tree, settings, cancellation);
            return;
        }
        Path place = tree.placeFor(name);
        Path part = partOf(place);
        try {
            Files.copy(file, part, StandardCopyOption.REPLACE_EXISTING);
            finish(download, part, place);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private void direct(Download download, String name, SafeTree tree, Cancellation cancellation) throws IOException {
        Path place = tree.placeFor(name);
        Path part = partOf(place);
        Files.deleteIfExists(part);
        try {
            new Transfer(download, settings, wire, cancellation, more -> {}).into(part);
            verify(download, part);
            finish(download, part, place);
        } finally {
            Files.deleteIfExists(part);
        }
        Optional<Archive> archive = archive(download, name);
        if (archive.isPresent()) {
            Extraction.run(archive.get(), place, name, tree, settings, cancellation);
        }
    }

    private static void finish(Download download, Path part, Path place) throws IOException {
        Files.setPosixFilePermissions(
                part, PosixFilePermissions.fromString(download.executable() ? "rwxr-xr-x" : "rw-r--r--"));
        Files.move(part, place, StandardCopyOption.ATOMIC_MOVE);
    }

    private static Optional<Archive> archive(Download download, String name) {
        return download.extract() && !download.executable() ? Archive.of(name) : Optional.empty();
    }

    private static Path partOf(Path place) {
        return place.resolveSibling(place.getFileName() + PART);
    }

    private static void verify(Download download, Path file) throws FetchFailure {
        if (download.checksum().isEmpty()) {
            return;
        }
        Checksum checksum = Checksum.parse(download.checksum().get());
        MessageDigest digest = checksum.digest();
        try (InputStream content = Files.newInputStream(file, StandardOpenOption.READ)) {
            byte[] buffer = new byte[64 * 1024];
            int read = content.read(buffer);
            while (read >= 0) {
                digest.update(buffer, 0, read);
                read = content.read(buffer);
            }
        } catch (IOException e) {
            throw new FetchFailure(download.uri(), e);
        }
        checksum.verify(download.uri(), digest);
    }
}
