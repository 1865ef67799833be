package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.BuiltinNamers;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /#/io.l5d.fs/<file>}: files of lines {@code host port [* weight]} below a directory, looked through once a second by a thread
 * of its own. Lookups answer from memory. A file that cannot be read or has a bad line keeps what it said before. Source: linkerd/linkerd
 * namer/fs.
 */
public final class FsNamer implements NameSource {
    private static final Logger log = LoggerFactory.getLogger(FsNamer.class);
    /** Linkerd's name of it. */
    public static final Path PREFIX = Path.of("#", "io.l5d.fs");

    static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final int MAX_FILES = 10_000;
    private static final int MAX_DEPTH = 16;
    private static final long MAX_BYTES = 500_000;

    private record Disco(FileTime modified, long size, List<Address> addresses) {}

    private final Path prefix;
    private final java.nio.file.Path root;
    private final ScheduledExecutorService executor;
    private final Changes changes;
    private volatile Map<String, Disco> files = Map.of();
    /** What was last said to be wrong with which file, so that it is said once; the directory itself is empty text. Of the one thread. */
    private final Map<String, String> complaints = new HashMap<>();

    private FsNamer(Path prefix, java.nio.file.Path root, Changes changes) {
        this.prefix = prefix;
        this.root = root;
        this.changes = changes;
        this.executor = Streams.blocking("finback-fs-namer");
    }

    /** Reads {@code root} once, and then every second. */
    public static FsNamer start(Path prefix, java.nio.file.Path root, Changes changes) {
        FsNamer namer = new FsNamer(prefix, root, changes);
        namer.refresh();
        ScheduledExecutorService executor = namer.executor;
        var ignored = executor.scheduleWithFixedDelay(
                namer::refresh, LOOK_EVERY.toMillis(), LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
        return namer;
    }

    @Override
    public Path prefix() {
        return prefix;
    }

    @Override
    public Map<String, Object> state() {
        Map<String, Object> state = new TreeMap<>();
        files.forEach((name, disco) -> state.put(
                name, disco.addresses().stream().map(Address::toString).toList()));
        return state;
    }

    @Override
    public NameTree<Name> lookup(Path path) {
        if (!path.startsWith(prefix)) {
            return NameTree.neg();
        }
        Map<String, Disco> known = files;
        for (int length = prefix.size() + 1; length <= path.size(); length++) {
            if (known.containsKey(fileOf(path.take(length)))) {
                return NameTree.leaf(new Name.Bound(path.take(length), path.drop(length)));
            }
        }
        return NameTree.neg();
    }

    @Override
    public Optional<Supplier<List<Address>>> addresses(Path id) {
        if (!id.startsWith(prefix)) {
            return Optional.empty();
        }
        String file = fileOf(id);
        return Optional.of(() -> {
            Disco disco = files.get(file);
            return disco == null ? List.of() : disco.addresses();
        });
    }

    private String fileOf(Path id) {
        return String.join("/", id.elements().subList(prefix.size(), id.size()));
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
            if (isNews("", e.toString())) {
                log.warn("namer.fs_unreadable root={} reason={} next=keep_what_is_known", root, e.toString());
            }
            return;
        }
        complaints.remove("");
        complaints.keySet().removeIf(name -> !Files.exists(root.resolve(name)));
        files = Map.copyOf(found);
        if (!found.keySet().equals(before.keySet())) {
            changes.happened();
        }
    }

    private boolean isNews(String name, String reason) {
        return !reason.equals(complaints.put(name, reason));
    }

    private @Nullable Disco read(String name, java.nio.file.Path file, @Nullable Disco before) {
        try {
            FileTime modified = Files.getLastModifiedTime(file);
            long size = Files.size(file);
            if (before != null && before.modified().equals(modified) && before.size() == size) {
                return before;
            }
            if (size > MAX_BYTES) {
                throw new IOException(size + " bytes (expected: at most " + MAX_BYTES + ")");
            }
            Disco disco = new Disco(modified, size, parse(Files.readString(file)));
            complaints.remove(name);
            return disco;
        } catch (IOException | IllegalArgumentException e) {
            if (isNews(name, String.valueOf(e.getMessage()))) {
                log.warn("namer.fs_bad_file file={} reason={} next=keep_what_is_known", name, e.getMessage());
            }
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
            double weight = weighted ? Double.parseDouble(words[3]) : 1.0;
            addresses.add(new Address(words[0], Integer.parseInt(words[1]), weight));
        }
        return List.copyOf(addresses);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
