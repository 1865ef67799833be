package io.finback.nodeagent.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a registry wants to hear, from the files {@code docker login} writes. Never prints any of it.
 *
 * @param server as the file names it
 * @param identityToken instead of a password; empty: none
 */
public record RegistryLogin(String server, String user, String password, String identityToken) {
    /** Where images without a registry come from, as those files call it. */
    public static final String DOCKER_HUB = "https://index.docker.io/v1/";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_FILE_BYTES = 1024 * 1024;

    /** Where Marathon's apps put them, by fetching an archive: the sandbox is the home of whoever pulls. */
    private static final List<String> IN_SANDBOX = List.of(".docker/config.json", ".dockercfg");

    /** Without what is secret. */
    @Override
    public String toString() {
        return server;
    }

    /**
     * What is known for a registry.
     *
     * @param config a {@code config.json} that came with the task; if there is one, no other is asked
     * @param own the agent's own file, asked last
     * @param registry a host, with its port if it has one, or {@link #DOCKER_HUB}
     */
    public static Optional<RegistryLogin> find(
            Optional<String> config, Path sandbox, Optional<Path> own, String registry) throws IOException {
        if (config.isPresent()) {
            return in(config.get(), registry);
        }
        for (String name : IN_SANDBOX) {
            Optional<String> text = read(sandbox.resolve(name));
            if (text.isPresent()) {
                return in(text.get(), registry);
            }
        }
        return own.isEmpty() ? Optional.empty() : read(own.get()).flatMap(text -> in(text, registry));
    }

    private static Optional<String> read(Path file) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) > MAX_FILE_BYTES) {
            return Optional.empty();
        }
        return Optional.of(Files.readString(file));
    }

    private static Optional<RegistryLogin> in(String config, String registry) {
        JsonNode root;
        try {
            root = JSON.readTree(config);
        } catch (IOException e) {
            return Optional.empty();
        }
        // The old .dockercfg has the registries at its top.
        JsonNode all = root.has("auths") ? root.path("auths") : root;
        for (Map.Entry<String, JsonNode> entry : all.properties()) {
            if (host(entry.getKey()).equals(host(registry))) {
                return Optional.of(login(entry.getValue(), entry.getKey()));
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

    private static RegistryLogin login(JsonNode known, String server) {
        String user = known.path("username").asText("");
        String password = known.path("password").asText("");
        String pair = known.path("auth").asText("");
        if (!pair.isEmpty()) {
            String decoded = new String(Base64.getDecoder().decode(pair), StandardCharsets.UTF_8);
            int colon = decoded.indexOf(':');
            user = colon < 0 ? decoded : decoded.substring(0, colon);
            password = colon < 0 ? "" : decoded.substring(colon + 1);
        }
        return new RegistryLogin(
                server, user, password, known.path("identitytoken").asText(""));
    }
}
