package io.finback.verification.deploy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of the Compose specification that k8s/compose.yaml uses; anything else in it is an error. {@code x-…} at the top are
 * fragments, which YAML's merge keys have already put where they belong.
 */
public record ComposeFile(
        Map<String, Service> services,
        Map<String, Object> networks,
        Map<String, Object> volumes,
        Map<String, Secret> secrets) {
    public record Service(
            String image,
            @Nullable List<String> command,
            String restart,
            @JsonProperty("stop_grace_period") @Nullable String stopGracePeriod,
            List<String> networks,
            @Nullable List<String> ports,
            @Nullable String user,
            @JsonProperty("cap_add") @Nullable List<String> capAdd,
            @JsonProperty("security_opt") @Nullable List<String> securityOpt,
            @JsonProperty("mem_limit") @Nullable String memLimit,
            Map<String, String> environment,
            @Nullable List<String> secrets,
            List<String> volumes,
            @JsonProperty("depends_on") @Nullable Map<String, Dependency> dependsOn,
            @Nullable Health healthcheck) {
        public Service {
            environment = Map.copyOf(environment);
        }

        public boolean isNode() {
            return image.contains("FINBACK_IMAGE");
        }
    }

    public record Dependency(String condition) {}

    public record Health(List<String> test, String interval, String timeout, int retries) {}

    public record Secret(String file) {}

    private static final ObjectMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    public static ComposeFile read(Path file) throws IOException {
        Object document = Manifests.documents(Files.readString(file)).get(0);
        Map<String, Object> top = new LinkedHashMap<>();
        ((Map<?, ?>) document).forEach((key, value) -> {
            if (!key.toString().startsWith("x-")) {
                top.put(key.toString(), value);
            }
        });
        return STRICT.convertValue(top, ComposeFile.class);
    }
}
