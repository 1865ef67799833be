package io.finback.controlplane.console;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.util.ByteString;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.mesosapi.ClusterApi;
import io.finback.security.Guard;
import io.finback.security.SecuritySettings;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What both ports of a master answer where the console is. */
class ConsoleTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ConfigFactory.load());
    private static final Path FILES = Path.of("src/main/resources/io/finback/controlplane/console");

    private final Console console = new Console(
            KIT.system(),
            new Guard(
                    KIT.system(),
                    "cluster",
                    SecuritySettings.from(KIT.system().settings().config()),
                    ClusterApi::refusal));
    private final List<HttpRequest> asked = new ArrayList<>();
    private final Function<HttpRequest, CompletionStage<HttpResponse>> cluster =
            console.atCluster(request -> answer(request, "the cluster's"));

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private CompletionStage<HttpResponse> answer(HttpRequest request, String text) {
        asked.add(request);
        return CompletableFuture.completedFuture(HttpResponse.create()
                .withStatus(request.getUri().path().equals("/secret") ? 401 : 200)
                .addHeader(RawHeader.create("WWW-Authenticate", "Basic realm=\"r\""))
                .withEntity(text));
    }

    private HttpResponse send(String method, String path, String... headers) throws Exception {
        HttpRequest request =
                HttpRequest.create(path).withMethod(HttpMethods.lookup(method).orElseThrow());
        for (int i = 0; i < headers.length; i += 2) {
            request = request.addHeader(RawHeader.create(headers[i], headers[i + 1]));
        }
        return cluster.apply(request).toCompletableFuture().get(5, TimeUnit.SECONDS);
    }

    private HttpResponse get(String path, String... headers) throws Exception {
        return send("GET", path, headers);
    }

    private static ByteString body(HttpResponse response) throws Exception {
        return response.entity()
                .toStrict(5000, KIT.system())
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS)
                .getData();
    }

    private static String header(HttpResponse response, String name) {
        return response.getHeader(name).map(each -> each.value()).orElse("");
    }

    @Test
    void showsItsPageUnderBothNamesAndLetsNothingForeignIn() throws Exception {
        for (String home : List.of("/console/", "/ui/")) {
            HttpResponse page = get(home);
            assertThat(page.status().intValue()).isEqualTo(200);
            assertThat(page.entity().getContentType().toString()).startsWith("text/html");
            assertThat(header(page, "Content-Security-Policy"))
                    .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe", "http:", "https:", "data:", "*");
            assertThat(header(page, "X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(header(page, "X-Frame-Options")).isEqualTo("DENY");
            assertThat(body(page).utf8String()).contains("<script type=\"module\" src=\"main.js\">");
            HttpResponse toIt = get(home.substring(0, home.length() - 1));
            assertThat(toIt.status().intValue()).isEqualTo(302);
            assertThat(header(toIt, "Location")).isEqualTo(home.substring(1));
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void answersAgainOnlyWhatHasChanged() throws Exception {
        HttpResponse plain = get("/console/main.js");
        HttpResponse zipped = get("/console/main.js", "Accept-Encoding", "gzip, br");
        assertThat(header(plain, "Cache-Control")).isEqualTo("no-cache");
        assertThat(header(plain, "Content-Encoding")).isEmpty();
        assertThat(header(zipped, "Content-Encoding")).isEqualTo("gzip");
        assertThat(header(zipped, "Vary")).isEqualTo("Accept-Encoding");
        byte[] unzipped =
                new GZIPInputStream(new ByteArrayInputStream(body(zipped).toArray())).readAllBytes();
        assertThat(unzipped).isEqualTo(body(plain).toArray());
        String tag = header(plain, "ETag");
        assertThat(tag).isNotEmpty().isNotEqualTo(header(zipped, "ETag"));
        for (String said : List.of(tag, "\"other\", W/" + tag, "*")) {
            HttpResponse same = get("/console/main.js", "If-None-Match", said);
            assertThat(same.status().intValue()).isEqualTo(304);
            assertThat(body(same).isEmpty()).isTrue();
            assertThat(header(same, "ETag")).isEqualTo(tag);
        }
        assertThat(get("/console/main.js", "If-None-Match", "\"other\"")
                        .status()
                        .intValue())
                .isEqualTo(200);
        assertThat(get("/console/main.js", "Accept-Encoding", "gzip;q=0").getHeader("Content-Encoding"))
                .isEmpty();
    }

    @Test
    void givesNothingButItsOwnFiles() throws Exception {
        for (String path : List.of(
                "/console/nothing.js",
                "/console/Console.class",
                "/console/../../../../reference.conf",
                "/console/%2e%2e/marathonapi/app-schema.json",
                "/console/..%2f..%2freference.conf",
                "/console/views/../main.js",
                "/console//main.js",
                "/console/views/",
                "/console/main.js%00.html",
                "/ui/views/a/b.js")) {
            assertThat(get(path).status().intValue()).as(path).isEqualTo(404);
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void isOnlyLookedAt() throws Exception {
        assertThat(send("HEAD", "/console/").status().intValue()).isEqualTo(200);
        for (String method : List.of("POST", "PUT", "DELETE")) {
            HttpResponse refused = send(method, "/console/main.js");
            assertThat(refused.status().intValue()).isEqualTo(405);
            assertThat(header(refused, "Allow")).isEqualTo("GET, HEAD");
        }
    }

    @Test
    void leavesTheRootToWhoIsNoBrowser() throws Exception {
        HttpResponse browser = get("/", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        assertThat(browser.status().intValue()).isEqualTo(302);
        assertThat(header(browser, "Location")).isEqualTo("console/");
        assertThat(header(browser, "Vary")).isEqualTo("Accept");
        for (String accept : List.of("*/*", "application/json", "text/plain", "text/html;q=0")) {
            assertThat(body(get("/", "Accept", accept)).utf8String()).isEqualTo("the cluster's");
        }
        assertThat(body(get("/consoles")).utf8String()).isEqualTo("the cluster's");
        var services = console.atServices(request -> answer(request, "the services'"));
        HttpResponse ui = services.apply(HttpRequest.create("/").addHeader(RawHeader.create("Accept", "text/html")))
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
        assertThat(header(ui, "Location")).isEqualTo("ui/");
    }

    @Test
    void hasBothApisBelowItAsTheyAre() throws Exception {
        assertThat(get("/console/services/v2/apps").status().intValue()).isEqualTo(503);
        var unused = console.atServices(request -> answer(request, "the services'"));
        HttpResponse apps = send("POST", "/console/services/v2/apps//shop/a%2Fb?force=true&x=%26", "X-Any", "1");
        assertThat(body(apps).utf8String()).isEqualTo("the services'");
        assertThat(header(apps, "Content-Security-Policy")).isEqualTo("default-src 'none'; sandbox");
        HttpRequest passed = asked.get(0);
        assertThat(passed.method().value()).isEqualTo("POST");
        assertThat(passed.getUri().toString()).endsWith("/v2/apps//shop/a%2Fb?force=true&x=%26");
        assertThat(passed.getHeader("X-Any")).isPresent();
        assertThat(body(get("/ui/cluster/state")).utf8String()).isEqualTo("the cluster's");
        assertThat(asked.get(1).getUri().path()).isEqualTo("/state");
    }

    @Test
    void saysToItsPageOnceWhatAnApiSaysAgainAndAgain() throws Exception {
        String apps = "{\"apps\":[" + "\"the same\",".repeat(500) + "0]}";
        var unused = console.atServices(request -> answer(request, apps));
        assertThat(get("/console/services/v2/apps").getHeader("ETag")).isEmpty();
        HttpResponse first = get("/console/services/v2/apps", "X-Finback-Console", "1", "Accept-Encoding", "gzip");
        assertThat(header(first, "Content-Encoding")).isEqualTo("gzip");
        assertThat(new GZIPInputStream(new ByteArrayInputStream(body(first).toArray())).readAllBytes())
                .asString()
                .isEqualTo(apps);
        HttpResponse again =
                get("/console/services/v2/apps", "X-Finback-Console", "1", "If-None-Match", header(first, "ETag"));
        assertThat(again.status().intValue()).isEqualTo(304);
        assertThat(body(again).isEmpty()).isTrue();
        assertThat(send("POST", "/console/services/v2/apps", "X-Finback-Console", "1")
                        .getHeader("ETag"))
                .isEmpty();
    }

    @Test
    void letsThePageAskForCredentialsItself() throws Exception {
        assertThat(header(get("/console/cluster/secret"), "WWW-Authenticate")).startsWith("Basic");
        HttpResponse quiet = get("/console/cluster/secret", "X-Finback-Console", "1");
        assertThat(quiet.status().intValue()).isEqualTo(401);
        assertThat(header(quiet, "WWW-Authenticate")).isEmpty();
        HttpResponse door = get("/console/sign-in");
        assertThat(door.status().intValue()).isEqualTo(401);
        assertThat(header(door, "WWW-Authenticate")).startsWith("Basic");
    }

    /** Each file that a file names is there, each is named by another, none is long, and none asks another host for anything. */
    @Test
    void isWholeAndItsOwn() throws Exception {
        Pattern names = Pattern.compile("(?:from|src=|href=|import) ?[\"'](\\.{0,2}/?[a-z/-]+\\.(?:js|css|svg))[\"']");
        List<Path> all;
        try (Stream<Path> walk = Files.walk(FILES)) {
            all = walk.filter(Files::isRegularFile).toList();
        }
        List<Path> named = new ArrayList<>(List.of(FILES.resolve("index.html")));
        for (Path file : all) {
            String text = Files.readString(file);
            assertThat(text.lines().count()).as(file.toString()).isLessThan(400);
            assertThat(text.replace("http://www.w3.org/2000/svg", ""))
                    .as(file.toString())
                    .doesNotContain(
                            "://",
                            "innerHTML",
                            "outerHTML",
                            "insertAdjacentHTML",
                            "document.write",
                            "eval(",
                            "localStorage");
            Matcher matcher = names.matcher(text);
            while (matcher.find()) {
                Path other = file.resolveSibling(matcher.group(1)).normalize();
                assertThat(other).as("named in " + file).exists();
                named.add(other);
            }
        }
        assertThat(named).containsAll(all);
    }
}
