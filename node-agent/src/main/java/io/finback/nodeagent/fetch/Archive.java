package io.finback.nodeagent.fetch;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/** What a file is, told by its name as Mesos does. Source: apache/mesos {@code src/launcher/fetcher.cpp}. */
enum Archive {
    TAR(".tar"),
    TAR_GZ(".tar.gz", ".tgz"),
    TAR_BZ2(".tar.bz2", ".tbz2"),
    TAR_XZ(".tar.xz", ".txz"),
    ZIP(".zip"),
    GZ(".gz");

    /** What the dictionary of an xz stream may take: what {@code xz -9} makes needs 65 MiB. */
    private static final int XZ_MEMORY_KIB = 80 * 1024;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> endings;

    Archive(String... endings) {
        this.endings = List.of(endings);
    }

    static Optional<Archive> of(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (Archive archive : values()) {
            for (String ending : archive.endings) {
                if (lower.endsWith(ending) && lower.length() > ending.length()) {
                    return Optional.of(archive);
                }
            }
        }
        return Optional.empty();
    }

    /** The bytes of the tar, or for {@link #GZ} of the file. Not for {@link #ZIP}. */
    InputStream open(Path file) throws IOException {
        InputStream raw = new BufferedInputStream(Files.newInputStream(file), 64 * 1024);
        try {
            return switch (this) {
                case TAR -> raw;
                case TAR_GZ, GZ ->
                    GzipCompressorInputStream.builder()
                            .setInputStream(raw)
                            .setDecompressConcatenated(true)
                            .get();
                case TAR_BZ2 -> new BZip2CompressorInputStream(raw, true);
                case TAR_XZ ->
                    XZCompressorInputStream.builder()
                            .setInputStream(raw)
                            .setDecompressConcatenated(true)
                            .setMemoryLimitKiB(XZ_MEMORY_KIB)
                            .get();
                case ZIP -> throw new IllegalArgumentException("a zip is no stream");
            };
        } catch (IOException | RuntimeException e) {
            raw.close();
            throw e;
        }
    }
}
