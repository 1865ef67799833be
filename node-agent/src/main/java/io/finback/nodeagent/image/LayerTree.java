package io.finback.nodeagent.image;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The directory a layer is unpacked into. Names are resolved as they would be with this directory as the root of everything: an
 * absolute link leads to a place below it, and {@code ..} never above it. Nothing named through this is outside. Not thread-safe;
 * nobody else may change the directory meanwhile.
 */
final class LayerTree {
    private static final int MAX_LINKS = 40;
    private static final int NEW_DIRECTORY_MODE = 0755;

    private final Path root;

    /** @param root an existing directory */
    LayerTree(Path root) throws IOException {
        this.root = root.toRealPath();
    }

    Path root() {
        return root;
    }

    /** Where {@code name} is, its directories made; the last part is not followed. The root itself for {@code ./} and {@code /}. */
    Path place(String name) throws IOException {
        List<String> parts = parts(name);
        if (parts.isEmpty()) {
            return root;
        }
        return directory(name, parts.subList(0, parts.size() - 1)).resolve(parts.get(parts.size() - 1));
    }

    /** Below the root, in the words of the root: {@code usr/lib/x}. */
    String relative(Path place) {
        return root.relativize(place).toString();
    }

    private static List<String> parts(String name) throws IOException {
        if (name.indexOf('\0') >= 0) {
            throw new IOException("a name with a zero byte in it");
        }
        List<String> parts = new ArrayList<>();
        for (String part : name.split("/", -1)) {
            if (part.equals("..")) {
                throw new IOException("'" + name + "' climbs (expected: a name without '..')");
            }
            if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        return parts;
    }

    private Path directory(String name, List<String> parts) throws IOException {
        Deque<String> rest = new ArrayDeque<>(parts);
        Path at = root;
        int links = 0;
        while (!rest.isEmpty()) {
            String part = rest.removeFirst();
            if (part.equals("..")) {
                at = at.equals(root) ? root : parent(at);
                continue;
            }
            Path next = at.resolve(part);
            if (Files.isSymbolicLink(next)) {
                if (++links > MAX_LINKS) {
                    throw new IOException("'" + name + "' passes more than " + MAX_LINKS + " links");
                }
                Path target = Files.readSymbolicLink(next);
                at = target.isAbsolute() ? root : at;
                Deque<String> longer = new ArrayDeque<>();
                target.forEach(step -> {
                    if (!step.toString().isEmpty() && !step.toString().equals(".")) {
                        longer.addLast(step.toString());
                    }
                });
                longer.addAll(rest);
                rest = longer;
            } else if (Files.isDirectory(next, LinkOption.NOFOLLOW_LINKS)) {
                at = next;
            } else if (Files.exists(next, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException("'" + name + "' passes '" + relative(next) + "' (expected: a directory)");
            } else {
                Files.createDirectory(next);
                Files.setAttribute(next, "unix:mode", NEW_DIRECTORY_MODE);
                at = next;
            }
        }
        return at;
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    /** Whatever is there is gone afterwards. Follows no links. */
    static void delete(Path place) throws IOException {
        if (Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            Files.walkFileTree(place, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                        throws IOException {
                    if (failure != null) {
                        throw failure;
                    }
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } else {
            Files.deleteIfExists(place);
        }
    }
}
