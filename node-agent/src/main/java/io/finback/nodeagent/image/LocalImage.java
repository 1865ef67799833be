package io.finback.nodeagent.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An image in files of this machine: what {@code docker save} writes ({@code manifest.json}), or an OCI layout ({@code index.json}),
 * each as a directory or as a tar of it. Sources: moby {@code image/tarexport}, OCI image specification {@code image-layout.md}.
 */
final class LocalImage implements ImageSource {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_JSON = 4 * 1024 * 1024;

    /** The annotation by which a layout names its images. */
    private static final String REF_NAME = "org.opencontainers.image.ref.name";

    /** An index may stand in an index, once for several platforms. */
    private static final int MAX_DEPTH = 4;

    private final Path place;
    private final BlobFiles files;
    private final String config;
    private final String configDigest;
    private final List<Layer> layers;

    private LocalImage(Path place, BlobFiles files, String config, String configDigest, List<Layer> layers) {
        this.place = place;
        this.files = files;
        this.config = config;
        this.configDigest = configDigest;
        this.layers = List.copyOf(layers);
    }

    /** The image of that name in there; if there is only one, it need not be called so. */
    static LocalImage open(Path place, Reference name) throws IOException, ImageFailure {
        BlobFiles files;
        try {
            files = BlobFiles.at(place);
        } catch (IOException | RuntimeException e) {
            throw new ImageFailure(place + " is no image (expected: what docker save writes, or an OCI layout)", e);
        }
        try {
            if (files.has("manifest.json")) {
                return saved(place, files, name);
            }
            if (files.has("index.json")) {
                return laidOut(place, files, name);
            }
            throw new ImageFailure(place + ": neither manifest.json nor index.json in it (expected: what docker save"
                    + " writes, or an OCI layout)");
        } catch (IOException | ImageFailure | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    private static LocalImage saved(Path place, BlobFiles files, Reference name) throws IOException, ImageFailure {
        JsonNode all = json(files, "manifest.json");
        List<String> names = new ArrayList<>();
        Optional<JsonNode> found = all.size() == 1 ? Optional.of(all.get(0)) : Optional.empty();
        for (JsonNode one : all) {
            for (JsonNode tag : one.path("RepoTags")) {
                names.add(tag.asText(""));
                if (tag.asText("").equals(name.path() + ":" + name.tag())
                        || tag.asText("").equals(name.toString())) {
                    found = Optional.of(one);
                }
            }
        }
        JsonNode image = found.orElseThrow(
                () -> new ImageFailure(place + ": holds " + names + " (expected: " + name + " among them)"));
        List<Layer> layers = new ArrayList<>();
        image.path("Layers").forEach(layer -> layers.add(new Layer(layer.asText(""), "", "")));
        return new LocalImage(place, files, image.path("Config").asText(""), "", layers);
    }

    private static LocalImage laidOut(Path place, BlobFiles files, Reference name) throws IOException, ImageFailure {
        JsonNode manifests = json(files, "index.json").path("manifests");
        List<String> names = new ArrayList<>();
        Optional<JsonNode> found = manifests.size() == 1 ? Optional.of(manifests.get(0)) : Optional.empty();
        for (JsonNode one : manifests) {
            String called = one.path("annotations").path(REF_NAME).asText("");
            names.add(called);
            boolean meant = called.equals(name.tag())
                    || called.equals(name.path() + ":" + name.tag())
                    || called.equals(name.toString())
                    || name.digest()
                            .filter(one.path("digest").asText("")::equals)
                            .isPresent();
            if (meant && found.isEmpty()) {
                found = Optional.of(one);
            }
        }
        JsonNode manifest = null;
        if (found.isPresent()) {
            manifest = blob(files, found.get());
            for (int depth = 0; depth < MAX_DEPTH && manifest.has("manifests"); depth++) {
                manifest = blob(files, Manifests.forThisMachine(place.toString(), manifest));
            }
        }
        if (manifest == null) {
            throw new ImageFailure(place + ": holds " + names + " (expected: " + name.tag() + " among them)");
        }
        Manifests.Image image = Manifests.image(place.toString(), manifest);
        List<Layer> layers = new ArrayList<>();
        for (Manifests.Blob layer : image.layers()) {
            layers.add(new Layer(blobName(layer.digest()), layer.digest(), layer.mediaType()));
        }
        return new LocalImage(
                place, files, blobName(image.config().digest()), image.config().digest(), layers);
    }

    private static JsonNode blob(BlobFiles files, JsonNode descriptor) throws IOException, ImageFailure {
        String digest = Digest.require("digest", descriptor.path("digest").asText(""));
        byte[] bytes = files.read(blobName(digest), MAX_JSON);
        checkDigest(blobName(digest), digest, bytes);
        return JSON.readTree(bytes);
    }

    private static String blobName(String digest) {
        return "blobs/sha256/" + Digest.hex(digest);
    }

    private static JsonNode json(BlobFiles files, String name) throws IOException {
        return JSON.readTree(files.read(name, MAX_JSON));
    }

    private static void checkDigest(String name, String wanted, byte[] bytes) throws ImageFailure {
        if (!Digest.of(bytes).equals(wanted)) {
            throw new ImageFailure(name + ": hashes to " + Digest.of(bytes) + " (expected: " + wanted + ")");
        }
    }

    @Override
    public byte[] config() throws IOException, ImageFailure {
        byte[] bytes = files.read(config, MAX_JSON);
        if (!configDigest.isEmpty()) {
            checkDigest(place + ": " + config, configDigest, bytes);
        }
        return bytes;
    }

    @Override
    public List<Layer> layers() {
        return layers;
    }

    @Override
    public InputStream open(Layer layer) throws IOException {
        return files.open(layer.name());
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
