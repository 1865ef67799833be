package io.finback.nodeagent.image;

import io.finback.nodeagent.image.ImageSource.Layer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of this agent: {@code names.json} says which configuration a name stands for and when it was last wanted, {@code
 * configs/} has those, {@code layers/} what they are made of. One pull at a time for each name, shared by whoever wants it meanwhile,
 * and never longer than allowed. Thread-safe.
 */
public final class ImageStore implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ImageStore.class);

    private final ImageSettings settings;
    private final ImageFinder finder;
    private final ImageNames names;
    private final Layers layers;
    private final Path unfinished;
    private final Map<String, CompletableFuture<StoredImage>> pulls = new ConcurrentHashMap<>();
    private final AtomicLong pulled = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    /** Pulls and uses read; what is pruned meanwhile nobody has. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "finback-image-clock");
        thread.setDaemon(true);
        return thread;
    });

    /** @param directory the store's own; what an earlier agent has left unfinished there is deleted */
    public ImageStore(ImageSettings settings, Path directory) throws IOException {
        this.settings = settings;
        this.finder = new ImageFinder(settings);
        this.unfinished = directory.resolve("unfinished");
        LayerTree.delete(unfinished);
        Files.createDirectories(directory.resolve("layers"));
        this.names = new ImageNames(directory);
        this.layers = new Layers(directory.resolve("layers"), unfinished);
    }

    /** What is done with an image while it cannot be pruned. */
    public interface Use<T> {
        T with(StoredImage image) throws IOException;
    }

    /**
     * Gets an image, unless it is here already, and uses it. Waits as long as that takes.
     *
     * @param cached false: it is looked for even if it is here, since its name may stand for another by now
     * @param config a {@code config.json} that came with the task
     * @param sandbox may hold credentials, too
     * @param use must see to it that {@link #prune} hears of these layers from then on
     */
    public <T> T use(Reference name, boolean cached, Optional<String> config, Path sandbox, Use<T> use)
            throws IOException, ImageFailure {
        lock.readLock().lock();
        try {
            Optional<StoredImage> there = cached ? find(name) : Optional.empty();
            StoredImage image = there.isPresent() ? there.get() : pullOrJoin(name, config, sandbox);
            names.used(name.toString(), image.id(), Instant.now());
            return use.with(image);
        } finally {
            lock.readLock().unlock();
        }
    }

    private Optional<StoredImage> find(Reference name) throws IOException, ImageFailure {
        Optional<String> id = names.id(name.toString());
        Optional<byte[]> config = id.isPresent() ? names.config(id.get()) : Optional.empty();
        if (id.isEmpty() || config.isEmpty()) {
            return Optional.empty();
        }
        StoredImage image = stored(name, id.get(), ImageConfig.parse(config.get()));
        return image.layers().stream().allMatch(layers::has) ? Optional.of(image) : Optional.empty();
    }

    private static StoredImage stored(Reference name, String id, ImageConfig config) {
        return new StoredImage(name.toString(), id, config, Layers.names(config.diffIds()));
    }

    private StoredImage pullOrJoin(Reference name, Optional<String> config, Path sandbox) throws ImageFailure {
        // Whoever brings other credentials asks for himself.
        String wanted = name + " " + config.hashCode();
        CompletableFuture<StoredImage> mine = new CompletableFuture<>();
        CompletableFuture<StoredImage> running = pulls.putIfAbsent(wanted, mine);
        if (running == null) {
            try {
                mine.complete(pull(name, config, sandbox));
                pulled.incrementAndGet();
            } catch (IOException | ImageFailure | RuntimeException e) {
                failed.incrementAndGet();
                mine.completeExceptionally(e);
            } finally {
                pulls.remove(wanted, mine);
            }
        }
        try {
            return (running == null ? mine : running).join();
        } catch (CompletionException e) {
            throw new ImageFailure("image " + name, e.getCause() == null ? e : e.getCause());
        }
    }

    private StoredImage pull(Reference name, Optional<String> credentials, Path sandbox)
            throws IOException, ImageFailure {
        long began = System.nanoTime();
        log.info("image.pull image={}", name);
        AtomicBoolean late = new AtomicBoolean();
        ScheduledFuture<?> limit =
                clock.schedule(() -> late.set(true), settings.pullWithin().toMillis(), TimeUnit.MILLISECONDS);
        try (ImageSource source = finder.open(name, credentials, sandbox)) {
            byte[] json = source.config();
            ImageConfig config = ImageConfig.parse(json);
            StoredImage image = stored(name, Digest.of(json), config);
            List<Layer> sources = source.layers();
            if (sources.size() != image.layers().size()) {
                throw new ImageFailure("has " + sources.size() + " layers and the hashes of "
                        + image.layers().size() + " (expected: one for each)");
            }
            LayerUnpacker.Limits left = new LayerUnpacker.Limits(settings.maxBytes(), settings.maxFiles());
            for (int i = 0; i < sources.size(); i++) {
                left = add(source, image, i, left, late);
            }
            names.add(name.toString(), image.id(), json, Instant.now());
            log.info(
                    "image.pulled image={} id={} layers={} seconds={}",
                    name,
                    image.id(),
                    sources.size(),
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began));
            return image;
        } catch (IOException | ImageFailure e) {
            if (late.get()) {
                throw new ImageFailure(
                        "not there after " + settings.pullWithin() + " (finback.agent.images.pull-timeout)");
            }
            throw e;
        } finally {
            boolean unused = limit.cancel(false);
        }
    }

    private LayerUnpacker.Limits add(
            ImageSource source, StoredImage image, int index, LayerUnpacker.Limits left, AtomicBoolean late)
            throws IOException, ImageFailure {
        String name = image.layers().get(index);
        if (!layers.has(name)) {
            Layer layer = source.layers().get(index);
            try (InputStream raw = source.open(layer)) {
                ScheduledFuture<?> abandon = clock.scheduleWithFixedDelay(
                        () -> {
                            if (late.get()) {
                                closeQuietly(raw);
                            }
                        },
                        1,
                        1,
                        TimeUnit.SECONDS);
                try {
                    layers.add(
                            name,
                            image.layers().subList(0, index),
                            raw,
                            layer.digest(),
                            image.config().diffIds().get(index),
                            left,
                            late::get);
                } finally {
                    boolean unused = abandon.cancel(false);
                }
            }
        }
        LayerUnpacker.Limits size = layers.size(name);
        if (size.maxBytes() > left.maxBytes() || size.maxEntries() > left.maxEntries()) {
            throw new ImageFailure("unfolds to more than finback.agent.images.max-size (" + settings.maxBytes()
                    + " bytes) or max-files (" + settings.maxFiles() + ")");
        }
        return new LayerUnpacker.Limits(left.maxBytes() - size.maxBytes(), left.maxEntries() - size.maxEntries());
    }

    /** From another thread: whoever reads it is thrown out. */
    private static void closeQuietly(InputStream raw) {
        try {
            raw.close();
        } catch (IOException e) {
            log.debug("image.pull_abandoned reason={}", e.toString());
        }
    }

    /** Where a layer's files are; read, never written. */
    public Path files(String layer) {
        return layers.files(layer);
    }

    /** The directory the layers are in, each under its name. */
    public Path layersDirectory() {
        return layers.directory();
    }

    /** What a layer takes away from those below it, as paths. */
    public List<String> whiteouts(String layer) throws IOException {
        return layers.whiteouts(layer);
    }

    /** Pulls that came to an end since the start. */
    public long pulled() {
        return pulled.get();
    }

    /** Pulls that failed since the start. */
    public long failed() {
        return failed.get();
    }

    /**
     * Drops images nobody has wanted for long, and layers no image and no container is made of. Waits while an image is being pulled.
     *
     * @param unused those last wanted before this are dropped; empty: none
     * @param keep names that stay, whatever else
     * @param inUse the layers of containers
     * @param wait at most so long
     * @return how many layers are gone; empty: nothing was done, since images were being pulled all the time
     */
    public OptionalInt prune(Optional<Instant> unused, Set<String> keep, Supplier<Set<String>> inUse, Duration wait)
            throws IOException, ImageFailure {
        if (!locked(wait)) {
            return OptionalInt.empty();
        }
        try {
            if (unused.isPresent()) {
                names.dropUnused(unused.get(), keep);
            }
            Set<String> wanted = new HashSet<>(inUse.get());
            for (byte[] config : names.configs()) {
                wanted.addAll(Layers.names(ImageConfig.parse(config).diffIds()));
            }
            int gone = 0;
            for (String layer : layers.all()) {
                if (!wanted.contains(layer)) {
                    layers.delete(layer);
                    gone++;
                }
            }
            if (gone > 0) {
                log.info("image.pruned layers={}", gone);
            }
            return OptionalInt.of(gone);
        } finally {
            lock.writeLock().unlock();
        }
    }

    private boolean locked(Duration wait) {
        try {
            return lock.writeLock().tryLock(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
