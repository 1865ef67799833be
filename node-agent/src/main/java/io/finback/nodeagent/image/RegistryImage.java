package io.finback.nodeagent.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An image in a registry. */
final class RegistryImage implements ImageSource {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_JSON = 4 * 1024 * 1024;
    private static final int MAX_DEPTH = 4;

    private final RegistryClient client;
    private final Manifests.Image image;

    private RegistryImage(RegistryClient client, Manifests.Image image) {
        this.client = client;
        this.image = image;
    }

    static RegistryImage open(RegistryClient client, Reference name) throws IOException, ImageFailure {
        JsonNode manifest = manifest(client, name.version(), name.digest());
        for (int depth = 0; depth < MAX_DEPTH && manifest.has("manifests"); depth++) {
            String digest = Digest.require(
                    name + ": digest",
                    Manifests.forThisMachine(name.toString(), manifest)
                            .path("digest")
                            .asText(""));
            manifest = manifest(client, digest, Optional.of(digest));
        }
        return new RegistryImage(client, Manifests.image(name.toString(), manifest));
    }

    private static JsonNode manifest(RegistryClient client, String version, Optional<String> digest)
            throws IOException, ImageFailure {
        HttpResponse<InputStream> answer = client.manifest(version);
        try (InputStream body = answer.body()) {
            byte[] bytes = body.readNBytes(MAX_JSON + 1);
            if (bytes.length > MAX_JSON) {
                throw new ImageFailure("manifest " + version + ": more than " + MAX_JSON + " bytes");
            }
            check("manifest", digest, bytes);
            return JSON.readTree(bytes);
        }
    }

    private static void check(String what, Optional<String> digest, byte[] bytes) throws ImageFailure {
        if (digest.isPresent() && !Digest.of(bytes).equals(digest.get())) {
            throw new ImageFailure(what + ": hashes to " + Digest.of(bytes) + " (expected: " + digest.get() + ")");
        }
    }

    @Override
    public byte[] config() throws IOException, ImageFailure {
        try (InputStream in = client.blob(image.config().digest())) {
            byte[] bytes = in.readNBytes(MAX_JSON + 1);
            if (bytes.length > MAX_JSON) {
                throw new ImageFailure("the image's config: more than " + MAX_JSON + " bytes");
            }
            check("the image's config", Optional.of(image.config().digest()), bytes);
            return bytes;
        }
    }

    @Override
    public List<Layer> layers() {
        List<Layer> layers = new ArrayList<>();
        image.layers().forEach(blob -> layers.add(new Layer(blob.digest(), blob.digest(), blob.mediaType())));
        return layers;
    }

    @Override
    public InputStream open(Layer layer) throws IOException, ImageFailure {
        return client.blob(layer.digest());
    }

    @Override
    public void close() {}
}
