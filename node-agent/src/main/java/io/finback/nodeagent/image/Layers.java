package io.finback.nodeagent.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * Unpacked layers on disk, each under the name of its chain: what it is depends on those below it, since "everything in this
 * directory is gone" is written out as what that comes to. Images that begin with the same layers share them. A layer is there whole
 * or not at all. Thread-safe.
 *
 * <p>{@code <name>/fs} is the layer; {@code <name>/layer.json} what it takes away ({@code whiteouts}) and how much it is.
 */
final class Layers {
    /** Of the 64 hexadecimal digits of a chain; short, since the kernel takes a page of names for all layers of a mount. */
    private static final int NAME_DIGITS = 24;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final Path unfinished;

    Layers(Path directory, Path unfinished) {
        this.directory = directory;
        this.unfinished = unfinished;
    }

    Path directory() {
        return directory;
    }

    /** The names of an image's layers, lowest first. Source of the rule: OCI image specification, {@code ChainID}. */
    static List<String> names(List<String> diffIds) {
        List<String> names = new ArrayList<>();
        String chain = "";
        for (String diffId : diffIds) {
            chain = chain.isEmpty() ? diffId : Digest.of(chain + " " + diffId);
            names.add(Digest.hex(chain).substring(0, NAME_DIGITS));
        }
        return names;
    }

    boolean has(String name) {
        return Files.isRegularFile(directory.resolve(name).resolve("layer.json"));
    }

    Path files(String name) {
        return directory.resolve(name).resolve("fs");
    }

    /** What it takes away from those below it, as paths. */
    List<String> whiteouts(String name) throws IOException {
        List<String> all = new ArrayList<>();
        facts(name).path("whiteouts").forEach(path -> all.add(path.asText("")));
        return all;
    }

    private JsonNode facts(String name) throws IOException {
        return JSON.readTree(Files.readAllBytes(directory.resolve(name).resolve("layer.json")));
    }

    /** Bytes and entries of a layer that is there. */
    LayerUnpacker.Limits size(String name) throws IOException {
        JsonNode facts = facts(name);
        return new LayerUnpacker.Limits(
                facts.path("bytes").asLong(0), facts.path("entries").asLong(0));
    }

    /**
     * Unpacks a layer; when another has done so meanwhile, that one counts.
     *
     * @param below the names of those below it, lowest first, all there
     */
    void add(
            String name,
            List<String> below,
            InputStream raw,
            String digest,
            String diffId,
            LayerUnpacker.Limits left,
            BooleanSupplier cancelled)
            throws IOException, ImageFailure {
        Path making =
                Files.createDirectories(unfinished.resolve(UUID.randomUUID().toString()));
        try {
            Path files = Files.createDirectory(making.resolve("fs"));
            Files.setAttribute(files, "unix:mode", 0755);
            LayerUnpacker.Unpacked unpacked = LayerUnpacker.run(raw, digest, diffId, files, left, cancelled);
            ObjectNode facts = JSON.createObjectNode()
                    .put("diffId", diffId)
                    .put("bytes", unpacked.bytes())
                    .put("entries", unpacked.entries());
            ArrayNode list = facts.putArray("whiteouts");
            whiteouts(files, unpacked, below).forEach(list::add);
            Files.write(making.resolve("layer.json"), JSON.writeValueAsBytes(facts));
            try {
                Files.move(making, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
                if (!has(name)) {
                    throw e;
                }
            }
        } finally {
            LayerTree.delete(making);
        }
    }

    /** What is in the way of nothing of its own: a layer that takes a file away and brings another has just the other. */
    private Set<String> whiteouts(Path files, LayerUnpacker.Unpacked unpacked, List<String> below) throws IOException {
        Set<String> all = new TreeSet<>();
        Set<String> opaque = new TreeSet<>(unpacked.opaque());
        for (String path : unpacked.whiteouts()) {
            Path own = files.resolve(path);
            if (Files.isDirectory(own, LinkOption.NOFOLLOW_LINKS)) {
                opaque.add(path);
            } else if (!Files.exists(own, LinkOption.NOFOLLOW_LINKS)) {
                all.add(path);
            }
        }
        for (String path : opaque) {
            for (String name : namesBelow(path, below)) {
                if (!Files.exists(files.resolve(path).resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                    all.add(path.isEmpty() ? name : path + "/" + name);
                }
            }
        }
        return all;
    }

    /** Everything a directory has in any lower layer, what is taken away there included: twice does no harm. */
    private Set<String> namesBelow(String path, List<String> below) throws IOException {
        Set<String> names = new TreeSet<>();
        for (String layer : below) {
            Path there = files(layer).resolve(path);
            if (isRealDirectory(files(layer), there)) {
                try (DirectoryStream<Path> entries = Files.newDirectoryStream(there)) {
                    entries.forEach(entry -> names.add(entry.getFileName().toString()));
                }
            }
        }
        return names;
    }

    /** No part of it is a link: that would lead to somewhere else than to what the layer calls so. */
    private static boolean isRealDirectory(Path root, Path there) {
        Path at = root;
        for (Path part : root.relativize(there)) {
            at = at.resolve(part);
            if (!Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS)) {
                return false;
            }
        }
        return true;
    }

    /** All that are there. */
    List<String> all() throws IOException {
        if (!Files.isDirectory(directory)) {
            return new ArrayList<>();
        }
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        }
        return names;
    }

    /** First out of the way, so that one half deleted is never taken for a layer. */
    void delete(String name) throws IOException {
        Path going =
                Files.createDirectories(unfinished).resolve(UUID.randomUUID().toString());
        Files.move(directory.resolve(name), going, StandardCopyOption.ATOMIC_MOVE);
        LayerTree.delete(going);
    }
}
