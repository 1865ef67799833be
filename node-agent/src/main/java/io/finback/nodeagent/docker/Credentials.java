package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds what a registry wants to hear in the files {@code docker login} writes. Never prints any of it. */
final class Credentials {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_FILE_BYTES = 1024 * 1024;

    /** Where Marathon's apps put them, by fetching an archive: the sandbox is the home of whoever pulls. */
    private static final List<String> IN_SANDBOX = List.of(".docker/config.json", ".dockercfg");

    private Credentials() {}

    /**
     * The header {@code X-Registry-Auth} for an image; empty when nothing is known for its registry.
     *
     * @param config a {@code config.json} that came with the task
     * @param own the agent's own file, asked last
     */
    static Optional<String> header(ImageName image, Optional<String> config, Path sandbox, Optional<Path> own)
            throws IOException {
        if (config.isPresent()) {
            return find(config.get(), image.registry());
        }
        for (String name : IN_SANDBOX) {
            Optional<String> text = read(sandbox.resolve(name));
            if (text.isPresent()) {
                return find(text.get(), image.registry());
            }
        }
        return own.isEmpty() ? Optional.empty() : read(own.get()).flatMap(text -> find(text, image.registry()));
    }

    private static Optional<String> read(Path file) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) > MAX_FILE_BYTES) {
            return Optional.empty();
        }
        return Optional.of(Files.readString(file));
    }

    private static Optional<String> find(String config, String registry) {
        JsonNode root;
        try {
            root = JSON.readTree(config);
        } catch (IOException e) {
            return Optional.empty();
        }
        // The old .dockercfg has the registries at its top.
        JsonNode all = root.has("auths") ? root.path("auths") : root;
        Iterator<Map.Entry<String, JsonNode>> entries = all.properties().iterator();
        while (entries.hasNext()) {
            Map.Entry<String, JsonNode> entry = entries.next();
            if (host(entry.getKey()).equals(host(registry))) {
                return Optional.of(encode(entry.getValue(), entry.getKey()));
            }
        }
        return Optional.empty();
    }

    /** {@code https://index.docker.io/v1/}, {@code index.docker.io} and {@code docker.io} are the same. */
    private static String host(String registry) {
        String bare = registry.replaceFirst("^https?://", "");
        int slash = bare.indexOf('/');
        String host = slash < 0 ? bare : bare.substring(0, slash);
        return host.equals("docker.io") || host.equals("registry-1.docker.io") ? "index.docker.io" : host;
    }

    private static String encode(JsonNode known, String registry) {
        ObjectNode auth = JSON.createObjectNode().put("serveraddress", registry);
        String pair = known.path("auth").asText("");
        if (!pair.isEmpty()) {
            String decoded = new String(Base64.getDecoder().decode(pair), StandardCharsets.UTF_8);
            int colon = decoded.indexOf(':');
            auth.put("username", colon < 0 ? decoded : decoded.substring(0, colon));
            auth.put("password", colon < 0 ? "" : decoded.substring(colon + 1));
        } else {
            auth.put("username", known.path("username").asText(""));
            auth.put("password", known.path("password").asText(""));
        }
        String token = known.path("identitytoken").asText("");
        if (!token.isEmpty()) {
            auth.put("identitytoken", token);
        }
        return Base64.getUrlEncoder().encodeToString(auth.toString().getBytes(StandardCharsets.UTF_8));
    }
}
