package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.image.RegistryLogin;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;

/** Says to the engine what a registry wants to hear. Never prints any of it. */
final class Credentials {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Credentials() {}

    /**
     * The header {@code X-Registry-Auth} for an image; empty when nothing is known for its registry.
     *
     * @param config a {@code config.json} that came with the task
     * @param own the agent's own file, asked last
     */
    static Optional<String> header(ImageName image, Optional<String> config, Path sandbox, Optional<Path> own)
            throws IOException {
        return RegistryLogin.find(config, sandbox, own, image.registry()).map(Credentials::encode);
    }

    private static String encode(RegistryLogin login) {
        ObjectNode auth = JSON.createObjectNode()
                .put("serveraddress", login.server())
                .put("username", login.user())
                .put("password", login.password());
        if (!login.identityToken().isEmpty()) {
            auth.put("identitytoken", login.identityToken());
        }
        return Base64.getUrlEncoder().encodeToString(auth.toString().getBytes(StandardCharsets.UTF_8));
    }
}
