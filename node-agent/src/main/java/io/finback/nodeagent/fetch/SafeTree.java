package io.finback.nodeagent.fetch;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;

/**
 * A directory that nothing written through this leaves, whatever names and links it is given: a name may not climb, no link is
 * followed out of it, and no link in it leads out. Not thread-safe; nobody else may change the directory meanwhile.
 */
final class SafeTree {
    private static final int MAX_LINKS = 40;

    private final Path root;

    /** @param root an existing directory */
    SafeTree(Path root) throws IOException {
        this.root = root.toRealPath();
    }

    static boolean climbs(Path path) {
        for (Path part : path) {
            if (part.toString().equals("..")) {
                return true;
            }
        }
        return false;
    }

    Path root() {
        return root;
    }

    /** The place of {@code name}, its directories made; whatever is there is no directory when this returns, and is gone. */
    Path placeFor(String name) throws IOException {
        Path place = place(name);
        Path parent = place.getParent();
        if (place.equals(root) || parent == null) {
            throw new IOException("'" + name + "' names the directory itself (expected: a file in it)");
        }
        directories(name, parent);
        if (Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("'" + name + "' is a directory already (expected: a file)");
        }
        Files.deleteIfExists(place);
        return place;
    }

    Path directory(String name) throws IOException {
        Path place = place(name);
        directories(name, place);
        return place;
    }

    /** An existing plain file that may be linked to. */
    Path existing(String name) throws IOException {
        Path place = place(name);
        if (!Files.isRegularFile(place, LinkOption.NOFOLLOW_LINKS)
                || !place.toRealPath().startsWith(root)) {
            throw new IOException("a link to '" + name + "' (expected: a file of the same archive)");
        }
        return place;
    }

    /** Throws when following {@code link} would at any step be outside, also when what it leads to is not there. */
    void checkLink(Path link) throws IOException {
        Path at = Objects.requireNonNull(link.getParent(), "a link is in a directory")
                .toRealPath();
        Deque<Path> rest = new ArrayDeque<>();
        Files.readSymbolicLink(link).forEach(rest::addLast);
        if (Files.readSymbolicLink(link).isAbsolute()) {
            throw leads(link);
        }
        int links = 0;
        while (!rest.isEmpty()) {
            Path next = at.resolve(rest.removeFirst()).normalize();
            if (!next.startsWith(root)) {
                throw leads(link);
            }
            if (Files.isSymbolicLink(next)) {
                Path target = Files.readSymbolicLink(next);
                if (target.isAbsolute() || ++links > MAX_LINKS) {
                    throw leads(link);
                }
                Deque<Path> longer = new ArrayDeque<>();
                target.forEach(longer::addLast);
                longer.addAll(rest);
                rest = longer;
            } else {
                at = next;
            }
        }
    }

    private IOException leads(Path link) throws IOException {
        return new IOException("the link '" + root.relativize(link) + "' to '" + Files.readSymbolicLink(link)
                + "' leads out of the sandbox");
    }

    private Path place(String name) throws IOException {
        if (name.indexOf('\0') >= 0 || name.startsWith("/") || climbs(Path.of(name))) {
            throw new IOException("'" + name.replace('\0', '?') + "' leads out of the sandbox");
        }
        return root.resolve(name).normalize();
    }

    /** Makes them one by one: an existing link is never followed, not even to a place inside. */
    private void directories(String name, Path wanted) throws IOException {
        Path at = root;
        for (Path part : root.relativize(wanted)) {
            if (part.toString().isEmpty()) {
                continue;
            }
            at = at.resolve(part);
            if (Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS)) {
                continue;
            }
            try {
                Files.createDirectory(at);
            } catch (FileAlreadyExistsException e) {
                throw new IOException(
                        "'" + name + "' passes '" + root.relativize(at)
                                + "', which is a file or a link (expected: a directory)",
                        e);
            }
        }
    }
}
