package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master's own log, over sockets. */
class MasterFilesTest {
    @TempDir
    private Path dir;

    private ServedApi serve(Optional<Path> log) throws Exception {
        return new ServedApi(new ClusterApiSettings(100, 1 << 20, Duration.ofSeconds(5), 3, 100, 2, log));
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    @Test
    void itsLogIsListedReadAndDownloadedAndNothingElseIs() throws Exception {
        Path log = Files.writeString(dir.resolve("out.log"), "a whale surfaces\n");
        Files.writeString(dir.resolve("secret"), "s");
        try (ServedApi api = serve(Optional.of(log))) {
            assertThat(text(api.send("GET", "/files/browse?path=/master", "")))
                    .contains("\"path\":\"/master/log\"", "\"size\":17", "\"mode\":\"-rw");
            assertThat(new ObjectMapper()
                            .readTree(api.send("GET", "/files/read.json?path=/master/log&offset=2&length=5", "")
                                    .body()))
                    .isEqualTo(new ObjectMapper().readTree("{\"data\":\"whale\",\"offset\":2}"));
            assertThat(text(api.send("GET", "/files/read?path=/master/log", "")))
                    .contains("\"offset\":17");
            assertThat(text(api.send("GET", "/files/download?path=/master/log", "")))
                    .isEqualTo("a whale surfaces\n");
            assertThat(text(api.send("GET", "/files/debug", ""))).contains("/master/log");
            for (String other : new String[] {
                "/master/../etc/passwd", "/etc/passwd", dir.resolve("secret").toString()
            }) {
                assertThat(api.send("GET", "/files/read?path=" + other, "").statusCode())
                        .as(other)
                        .isEqualTo(404);
            }
            assertThat(api.send("GET", "/files/read", "").statusCode()).isEqualTo(400);
            assertThat(api.send("GET", "/files/read?path=/master/log&offset=x", "")
                            .statusCode())
                    .isEqualTo(400);

            assertThat(text(api.call("{\"type\":\"LIST_FILES\",\"list_files\":{\"path\":\"/master\"}}")))
                    .contains("\"path\":\"/master/log\"");
            assertThat(text(api.call("{\"type\":\"READ_FILE\",\"read_file\":{\"path\":\"/master/log\",\"offset\":2,"
                            + "\"length\":5}}")))
                    .contains(Base64.getEncoder().encodeToString("whale".getBytes(StandardCharsets.UTF_8)))
                    .contains("\"size\":17");
        }
    }

    @Test
    void withoutOneItSaysWhere() throws Exception {
        try (ServedApi api = serve(Optional.empty())) {
            HttpResponse<byte[]> missing = api.send("GET", "/files/read?path=/master/log", "");
            assertThat(missing.statusCode()).isEqualTo(404);
            assertThat(text(missing)).contains("finback.master.api.log");
            assertThat(text(api.send("GET", "/files/debug", ""))).isEqualTo("{}");
        }
    }
}
