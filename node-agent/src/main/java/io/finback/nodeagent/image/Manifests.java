package io.finback.nodeagent.image;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Image manifests and indexes, Docker's and OCI's, which differ in the names of their types alone. Source: OCI {@code manifest.md}. */
final class Manifests {
    /** What a registry is asked for. */
    static final List<String> MEDIA_TYPES = List.of(
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.docker.distribution.manifest.v2+json",
            "application/vnd.docker.distribution.manifest.list.v2+json");

    /** As Go calls what Java calls otherwise. */
    private static final Map<String, String> ARCHITECTURES =
            Map.of("x86_64", "amd64", "aarch64", "arm64", "x86", "386", "i386", "386");

    private Manifests() {}

    record Blob(String digest, String mediaType, long size) {}

    record Image(Blob config, List<Blob> layers) {}

    static String architecture() {
        String ours = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return ARCHITECTURES.getOrDefault(ours, ours);
    }

    /** Of an index of several platforms, the entry for Linux on this machine. */
    static JsonNode forThisMachine(String image, JsonNode index) throws ImageFailure {
        List<String> offered = new ArrayList<>();
        for (JsonNode one : index.path("manifests")) {
            JsonNode platform = one.path("platform");
            String os = platform.path("os").asText("linux");
            String architecture = platform.path("architecture").asText(architecture());
            offered.add(os + "/" + architecture);
            if (os.equals("linux") && architecture.equals(architecture())) {
                return one;
            }
        }
        throw new ImageFailure(image + ": offers " + offered + " (expected: linux/" + architecture()
                + ", this machine's, among them)");
    }

    static Image image(String image, JsonNode manifest) throws ImageFailure {
        if (!manifest.path("config").has("digest")) {
            throw new ImageFailure(image + ": a manifest of schema "
                    + manifest.path("schemaVersion").asText("?") + " without a config (expected: schema 2)");
        }
        List<Blob> layers = new ArrayList<>();
        for (JsonNode layer : manifest.path("layers")) {
            layers.add(blob(image, layer));
        }
        return new Image(blob(image, manifest.path("config")), layers);
    }

    private static Blob blob(String image, JsonNode descriptor) throws ImageFailure {
        return new Blob(
                Digest.require(image + ": digest", descriptor.path("digest").asText("")),
                descriptor.path("mediaType").asText(""),
                descriptor.path("size").asLong(-1));
    }
}
