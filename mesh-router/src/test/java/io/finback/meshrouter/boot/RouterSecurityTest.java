package io.finback.meshrouter.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.http.RawClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A router whose admin port asks who it is. */
class RouterSecurityTest {
    @TempDir
    Path directory;

    private static int ask(TestRouter router, String method, String path, String who) throws IOException {
        String authorization = who.isEmpty()
                ? ""
                : "Authorization: Basic " + Base64.getEncoder().encodeToString(who.getBytes(StandardCharsets.UTF_8))
                        + "\r\n";
        return RawClient.once(
                        router.node.adminPort(),
                        method + " " + path + " HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n"
                                + authorization + "\r\n")
                .status();
    }

    @Test
    void asksWhoItIsAndObeysTheRules() throws Exception {
        Path credentials = Files.writeString(directory.resolve("credentials"), "ops s3cret\ndev other\n");
        Path acls = Files.writeString(directory.resolve("acls"), """
                        {"change_endpoints": [
                          {"principals": {"values": ["ops"]}, "paths": {"type": "ANY"}},
                          {"principals": {"type": "NONE"}, "paths": {"type": "ANY"}}],
                         "get_endpoints": [
                          {"principals": {"values": ["ops"]}, "paths": {"type": "ANY"}},
                          {"principals": {"type": "NONE"}, "paths": {"values": ["/config.json"]}}]}""");
        try (TestRouter router = new TestRouter(
                "",
                Map.of(
                        "finback.security.credentials",
                        credentials.toString(),
                        "finback.security.acls",
                        acls.toString(),
                        "finback.security.authenticate-reads",
                        true,
                        "finback.security.authenticate-writes",
                        true))) {
            assertThat(ask(router, "GET", "/admin/ping", "")).isEqualTo(200);
            for (String path : new String[] {"/admin/metrics.json", "/metrics", "/config.json", "/delegator.json"}) {
                assertThat(ask(router, "GET", path, "")).as(path).isEqualTo(401);
            }
            assertThat(ask(router, "GET", "/admin/metrics.json", "dev:other")).isEqualTo(200);
            assertThat(ask(router, "GET", "/config.json", "dev:other")).isEqualTo(403);
            assertThat(ask(router, "GET", "/config.json", "ops:s3cret")).isEqualTo(200);
            assertThat(ask(router, "POST", "/logging.json?logger=io.finback.x&level=DEBUG", "dev:other"))
                    .isEqualTo(403);
            assertThat(ask(router, "POST", "/admin/shutdown", "")).isEqualTo(401);
            assertThat(ask(router, "GET", "/admin/tracing", "dev:other")).isEqualTo(200);
            assertThat(ask(router, "GET", "/admin/tracing?enable=false", "dev:other"))
                    .as("it changes something")
                    .isEqualTo(403);
            assertThat(ask(router, "GET", "/admin/tracing?disable=true", "ops:s3cret"))
                    .as("let in; without a linkerd.yaml nobody switches anything here")
                    .isEqualTo(404);
            assertThat(ask(router, "POST", "/logging.json?logger=io.finback.x&level=DEBUG", "ops:s3cret"))
                    .as("asked and answered, whatever the body lacks")
                    .isNotIn(401, 403);
            assertThat(ask(router, "GET", "/metrics", "ops:s3cret")).isEqualTo(200);
        }
    }
}
