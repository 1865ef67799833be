package io.finback.nodeagent.image;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * Unpacks one layer into an empty directory: files with their owners and modes, links, and a list of what the layer takes away from
 * those below. Devices are left out, since every container gets its own {@code /dev}; extended attributes (file capabilities) are
 * left out, too. Source: OCI image specification, {@code layer.md}.
 */
final class LayerUnpacker {
    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    private static final int BUFFER = 64 * 1024;
    private static final int GZIP_0 = 0x1f;
    private static final int GZIP_1 = 0x8b;
    private static final byte[] ZSTD = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};
    private static final int MODE_BITS = 07777;

    /**
     * What an image may come to.
     *
     * @param maxBytes unpacked, all layers together
     * @param maxEntries of all layers together
     */
    record Limits(long maxBytes, long maxEntries) {}

    /**
     * What a layer takes away.
     *
     * @param whiteouts paths of lower layers that are not there any more
     * @param opaque directories of which nothing of lower layers is there any more
     * @param bytes of its files
     */
    record Unpacked(Set<String> whiteouts, Set<String> opaque, long bytes, long entries) {}

    private final LayerTree tree;
    private final Limits limits;
    private final BooleanSupplier cancelled;
    private final Set<String> whiteouts = new TreeSet<>();
    private final Set<String> opaque = new TreeSet<>();
    private long bytes;
    private long entries;

    private LayerUnpacker(LayerTree tree, Limits limits, BooleanSupplier cancelled) {
        this.tree = tree;
        this.limits = limits;
        this.cancelled = cancelled;
    }

    /**
     * Unpacks {@code raw}, and checks it against both hashes.
     *
     * @param digest of {@code raw} as it comes; empty: not known
     * @param diffId of the tar in it
     * @param left what this layer may come to
     */
    static Unpacked run(
            InputStream raw, String digest, String diffId, Path into, Limits left, BooleanSupplier cancelled)
            throws IOException, ImageFailure {
        String tooMuch = "unfolds to more than " + left.maxBytes() + " bytes, all that is left of what"
                + " finback.agent.images.max-size allows an image";
        LayerUnpacker unpacker = new LayerUnpacker(new LayerTree(into), left, cancelled);
        Digest.Counting packed = new Digest.Counting(raw, Long.MAX_VALUE, "");
        BufferedInputStream buffered = new BufferedInputStream(packed, BUFFER);
        try (InputStream opened = decompressed(buffered);
                Digest.Counting tar = new Digest.Counting(opened, left.maxBytes(), tooMuch)) {
            unpacker.tar(tar);
            String found = tar.digestOfAll();
            if (!found.equals(diffId)) {
                throw new ImageFailure("a layer unpacks to " + found + " (expected: " + diffId + ")");
            }
            long unused = buffered.transferTo(OutputStream.nullOutputStream());
            String came = packed.digestOfAll();
            if (!digest.isEmpty() && !came.equals(digest)) {
                throw new ImageFailure("a layer came as " + came + " (expected: " + digest + ")");
            }
        } catch (InvalidPathException e) {
            throw new ImageFailure(
                    "a file name that the agent's locale cannot say (expected: the agent runs with one of"
                            + " UTF-8, such as LC_ALL=C.UTF-8)",
                    e);
        } catch (RuntimeException e) {
            // The libraries answer some broken archives so.
            throw new ImageFailure("a broken layer", e);
        }
        return new Unpacked(unpacker.whiteouts, unpacker.opaque, unpacker.bytes, unpacker.entries);
    }

    /** By its first bytes: media types are often wrong, these are not. */
    private static InputStream decompressed(BufferedInputStream in) throws IOException {
        in.mark(4);
        byte[] magic = in.readNBytes(4);
        in.reset();
        if (magic.length >= 2 && (magic[0] & 0xff) == GZIP_0 && (magic[1] & 0xff) == GZIP_1) {
            return GzipCompressorInputStream.builder()
                    .setInputStream(in)
                    .setDecompressConcatenated(true)
                    .get();
        }
        return Arrays.equals(magic, ZSTD) ? new ZstdInputStream(in) : in;
    }

    private void tar(InputStream content) throws IOException {
        // Not closed here: what follows the archive's end belongs to the hash, too.
        TarArchiveInputStream tar = new TarArchiveInputStream(content, StandardCharsets.UTF_8.name());
        TarArchiveEntry entry = tar.getNextEntry();
        while (entry != null) {
            entries++;
            if (entries > limits.maxEntries()) {
                throw new IOException("holds more than " + limits.maxEntries() + " files"
                        + ", all that is left of what finback.agent.images.max-files allows an image");
            }
            entry(tar, entry);
            entry = tar.getNextEntry();
        }
    }

    private void entry(TarArchiveInputStream tar, TarArchiveEntry entry) throws IOException {
        Path place = tree.place(entry.getName());
        String name = place.equals(tree.root()) ? "" : place.getFileName().toString();
        if (name.startsWith(WHITEOUT)) {
            whiteout(place, name);
            return;
        }
        if (entry.isDirectory()) {
            if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
                LayerTree.delete(place);
                Files.createDirectory(place);
            }
            own(place, entry, true);
            return;
        }
        if (place.equals(tree.root())) {
            throw new IOException("'" + entry.getName() + "' is the root (expected: a directory)");
        }
        if (entry.isCharacterDevice() || entry.isBlockDevice() || entry.isFIFO()) {
            return;
        }
        LayerTree.delete(place);
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(place, Path.of(entry.getLinkName()));
            own(place, entry, false);
        } else if (entry.isLink()) {
            Path target = tree.place(entry.getLinkName());
            if (!Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(target)) {
                throw new IOException("'" + entry.getName() + "' links to '" + entry.getLinkName()
                        + "' (expected: a file of the same layer)");
            }
            Files.createLink(place, target);
        } else {
            file(tar, place);
            own(place, entry, true);
            Files.setLastModifiedTime(
                    place, FileTime.from(entry.getLastModifiedTime().toInstant()));
        }
    }

    private void file(TarArchiveInputStream tar, Path place) throws IOException {
        try (OutputStream out = Files.newOutputStream(place, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[BUFFER];
            int read = tar.read(buffer);
            while (read >= 0) {
                bytes += read;
                if (bytes > limits.maxBytes()) {
                    throw new IOException("unfolds to more than " + limits.maxBytes()
                            + " bytes, all that is left of what finback.agent.images.max-size allows an image");
                }
                if (cancelled.getAsBoolean()) {
                    throw new IOException("not there in time");
                }
                out.write(buffer, 0, read);
                read = tar.read(buffer);
            }
        }
    }

    private void whiteout(Path place, String name) throws IOException {
        Path directory = tree.root();
        if (place.getParent() != null) {
            directory = place.getParent();
        }
        if (name.equals(OPAQUE)) {
            opaque.add(tree.relative(directory));
        } else if (!name.startsWith(WHITEOUT + WHITEOUT)) {
            String hidden = name.substring(WHITEOUT.length());
            if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
                throw new IOException("'" + name + "' takes away nothing that has a name");
            }
            whiteouts.add(tree.relative(directory.resolve(hidden)));
        }
    }

    private static void own(Path place, TarArchiveEntry entry, boolean mode) throws IOException {
        Files.setAttribute(place, "unix:uid", (int) entry.getLongUserId(), LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(place, "unix:gid", (int) entry.getLongGroupId(), LinkOption.NOFOLLOW_LINKS);
        if (mode) {
            // After the owner: changing that takes away the bits that lend rights.
            Files.setAttribute(place, "unix:mode", entry.getMode() & MODE_BITS);
        }
    }
}
