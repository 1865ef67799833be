package io.finback.nodeagent.image;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarFile;

/** Files by name, in a directory or in a tar that is read where it lies. */
interface BlobFiles extends Closeable {
    boolean has(String name);

    /** Throws {@link FileNotFoundException} when there is none. */
    InputStream open(String name) throws IOException;

    /** A small file whole; more than {@code most} bytes are an error. */
    default byte[] read(String name, int most) throws IOException {
        try (InputStream in = open(name)) {
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new IOException(name + ": more than " + most + " bytes");
            }
            return bytes;
        }
    }

    static BlobFiles at(Path place) throws IOException {
        return Files.isDirectory(place) ? new Directory(place) : new Tar(place);
    }

    /** Names are those of the image's own files, which it could make lead anywhere. */
    record Directory(Path root) implements BlobFiles {
        @Override
        public boolean has(String name) {
            Path file = root.resolve(name).normalize();
            return file.startsWith(root.normalize()) && Files.isRegularFile(file);
        }

        @Override
        public InputStream open(String name) throws IOException {
            if (!has(name)) {
                throw new FileNotFoundException(root + ": no file '" + name + "' in it");
            }
            return Files.newInputStream(root.resolve(name));
        }

        @Override
        public void close() {}
    }

    /** What {@code docker save} writes; some versions write a layer that is there twice as a link. */
    final class Tar implements BlobFiles {
        private static final int MAX_LINKS = 8;

        private final Path file;
        private final TarFile tar;
        private final Map<String, TarArchiveEntry> entries = new HashMap<>();

        Tar(Path file) throws IOException {
            this.file = file;
            this.tar = new TarFile(file);
            tar.getEntries().forEach(entry -> entries.put(normal(entry.getName()), entry));
        }

        private static String normal(String name) {
            return Path.of("/").resolve(name).normalize().toString().substring(1);
        }

        @Override
        public boolean has(String name) {
            return entries.containsKey(normal(name));
        }

        @Override
        public InputStream open(String name) throws IOException {
            String at = normal(name);
            for (int links = 0; links < MAX_LINKS; links++) {
                TarArchiveEntry entry = entries.get(at);
                if (entry == null) {
                    break;
                }
                if (entry.isSymbolicLink()) {
                    Path directory = Path.of("/" + at).getParent();
                    at = normal((directory == null ? Path.of("/") : directory)
                            .resolve(entry.getLinkName())
                            .toString());
                } else if (entry.isLink()) {
                    at = normal(entry.getLinkName());
                } else {
                    return tar.getInputStream(entry);
                }
            }
            throw new FileNotFoundException(file + ": no file '" + name + "' in it");
        }

        @Override
        public void close() throws IOException {
            tar.close();
        }
    }
}
