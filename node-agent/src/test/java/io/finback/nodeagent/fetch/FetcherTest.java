package io.finback.nodeagent.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real downloads from a real server. */
class FetcherTest {
    private static final byte[] CONTENT = "four whales\n".getBytes(UTF_8);
    private static final String SHA256 = "sha256:9f0f5fbaa7dbd5c7b3e5a9b3f0ae0ef1f5c1c0e7a5a1b0b0b1d5f0cf2a0e5c11";

    @TempDir
    Path directory;

    private Path sandbox;
    private Origin origin;

    @BeforeEach
    void start() throws IOException {
        sandbox = Files.createDirectory(directory.resolve("sandbox"));
        origin = new Origin();
    }

    @AfterEach
    void stop() {
        origin.close();
    }

    @Test
    void bringsAFileUnderItsOwnNameAndUnderAnother() throws Exception {
        origin.serve("/a/tool.sh", CONTENT);
        fetch(
                settings(1 << 20),
                of("/a/tool.sh?version=3"),
                of("/a/tool.sh").named("bin/tool").executable());

        assertThat(sandbox.resolve("tool.sh")).hasBinaryContent(CONTENT);
        assertThat(Files.isExecutable(sandbox.resolve("tool.sh"))).isFalse();
        assertThat(sandbox.resolve("bin/tool")).hasBinaryContent(CONTENT);
        assertThat(Files.isExecutable(sandbox.resolve("bin/tool"))).isTrue();
        assertThat(names()).containsExactlyInAnyOrder("bin", "tool.sh");
    }

    @Test
    void bringsLocalFilesOnlyFromWhereItMay() throws Exception {
        Path allowed = Files.createDirectory(directory.resolve("allowed"));
        Files.write(allowed.resolve("f"), CONTENT);
        Path secret = Files.write(directory.resolve("secret"), CONTENT);
        Files.createSymbolicLink(allowed.resolve("link"), secret);
        FetchSettings settings = settings(0, List.of(allowed), Map.of());

        fetch(settings, Want.uri(allowed.resolve("f").toString()));
        fetch(settings, Want.uri(allowed.resolve("f").toUri().toString()).named("g"));
        assertThat(names()).containsExactlyInAnyOrder("f", "g");

        assertThatThrownBy(
                        () -> fetch(settings, Want.uri(allowed.resolve("link").toString())))
                .hasMessageContaining("local-roots");
        assertThatThrownBy(() -> fetch(settings, Want.uri(allowed + "/../secret")))
                .hasMessageContaining("local-roots");
    }

    @Test
    void aConfiguredCommandBringsOtherSchemes() throws Exception {
        Map<String, List<String>> commands = Map.of(
                "hdfs",
                List.of("/bin/sh", "-c", "echo \"$1\" >\"$2\"", "sh", "{uri}", "{file}"),
                "s3",
                List.of("/bin/sh", "-c", "echo no bucket; exit 3", "{uri}", "{file}"));
        FetchSettings settings = settings(0, List.of(), commands);

        fetch(settings, Want.uri("hdfs://name/dir/part-0"));
        assertThat(sandbox.resolve("part-0")).hasContent("hdfs://name/dir/part-0\n");

        assertThatThrownBy(() -> fetch(settings, Want.uri("s3://bucket/x")))
                .hasMessageContaining("s3://bucket/x: /bin/sh ended with status 3")
                .hasMessageContaining("no bucket");
        assertThatThrownBy(() -> fetch(settings, Want.uri("gopher://h/x"))).hasMessageContaining("gopher");
    }

    @Test
    void followsRedirectsButNotForEver() throws Exception {
        origin.serve("/there", CONTENT)
                .redirect("/here", "/there")
                .redirect("/loop", "/loop")
                .redirect("/away", "file:///etc/passwd");
        fetch(settings(0), of("/here"));
        assertThat(sandbox.resolve("here")).hasBinaryContent(CONTENT);
        assertThatThrownBy(() -> fetch(settings(0), of("/loop"))).hasMessageContaining("redirects more than");
        assertThatThrownBy(() -> fetch(settings(0), of("/away"))).hasMessageContaining("file:///etc/passwd");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "http://127.0.0.1:1/x | | ConnectException",
                "ORIGIN/nothing | | answered 404",
                "no-scheme | | expected: a scheme",
                "http:///x | | expected: a host",
                "ORIGIN/ | | output_file",
                "ORIGIN/x | ../x | within the sandbox",
                "ORIGIN/x | /etc/x | within the sandbox"
            })
    void refusesWhatCannotBeAndNamesTheUri(String uri, String output, String why) {
        String real = uri.replace("ORIGIN", origin.url(""));
        Want want = output == null ? Want.uri(real) : Want.uri(real).named(output);
        assertThatThrownBy(() -> fetch(settings(0), want))
                .isInstanceOf(FetchFailure.class)
                .hasMessageStartingWith(real + ": ")
                .hasMessageContaining(why);
        assertThat(names()).isEmpty();
    }

    @Test
    void aDownloadThatIsTooLargeOrStallsLeavesNothing() throws Exception {
        origin.serve("/large", new byte[300_000]).serveHalting("/slow", new byte[100_000], new CountDownLatch(1));
        assertThatThrownBy(() -> fetch(settings(0), of("/large"))).hasMessageContaining("max-size");
        FetchSettings hasty = settings(Duration.ofMillis(300), 0, List.of(), Map.of());
        assertThatThrownBy(() -> fetch(hasty, of("/slow"))).hasMessageContaining("nothing came for PT0.3S");
        assertThat(names()).isEmpty();
    }

    @Test
    void checksWhatItBrought() throws Exception {
        origin.serve("/f", CONTENT);
        String right = "sha256:" + sha256(CONTENT);
        fetch(settings(0), of("/f").checked(right));
        for (Want wrong :
                List.of(of("/f").checked(SHA256), of("/f").checked(SHA256).cached())) {
            assertThatThrownBy(() -> fetch(settings(1 << 20), wrong.named("g")))
                    .hasMessageContaining("(expected: " + SHA256.substring(7) + ")");
        }
        assertThatThrownBy(() -> fetch(settings(0), of("/f").checked("crc:abc")))
                .hasMessageContaining("sha256:");
        assertThat(names()).containsExactly("f");
    }

    @Test
    void manyTasksShareOneDownload() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        origin.serveHalting("/shared", CONTENT, go);
        Fetcher fetcher = fetcher(settings(1 << 20));
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(start(fetcher, "c" + i, of("/shared").cached().named("n" + i)));
        }
        Await.until("one asks", () -> origin.asked("/shared") == 1);
        go.countDown();
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();

        assertThat(origin.asked("/shared")).isEqualTo(1);
        assertThat(names()).hasSize(8);
        assertThat(fetcher.cacheHits()).isEqualTo(7);
        assertThat(fetcher.cacheUsedBytes()).isEqualTo(CONTENT.length);
    }

    @Test
    void whoeverIsKilledTakesNobodyElseAlong() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        byte[] content = new byte[50_000];
        origin.serveHalting("/f", content, never);
        Fetcher fetcher = fetcher(patient());
        CompletableFuture<Void> first = start(fetcher, "first", of("/f").cached());
        Await.until("it asks", () -> origin.asked("/f") == 1);
        CompletableFuture<Void> second =
                start(fetcher, "second", of("/f").cached().named("g"));
        CompletableFuture<Void> third =
                start(fetcher, "third", of("/f").cached().named("h"));

        fetcher.cancel("first");
        assertThatThrownBy(first::join).hasRootCauseInstanceOf(FetchFailure.class);
        Await.until("another takes over", () -> origin.asked("/f") == 2);
        assertThat(second).isNotDone();
        fetcher.cancel("third");
        assertThatThrownBy(() -> {
                    if (!third.isDone()) {
                        third.join();
                    }
                    third.join();
                })
                .hasMessageContaining("/f: ");
        never.countDown();
        // Whichever of the two took over: the second one is served in the end.
        second.join();
        assertThat(sandbox.resolve("g")).hasBinaryContent(content);
        assertThat(names()).containsExactly("g");
    }

    @Test
    void keepsToItsSizeAndLetsTheOldestGo() throws Exception {
        byte[] content = new byte[1000];
        for (String path : List.of("/a", "/b", "/c")) {
            origin.serve(path, content);
        }
        origin.serve("/huge", new byte[5000]);
        Fetcher fetcher = fetcher(settings(2500));
        for (String path : List.of("/a", "/b", "/a", "/c", "/a", "/huge", "/a", "/b")) {
            fetcher.fetch("c", List.of(of(path).cached().download()), sandbox, () -> false);
            assertThat(fetcher.cacheUsedBytes()).isLessThanOrEqualTo(2500);
        }
        assertThat(origin.asked("/c")).isEqualTo(1);
        assertThat(origin.asked("/b")).isEqualTo(2);
        assertThat(sandbox.resolve("huge")).hasSize(5000);
        try (Stream<Path> kept = Files.list(directory.resolve("cache"))) {
            assertThat(kept.filter(file -> file.toString().endsWith(".part"))).isEmpty();
        }
    }

    @Test
    void aCacheThatWasDamagedIsFilledAgain() throws Exception {
        byte[] content = new byte[1000];
        new Random(7).nextBytes(content);
        origin.serve("/f", content);
        Fetcher fetcher = fetcher(settings(1 << 20));
        Want want = of("/f").cached().checked("sha256:" + sha256(content));
        fetcher.fetch("c", List.of(want.download()), sandbox, () -> false);
        Files.write(directory.resolve("cache/0"), new byte[1000]);

        fetcher.fetch("c", List.of(want.download()), sandbox, () -> false);

        assertThat(sandbox.resolve("f")).hasBinaryContent(content);
        assertThat(origin.asked("/f")).isEqualTo(2);
    }

    private CompletableFuture<Void> start(Fetcher fetcher, String container, Want want) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                fetcher.fetch(container, List.of(want.download()), sandbox, () -> false);
                done.complete(null);
            } catch (IOException e) {
                done.completeExceptionally(new CompletionException(e));
            }
        });
        thread.setDaemon(true);
        thread.start();
        return done;
    }

    private void fetch(FetchSettings settings, Want... wants) throws IOException {
        fetcher(settings).fetch("c", Stream.of(wants).map(Want::download).toList(), sandbox, () -> false);
    }

    private Fetcher fetcher(FetchSettings settings) throws IOException {
        return Fetcher.create(settings, directory.resolve("cache"));
    }

    private static FetchSettings settings(long cacheBytes) {
        return settings(cacheBytes, List.of(), Map.of());
    }

    private static FetchSettings settings(long cacheBytes, List<Path> roots, Map<String, List<String>> commands) {
        return settings(Duration.ofSeconds(30), cacheBytes, roots, commands);
    }

    private static FetchSettings settings(
            Duration stall, long cacheBytes, List<Path> roots, Map<String, List<String>> commands) {
        return new FetchSettings(cacheBytes, 200_000, 1 << 20, 100, stall, stall, 3, 4, roots, commands);
    }

    private static FetchSettings patient() {
        Duration stall = Duration.ofMinutes(1);
        return new FetchSettings(1 << 20, 200_000, 1 << 20, 100, stall, stall, 3, 4, List.of(), Map.of());
    }

    private List<String> names() {
        try (Stream<Path> files = Files.list(sandbox)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String sha256(byte[] content) throws Exception {
        return java.util.HexFormat.of()
                .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(content));
    }

    private Want of(String path) {
        return Want.uri(origin.url(path));
    }

    private record Want(Download download) {
        static Want uri(String uri) {
            return new Want(new Download(uri, false, true, false, Optional.empty(), Optional.empty()));
        }

        Want named(String name) {
            return new Want(new Download(
                    download.uri(),
                    download.executable(),
                    download.extract(),
                    download.cache(),
                    Optional.of(name),
                    download.checksum()));
        }

        Want executable() {
            return new Want(new Download(
                    download.uri(),
                    true,
                    download.extract(),
                    download.cache(),
                    download.outputFile(),
                    download.checksum()));
        }

        Want cached() {
            return new Want(new Download(
                    download.uri(),
                    download.executable(),
                    download.extract(),
                    true,
                    download.outputFile(),
                    download.checksum()));
        }

        Want checked(String checksum) {
            return new Want(new Download(
                    download.uri(),
                    download.executable(),
                    download.extract(),
                    download.cache(),
                    download.outputFile(),
                    Optional.of(checksum)));
        }
    }
}
