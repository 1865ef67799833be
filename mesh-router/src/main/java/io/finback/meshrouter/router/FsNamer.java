package io.finback.meshrouter.router;

import io.finback.meshrouter.names.BuiltinNamers;
import io.finback.meshrouter.names.Name;
import io.finback.meshrouter.names.NameTree;
import io.finback.meshrouter.names.Namer;
import io.finback.meshrouter.names.Path;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /#/io.l5d.fs/<file>}: files of lines {@code host port [* weight]} below a directory, looked through once a second by a thread
 * of its own. Lookups answer from memory. A file that cannot be read or has a bad line keeps what it said before. Weights are read and
 * not used yet. Source: linkerd/linkerd namer/fs.
 */
public final class FsNamer implements Namer, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FsNamer.class);
    static final Path PREFIX = Path.of("#", "io.l5d.fs");
    static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final int MAX_FILES = 10_000;
    private static final int MAX_DEPTH = 16;
    private static final long MAX_BYTES = 500_000;

    private record Disco(FileTime modified, long size, List<Address> addresses) {}

    private final java.nio.file.Path root;
    private final ScheduledExecutorService executor;
    private volatile Map<String, Disco> files = Map.of();
    private final AtomicLong version = new AtomicLong();

    private FsNamer(java.nio.file.Path root, ScheduledExecutorService executor) {
        this.root = root;
        this.executor = executor;
    }

    /** Reads {@code root} once, and then every second on {@code executor}, which it owns. */
    public static FsNamer start(java.nio.file.Path root, ScheduledExecutorService executor) {
        FsNamer namer = new FsNamer(root, executor);
        namer.refresh();
        var ignored = executor.scheduleWithFixedDelay(
                namer::refresh, LOOK_EVERY.toMillis(), LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
        return namer;
    }

    /** Grows when files appear or disappear. */
    long version() {
        return version.get();
    }

    @Override
    public NameTree<Name> lookup(Path path) {
        Map<String, Disco> known = files;
        for (int length = PREFIX.size() + 1; length <= path.size(); length++) {
            if (known.containsKey(fileOf(path.take(length)))) {
                return NameTree.leaf(new Name.Bound(path.take(length), path.drop(length)));
            }
        }
        return NameTree.neg();
    }

    Optional<Supplier<List<Address>>> addresses(Path id) {
        if (!id.startsWith(PREFIX)) {
            return Optional.empty();
        }
        String file = fileOf(id);
        return Optional.of(() -> {
            Disco disco = files.get(file);
            return disco == null ? List.of() : disco.addresses();
        });
    }

    private static String fileOf(Path id) {
        return String.join("/", id.elements().subList(PREFIX.size(), id.size()));
    }

    private void refresh() {
        Map<String, Disco> before = files;
        Map<String, Disco> found = new HashMap<>();
        try (Stream<java.nio.file.Path> walk = Files.walk(root, MAX_DEPTH)) {
            walk.filter(Files::isRegularFile).limit(MAX_FILES).forEach(file -> {
                String name = root.relativize(file).toString();
                Disco disco = read(name, file, before.get(name));
                if (disco != null) {
                    found.put(name, disco);
                }
            });
        } catch (IOException | RuntimeException e) {
            log.warn("namer.fs_unreadable root={} reason={} next=keep_what_is_known", root, e.toString());
            return;
        }
        files = Map.copyOf(found);
        if (!found.keySet().equals(before.keySet())) {
            version.incrementAndGet();
        }
    }

    private static @Nullable Disco read(String name, java.nio.file.Path file, @Nullable Disco before) {
        try {
            FileTime modified = Files.getLastModifiedTime(file);
            long size = Files.size(file);
            if (before != null && before.modified().equals(modified) && before.size() == size) {
                return before;
            }
            if (size > MAX_BYTES) {
                throw new IOException(size + " bytes (expected: at most " + MAX_BYTES + ")");
            }
            return new Disco(modified, size, parse(Files.readString(file)));
        } catch (IOException | IllegalArgumentException e) {
            log.warn("namer.fs_bad_file file={} reason={}", name, e.getMessage());
            return before;
        }
    }

    /** Throws IllegalArgumentException naming the line. */
    static List<Address> parse(String text) {
        List<Address> addresses = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            int comment = line.indexOf('#');
            String content = (comment < 0 ? line : line.substring(0, comment)).trim();
            if (content.isEmpty()) {
                continue;
            }
            String[] words = content.split("\\s+", -1);
            boolean weighted = words.length == 4 && words[2].equals("*") && words[3].matches("\\d*\\.?\\d+");
            if (!(words.length == 2 || weighted) || !BuiltinNamers.isPort(words[1])) {
                throw new IllegalArgumentException("line '" + content + "' (expected: host port [* weight])");
            }
            addresses.add(new Address(words[0], Integer.parseInt(words[1])));
        }
        return List.copyOf(addresses);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
