package io.finback.nodeagent.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Makes images, layer by layer, in every form one is found in. */
public final class Images {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What the test image has; links to busybox. */
    public static final List<String> PROGRAMS = List.of(
            "sh",
            "sleep",
            "echo",
            "cat",
            "env",
            "id",
            "ls",
            "ps",
            "kill",
            "true",
            "touch",
            "pwd",
            "stty",
            "tty",
            "wc",
            "head",
            "dd",
            "df",
            "mount",
            "hostname",
            "httpd",
            "wget",
            "trap",
            "grep",
            "mkdir",
            "rm");

    private boolean zstd;
    private final List<byte[]> layers = new ArrayList<>();
    private final ObjectNode config = JSON.createObjectNode();

    public Images() {
        config.put("architecture", "amd64").put("os", "linux");
        config.putObject("config").putArray("Env").add("PATH=/bin").add("FROM_IMAGE=yes");
    }

    /** A layer by hand. */
    public static final class Layer {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name());

        public Layer() {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        }

        public Layer directory(String name, int mode, int owner) {
            return add(entry(name + "/", TarConstants.LF_DIR, mode, owner), new byte[0]);
        }

        public Layer file(String name, String content) {
            return file(name, content.getBytes(StandardCharsets.UTF_8), 0644, 0);
        }

        public Layer file(String name, byte[] content, int mode, int owner) {
            TarArchiveEntry entry = entry(name, TarConstants.LF_NORMAL, mode, owner);
            entry.setSize(content.length);
            return add(entry, content);
        }

        public Layer link(String name, String target) {
            TarArchiveEntry entry = entry(name, TarConstants.LF_SYMLINK, 0777, 0);
            entry.setLinkName(target);
            return add(entry, new byte[0]);
        }

        public Layer hardLink(String name, String target) {
            TarArchiveEntry entry = entry(name, TarConstants.LF_LINK, 0644, 0);
            entry.setLinkName(target);
            return add(entry, new byte[0]);
        }

        public Layer device(String name) {
            return add(entry(name, TarConstants.LF_CHR, 0600, 0), new byte[0]);
        }

        private static TarArchiveEntry entry(String name, byte type, int mode, int owner) {
            TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
            entry.setMode(mode);
            // The same image has the same digests, whenever it is made.
            entry.setModTime(0);
            entry.setUserId(owner);
            entry.setGroupId(owner);
            return entry;
        }

        private Layer add(TarArchiveEntry entry, byte[] content) {
            try {
                tar.putArchiveEntry(entry);
                tar.write(content);
                tar.closeArchiveEntry();
                return this;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        byte[] bytes() {
            try {
                tar.close();
                return bytes.toByteArray();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    public Images layer(Layer layer) {
        layers.add(layer.bytes());
        return this;
    }

    /** Its layers are compressed with zstd, not with gzip. */
    public Images withZstd() {
        zstd = true;
        return this;
    }

    /** The program images of tests are made of. */
    public static Optional<Path> busybox() {
        return Optional.of(Path.of("/bin/busybox")).filter(Files::isExecutable);
    }

    /** The machine's busybox, which must be linked statically, and a user 1234 called whale. */
    public static Images busybox(Path program) throws IOException {
        Layer layer = new Layer()
                .directory("bin", 0755, 0)
                .directory("tmp", 01777, 0)
                .directory("etc", 0755, 0)
                .file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nwhale:x:1234:1235:a whale:/home/whale:/bin/sh\n")
                .file("etc/group", "root:x:0:\nwhales:x:1235:\npod:x:77:krill,whale\n")
                .directory("home/whale", 0755, 1234)
                .file("bin/busybox", Files.readAllBytes(program), 0755, 0);
        PROGRAMS.forEach(name -> layer.link("bin/" + name, "busybox"));
        return new Images().layer(layer);
    }

    public ObjectNode settings() {
        return (ObjectNode) config.path("config");
    }

    private byte[] config() throws IOException {
        ObjectNode rootfs = config.putObject("rootfs").put("type", "layers");
        ArrayNode ids = rootfs.putArray("diff_ids");
        layers.forEach(layer -> ids.add(sha256(layer)));
        return JSON.writeValueAsBytes(config);
    }

    public String id() throws IOException {
        return sha256(config());
    }

    /** As {@code docker save} writes it. */
    public void save(Path file, String name) throws IOException {
        Files.createDirectories(file.getParent());
        Layer outer = new Layer();
        byte[] config = config();
        outer.file(HexFormat.of().formatHex(hash(config)) + ".json", config, 0644, 0);
        ArrayNode all = JSON.createArrayNode();
        ObjectNode image = all.addObject().put("Config", HexFormat.of().formatHex(hash(config)) + ".json");
        image.putArray("RepoTags").add(name);
        ArrayNode names = image.putArray("Layers");
        for (int i = 0; i < layers.size(); i++) {
            outer.file(i + "/layer.tar", layers.get(i), 0644, 0);
            names.add(i + "/layer.tar");
        }
        outer.file("manifest.json", JSON.writeValueAsBytes(all), 0644, 0);
        Files.write(file, outer.bytes());
    }

    /** Everything by its digest, and the manifest's digest under the empty name. Layers are compressed. */
    public Map<String, byte[]> blobs() throws IOException {
        Map<String, byte[]> blobs = new LinkedHashMap<>();
        ObjectNode manifest = JSON.createObjectNode().put("schemaVersion", 2);
        manifest.put("mediaType", "application/vnd.oci.image.manifest.v1+json");
        byte[] config = config();
        manifest.putObject("config")
                .put("mediaType", "application/vnd.oci.image.config.v1+json")
                .put("digest", sha256(config))
                .put("size", config.length);
        blobs.put(sha256(config), config);
        ArrayNode list = manifest.putArray("layers");
        for (byte[] layer : layers) {
            byte[] packed = zstd ? zstd(layer) : gzip(layer);
            list.addObject()
                    .put("mediaType", "application/vnd.oci.image.layer.v1.tar+" + (zstd ? "zstd" : "gzip"))
                    .put("digest", sha256(packed))
                    .put("size", packed.length);
            blobs.put(sha256(packed), packed);
        }
        byte[] written = JSON.writeValueAsBytes(manifest);
        blobs.put(sha256(written), written);
        blobs.put("", sha256(written).getBytes(StandardCharsets.US_ASCII));
        return blobs;
    }

    /** An OCI layout. */
    public void layOut(Path directory, String tag) throws IOException {
        Map<String, byte[]> blobs = blobs();
        String manifest = new String(blobs.remove(""), StandardCharsets.US_ASCII);
        Path files = Files.createDirectories(directory.resolve("blobs/sha256"));
        for (Map.Entry<String, byte[]> blob : blobs.entrySet()) {
            Files.write(files.resolve(blob.getKey().substring("sha256:".length())), blob.getValue());
        }
        Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        ObjectNode index = JSON.createObjectNode().put("schemaVersion", 2);
        index.putArray("manifests")
                .addObject()
                .put("mediaType", "application/vnd.oci.image.manifest.v1+json")
                .put("digest", manifest)
                .put("size", 1)
                .putObject("annotations")
                .put("org.opencontainers.image.ref.name", tag);
        Files.write(directory.resolve("index.json"), JSON.writeValueAsBytes(index));
    }

    private static byte[] zstd(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new ZstdOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(bytes);
        }
        return packed.toByteArray();
    }

    public static String sha256(byte[] bytes) {
        return "sha256:" + HexFormat.of().formatHex(hash(bytes));
    }

    private static byte[] hash(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
