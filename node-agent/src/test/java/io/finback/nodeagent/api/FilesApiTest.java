package io.finback.nodeagent.api;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.finback.nodeagent.files.FileSpace;
import io.finback.nodeagent.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files over real HTTP. */
class FilesApiTest {
    private static final String TASK = "/frameworks/f/executors/t/runs/latest";

    @TempDir
    Path data;

    private final HttpClient client = HttpClient.newHttpClient();
    private static ActorSystem<Void> system;
    private ServerBinding binding;
    private Path sandbox;

    @BeforeEach
    void serve() throws Exception {
        sandbox = Files.createDirectories(data.resolve("slaves/a1/frameworks/f/executors/t/runs/c1"));
        Files.createSymbolicLink(sandbox.resolveSibling("latest"), Path.of("c1"));
        Files.writeString(sandbox.resolve("stdout"), "hello whale\n");
        Files.writeString(data.resolve("agent.log"), "agent speaks\n");
        Files.writeString(data.resolve("secret"), "s");
        FileSpace space = new FileSpace(
                data.resolve("slaves"), data.resolve("slaves/a1"), Optional.of(data.resolve("agent.log")), 50);
        FilesRoutes routes = new FilesRoutes(
                request -> space, command -> new Thread(command, "test-files").start(), 1, Duration.ofMillis(100));
        binding = Http.get(system)
                .newServerAt("127.0.0.1", 0)
                .bind(routes.route())
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    @BeforeAll
    static void startSystem() {
        system = ActorSystem.create(Behaviors.empty(), "files-test");
    }

    @AfterAll
    static void stopSystem() throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    @Test
    void readsUnderEveryNameAFileHas() throws Exception {
        for (String path : new String[] {
            TASK + "/stdout",
            "/frameworks/f/executors/t/runs/c1/stdout",
            sandbox + "/stdout",
            data + "/slaves/a1" + TASK + "/stdout"
        }) {
            assertThat(json("read", path, "&offset=6&length=5")).hasToString("{\"data\":\"whale\",\"offset\":6}");
        }
        assertThat(json("read", "/slave/log", "&offset=0").path("data").asText())
                .isEqualTo("agent speaks\n");
    }

    @Test
    void answersOffsetsAsMesosDoes() throws Exception {
        assertThat(json("read", TASK + "/stdout", "")).hasToString("{\"data\":\"\",\"offset\":12}");
        assertThat(json("read", TASK + "/stdout", "&offset=-1")).hasToString("{\"data\":\"\",\"offset\":12}");
        assertThat(json("read", TASK + "/stdout", "&offset=400")).hasToString("{\"data\":\"\",\"offset\":12}");
        Files.writeString(sandbox.resolve("large"), "x".repeat(100_000));
        assertThat(json("read", TASK + "/large", "&offset=10").path("data").asText())
                .hasSize(64 * 1024);
        Files.writeString(sandbox.resolve("umlaut"), "aä");
        assertThat(json("read", TASK + "/umlaut", "&offset=0&length=2")).hasToString("{\"data\":\"a\",\"offset\":0}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "read | 400 | Expecting 'path=value' in query.",
                "read?path=/x | 404 | '/x': no such file in a sandbox",
                "read?path=TASK/stdout&offset=x | 400 | Failed to parse offset: 'x' (expected: an integer).",
                "read?path=TASK/stdout&offset=-2 | 400 | Negative offset provided: -2",
                "read?path=TASK/stdout&offset=0&length=-2 | 400 | Negative length provided: -2",
                "read?path=TASK | 400 | Cannot read from directory 'TASK'",
                "browse | 400 | Expecting 'path=value' in query.",
                "browse?path=TASK/stdout | 404 | 'TASK/stdout': no such file in a sandbox",
                "browse?path=TASK&jsonp=alert(1)// | 400 | jsonp: 'alert(1)//' (expected: the name of a function).",
                "download?path=TASK | 404 | 'TASK': no such file in a sandbox",
                "follow?path=TASK/none | 404 | 'TASK/none': no such file in a sandbox"
            })
    void saysWhatIsWrong(String request, int status, String body) throws Exception {
        HttpResponse<String> reply = get(request.replace("TASK", TASK));
        assertThat(reply.statusCode()).isEqualTo(status);
        assertThat(reply.body()).isEqualTo(body.replace("TASK", TASK) + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DATA/secret",
                "DATA/slaves/../secret",
                "TASK/link",
                "TASK/dir/secret",
                "/etc/passwd",
                "/slave/log/../../etc/passwd",
                "/frameworks/../../../secret",
                "TASK/../../../../../../../secret",
                "TASK/fifo"
            })
    void nothingElseIsShown(String path) throws Exception {
        Files.createSymbolicLink(sandbox.resolve("link"), data.resolve("secret"));
        Files.createSymbolicLink(sandbox.resolve("dir"), data);
        assertThat(new ProcessBuilder("mkfifo", sandbox + "/fifo").start().waitFor())
                .isZero();
        String asked = path.replace("TASK", TASK).replace("DATA", data.toString());
        for (String endpoint : new String[] {"read", "download", "follow"}) {
            assertThat(get(endpoint + "?path=" + URLEncoder.encode(asked, StandardCharsets.UTF_8) + "&offset=0")
                            .statusCode())
                    .as(endpoint)
                    .isEqualTo(404);
        }
    }

    @Test
    void browsesAndDownloadsAndDebugs() throws Exception {
        Files.createDirectory(sandbox.resolve("d"));
        JsonNode list = json("browse", TASK, "");
        assertThat(list).hasSize(2);
        assertThat(list.get(0).path("path").asText()).isEqualTo(TASK + "/d");
        assertThat(list.get(0).path("mode").asText()).startsWith("drwx");
        JsonNode file = list.get(1);
        assertThat(file.path("size").asLong()).isEqualTo(12);
        assertThat(file.path("nlink").asInt()).isEqualTo(1);
        assertThat(file.path("uid").asText()).isEqualTo(System.getProperty("user.name"));
        assertThat(file.path("mtime").asLong()).isPositive();
        assertThat(get("browse?path=" + TASK + "&jsonp=angular.callbacks._0").body())
                .startsWith("angular.callbacks._0([{");
        assertThat(json("debug", "", "").path("/frameworks").asText()).endsWith("/slaves/a1/frameworks");

        HttpResponse<String> download = get("download?path=" + TASK + "/stdout");
        assertThat(download.body()).isEqualTo("hello whale\n");
        assertThat(download.headers().firstValue("Content-Disposition")).contains("attachment; filename=\"stdout\"");

        for (int i = 0; i < 60; i++) {
            Files.createFile(sandbox.resolve("d/" + i));
        }
        assertThat(get("browse?path=" + TASK + "/d").body()).contains("finback.agent.files.max-entries");
    }

    @Test
    void followsAFileThroughItsRotation() throws Exception {
        HttpResponse<InputStream> stream = client.send(
                request("follow?path=" + TASK + "/stdout&offset=-6"), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(stream.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(next(lines)).isEqualTo("whale\n");
            assertThat(get("follow?path=" + TASK + "/stdout").statusCode()).isEqualTo(503);

            append("stdout", "one\n");
            Files.move(sandbox.resolve("stdout"), sandbox.resolve("stdout.2"));
            Files.writeString(sandbox.resolve("stdout.1"), "two\n");
            append("stdout", "three\n");
            StringBuilder heard = new StringBuilder();
            while (!heard.toString().endsWith("three\n")) {
                heard.append(next(lines));
            }
            assertThat(heard).hasToString("one\ntwo\nthree\n");
            append("stdout", "four\n");
            assertThat(next(lines)).isEqualTo("four\n");
        }
        Await.until("the place is free again", () -> {
            HttpResponse<InputStream> again =
                    client.send(request("follow?path=" + TASK + "/stdout"), HttpResponse.BodyHandlers.ofInputStream());
            again.body().close();
            return again.statusCode() == 200;
        });
    }

    private static String next(BufferedReader lines) throws IOException {
        String line = lines.readLine();
        while (line != null && !line.startsWith("data: ")) {
            line = lines.readLine();
        }
        assertThat(line).isNotNull();
        return new JsonMapper()
                .readTree(line.substring("data: ".length()))
                .path("data")
                .asText();
    }

    private void append(String name, String text) throws IOException {
        Files.writeString(sandbox.resolve(name), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private JsonNode json(String endpoint, String path, String more) throws Exception {
        HttpResponse<String> reply = get(endpoint + "?path=" + path + more);
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return new JsonMapper().readTree(reply.body());
    }

    private HttpResponse<String> get(String request) throws Exception {
        return client.send(request(request), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest request(String request) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + binding.localAddress().getPort() + "/files/" + request))
                .build();
    }
}
