package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.service.ArtifactSettings;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code /v2/artifacts} of Marathon up to 1.4. */
class ArtifactsTest {
    private static final String TYPE = "multipart/form-data; boundary=frontier";

    @TempDir
    Path data;

    private static String form(String field, String name, String content) {
        return "--frontier\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name
                + "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content + "\r\n--frontier--\r\n";
    }

    private static Reply upload(Client client, String method, String path, String body) {
        return client.send(method, path, body, "Content-Type", TYPE);
    }

    @Test
    void filesAreKeptReadReplacedAndDeleted() throws Exception {
        Path directory = data.resolve("artifacts");
        try (TestMaster master = TestMaster.start(
                data,
                new FakeWorld().agents(1, Resources.of(4, 4096, 10000)),
                settings -> settings.artifacts(new ArtifactSettings(Optional.of(directory), 2000, 2)))) {
            Client client = new Client(master.address);
            Reply created = upload(client, "POST", "/v2/artifacts", form("file", "a.txt", "first"));
            assertThat(created.status()).as(created.text()).isEqualTo(201);
            assertThat(created.header("Location")).isEqualTo(master.address + "/v2/artifacts/a.txt");
            assertThat(client.get("/v2/artifacts/a.txt").text()).isEqualTo("first");
            Reply put = upload(client, "PUT", "/v2/artifacts/a.txt", form("file", "other", "second"));
            assertThat(put.status()).as(put.text()).isEqualTo(200);
            assertThat(client.get("/v2/artifacts//a.txt").text()).isEqualTo("second");
            assertThat(upload(client, "POST", "/v2/artifacts/deep/er/b%20c", form("file", "x", "third"))
                            .status())
                    .isEqualTo(201);
            assertThat(Files.readString(directory.resolve("deep/er/b c"))).isEqualTo("third");
            assertThat(client.get("/v2/artifacts/deep/er/b%20c").text()).isEqualTo("third");

            assertThat(upload(client, "POST", "/v2/artifacts", form("file", "c", "one too many"))
                            .status())
                    .isEqualTo(422);
            assertThat(upload(client, "PUT", "/v2/artifacts/a.txt", form("file", "x", "x".repeat(3000)))
                            .status())
                    .isEqualTo(413);
            assertThat(upload(client, "PUT", "/v2/artifacts/a.txt", form("file", "x", "x".repeat(300_000)))
                            .status())
                    .isEqualTo(413);
            assertThat(client.get("/v2/artifacts/a.txt").text()).as("as it was").isEqualTo("second");
            assertThat(upload(client, "PUT", "/v2/artifacts/a.txt", form("upload", "x", "y"))
                            .status())
                    .isEqualTo(422);
            assertThat(client.put("/v2/artifacts/a.txt", "plain").status()).isEqualTo(415);
            for (String bad : new String[] {"/v2/artifacts/..%2Fx", "/v2/artifacts/.hidden", "/v2/artifacts"}) {
                assertThat(client.get(bad).status()).as(bad).isEqualTo(422);
            }
            assertThat(upload(client, "POST", "/v2/artifacts", form("file", "../../escaped", "z"))
                            .status())
                    .isEqualTo(422);
            assertThat(Files.exists(data.resolve("escaped"))).isFalse();
            assertThat(client.delete("/v2/artifacts/a.txt").status()).isEqualTo(200);
            assertThat(client.get("/v2/artifacts/a.txt").status()).isEqualTo(404);
            TestMaster.await("no unfinished upload is left", () -> {
                try (var files = Files.list(directory)) {
                    return files.noneMatch(f -> f.getFileName().toString().startsWith("."));
                } catch (java.io.IOException e) {
                    return false;
                }
            });
        }
    }

    @Test
    void withoutADirectoryThereIsNoStore() {
        try (TestMaster master = TestMaster.start(data, new FakeWorld().agents(1, Resources.of(4, 4096, 10000)))) {
            Client client = new Client(master.address);
            Reply reply = upload(client, "POST", "/v2/artifacts", form("file", "a.txt", "first"));
            assertThat(reply.status()).isEqualTo(404);
            assertThat(reply.json().path("message").asText()).contains("finback.services.artifacts.directory");
        }
    }
}
