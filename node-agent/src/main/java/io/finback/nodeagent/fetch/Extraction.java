package io.finback.nodeagent.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Unpacks one archive into a directory. Everything an archive can do to leave the directory or to exhaust the disk ends it with an
 * error: absolute names, {@code ..}, links that lead out, devices, more bytes or entries than allowed. Bits that give a program
 * another user's rights are dropped. Links are made last, so that nothing is ever written through one.
 */
final class Extraction {
    private static final int BUFFER = 64 * 1024;
    /** A link's target in a zip is its content. */
    private static final int MAX_TARGET_BYTES = 4096;

    private final SafeTree tree;
    private final FetchSettings settings;
    private final Cancellation cancellation;
    private final Map<String, String> links = new LinkedHashMap<>();
    private final Map<Path, Integer> directoryModes = new LinkedHashMap<>();
    private long bytes;
    private int entries;

    private Extraction(SafeTree tree, FetchSettings settings, Cancellation cancellation) {
        this.tree = tree;
        this.settings = settings;
        this.cancellation = cancellation;
    }

    /**
     * Unpacks {@code file}.
     *
     * @param name what it is called, which says what it is and (for one compressed file) what its content is called
     */
    static void run(Archive kind, Path file, String name, SafeTree into, FetchSettings settings, Cancellation cancel)
            throws IOException {
        Extraction extraction = new Extraction(into, settings, cancel);
        try {
            switch (kind) {
                case ZIP -> extraction.zip(file);
                case GZ -> {
                    try (InputStream content = kind.open(file)) {
                        extraction.file(name.substring(0, name.length() - ".gz".length()), content, 0644);
                    }
                }
                default -> {
                    try (InputStream content = kind.open(file)) {
                        extraction.tar(content);
                    }
                }
            }
            extraction.finish();
        } catch (InvalidPathException e) {
            throw new IOException("a name that is none on this machine: " + e.getReason(), e);
        } catch (RuntimeException e) {
            // The libraries answer some broken archives so.
            throw new IOException("broken archive (" + e + ")", e);
        }
    }

    private void tar(InputStream content) throws IOException {
        try (TarArchiveInputStream tar = new TarArchiveInputStream(content, StandardCharsets.UTF_8.name())) {
            TarArchiveEntry entry = tar.getNextEntry();
            while (entry != null) {
                count();
                String name = entry.getName();
                if (entry.isDirectory()) {
                    directoryModes.put(tree.directory(name), entry.getMode());
                } else if (entry.isSymbolicLink()) {
                    links.put(name, entry.getLinkName());
                } else if (entry.isLink()) {
                    Path target = tree.existing(entry.getLinkName());
                    Files.createLink(tree.placeFor(name), target);
                } else if (entry.isFile() && !special(entry)) {
                    file(name, tar, entry.getMode());
                } else {
                    throw new IOException("'" + name + "' is a device or a pipe (expected: files, directories, links)");
                }
                entry = tar.getNextEntry();
            }
        }
    }

    private static boolean special(TarArchiveEntry entry) {
        return entry.isCharacterDevice() || entry.isBlockDevice() || entry.isFIFO();
    }

    private void zip(Path file) throws IOException {
        try (ZipFile zip = ZipFile.builder().setPath(file).get()) {
            for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
                count();
                if (!zip.canReadEntryData(entry)) {
                    throw new IOException("'" + entry.getName() + "' is encrypted or compressed in an unknown way");
                }
                int mode = entry.getUnixMode();
                if (entry.isDirectory()) {
                    directoryModes.put(tree.directory(entry.getName()), mode == 0 ? 0755 : mode);
                    continue;
                }
                try (InputStream content = zip.getInputStream(entry)) {
                    if (entry.isUnixSymlink()) {
                        byte[] target = content.readNBytes(MAX_TARGET_BYTES);
                        links.put(entry.getName(), new String(target, StandardCharsets.UTF_8));
                    } else {
                        file(entry.getName(), content, mode == 0 ? 0644 : mode);
                    }
                }
            }
        }
    }

    private void file(String name, InputStream content, int mode) throws IOException {
        Path place = tree.placeFor(name);
        try (OutputStream out = Files.newOutputStream(place, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[BUFFER];
            int read = content.read(buffer);
            while (read >= 0) {
                bytes += read;
                if (bytes > settings.maxExtractedBytes()) {
                    throw new IOException("unfolds to more than " + settings.maxExtractedBytes()
                            + " bytes (finback.agent.fetcher.max-extracted-size)");
                }
                if (cancellation.isCancelled()) {
                    throw new IOException("cancelled");
                }
                out.write(buffer, 0, read);
                read = content.read(buffer);
            }
        }
        Files.setPosixFilePermissions(place, permissions(mode));
    }

    private void count() throws IOException {
        entries++;
        if (entries > settings.maxEntries()) {
            throw new IOException(
                    "holds more than " + settings.maxEntries() + " entries (finback.agent.fetcher.max-entries)");
        }
    }

    private void finish() throws IOException {
        List<Path> made = new ArrayList<>();
        try {
            for (Map.Entry<String, String> link : links.entrySet()) {
                Path place = tree.placeFor(link.getKey());
                Files.createSymbolicLink(place, Path.of(link.getValue()));
                made.add(place);
            }
            // Each may lead through another, so none is judged before all are there.
            for (Path link : made) {
                tree.checkLink(link);
            }
        } catch (IOException e) {
            for (Path link : made) {
                Files.deleteIfExists(link);
            }
            throw e;
        }
        for (Map.Entry<Path, Integer> directory : directoryModes.entrySet()) {
            Set<PosixFilePermission> permissions = permissions(directory.getValue());
            // What its owner cannot enter, nobody could clean up.
            permissions.addAll(EnumSet.of(
                    PosixFilePermission.OWNER_READ,
                    PosixFilePermission.OWNER_WRITE,
                    PosixFilePermission.OWNER_EXECUTE));
            Files.setPosixFilePermissions(directory.getKey(), permissions);
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] byBit = {
            PosixFilePermission.OTHERS_EXECUTE,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.OWNER_EXECUTE,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.OWNER_READ
        };
        for (int bit = 0; bit < byBit.length; bit++) {
            if ((mode & (1 << bit)) != 0) {
                permissions.add(byBit[bit]);
            }
        }
        return permissions;
    }
}
