package io.finback.nodeagent.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an image says of how it is run. Source: OCI image specification, {@code config.md}, which is Docker's form, too.
 *
 * @param environment in the image's order
 * @param workingDirectory {@code /} unless it names another
 * @param user {@code name}, {@code uid}, either with {@code :group} behind; empty: root
 * @param stopSignal such as {@code SIGQUIT}; empty: SIGTERM
 * @param diffIds the hashes of its layers' unpacked tars, lowest first
 */
public record ImageConfig(
        Map<String, String> environment,
        List<String> entrypoint,
        List<String> command,
        String workingDirectory,
        String user,
        String stopSignal,
        String architecture,
        List<String> diffIds) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public ImageConfig {
        environment = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        entrypoint = List.copyOf(entrypoint);
        command = List.copyOf(command);
        diffIds = List.copyOf(diffIds);
    }

    static ImageConfig parse(byte[] json) throws ImageFailure {
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (IOException e) {
            throw new ImageFailure("the image's config is no JSON", e);
        }
        String os = root.path("os").asText("linux");
        if (!os.equals("linux")) {
            throw new ImageFailure("the image's os: " + os + " (expected: linux)");
        }
        JsonNode config = root.path("config");
        Map<String, String> environment = new LinkedHashMap<>();
        for (String entry : strings(config.path("Env"))) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                environment.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        List<String> diffIds = strings(root.path("rootfs").path("diff_ids"));
        for (String id : diffIds) {
            String unused = Digest.require("the image's rootfs.diff_ids", id);
        }
        String directory = config.path("WorkingDir").asText("");
        return new ImageConfig(
                environment,
                strings(config.path("Entrypoint")),
                strings(config.path("Cmd")),
                directory.startsWith("/") ? directory : "/" + directory,
                config.path("User").asText(""),
                config.path("StopSignal").asText(""),
                root.path("architecture").asText(""),
                diffIds);
    }

    private static List<String> strings(JsonNode array) {
        List<String> all = new ArrayList<>();
        array.forEach(one -> all.add(one.asText("")));
        return all;
    }
}
