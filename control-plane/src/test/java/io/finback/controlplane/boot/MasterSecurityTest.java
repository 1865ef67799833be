package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import io.finback.runtime.Node;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master that asks who it is, over its ports. */
class MasterSecurityTest {
    private static final String JSON = "application/json";
    private static final String SUBSCRIBE = """
            {"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"","name":"n","principal":"%s","roles":["%s"],
             "capabilities":[{"type":"MULTI_ROLE"}]}}}""";

    private final HttpClient client = HttpClient.newHttpClient();
    private final Map<String, Object> overrides = new HashMap<>();

    @TempDir
    Path data;

    private Node node;
    private Config config;
    private int cluster;
    private int services;

    private void start() throws Exception {
        config = ControlPlaneHarness.config(data.resolve("node"), overrides);
        cluster = config.getInt("finback.master.http.port");
        services = config.getInt("finback.services.http.port");
        node = MasterNode.start(config);
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        if (node != null) {
            node.stop().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(data.resolve(name), content);
    }

    private static String basic(String pair) {
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    /** @param body empty: GET */
    private HttpResponse<String> ask(int port, String path, String who, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", JSON)
                .header("Accept", JSON);
        if (!who.isEmpty()) {
            request.header("Authorization", basic(who));
        }
        if (!body.isEmpty()) {
            request.method(path.equals("/weights") ? "PUT" : "POST", HttpRequest.BodyPublishers.ofString(body));
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void refusesWhatAPageOfAnotherSiteAsksForThoughTheBrowserKnowsTheSecret() throws Exception {
        overrides.put("finback.security.authenticate-reads", true);
        overrides.put("finback.security.authenticate-writes", true);
        overrides.put("finback.security.credentials", file("c", "ops s3cret\n").toString());
        start();
        HttpRequest.Builder app = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + cluster + "/console/services/v2/apps"))
                .header("Authorization", basic("ops:s3cret"))
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{\"id\":\"/a\",\"cmd\":\"true\",\"instances\":0}"));
        var text = HttpResponse.BodyHandlers.ofString();
        assertThat(client.send(
                                app.copy()
                                        .header("Origin", "http://evil.example")
                                        .build(),
                                text)
                        .statusCode())
                .isEqualTo(403);
        assertThat(client.send(app.copy().header("Sec-Fetch-Site", "same-site").build(), text)
                        .statusCode())
                .isEqualTo(403);
        assertThat(client.send(
                                app.copy()
                                        .header("Origin", "http://127.0.0.1:" + cluster)
                                        .build(),
                                text)
                        .statusCode())
                .isEqualTo(201);
        assertThat(ask(cluster, "/state?jsonp=f", "ops:s3cret", "").statusCode())
                .isEqualTo(403);
        assertThat(ask(cluster, "/console/cluster/state", "", "").statusCode()).isEqualTo(401);
        assertThat(ask(services, "/ui/cluster/state", "ops:s3cret", "").statusCode())
                .isEqualTo(200);
        assertThat(ask(cluster, "/console/", "", "").body()).contains("<main");
        assertThat(ask(cluster, "/console/sign-in", "ops:wrong", "").statusCode())
                .isEqualTo(401);
        assertThat(ask(cluster, "/console/sign-in", "ops:s3cret", "").statusCode())
                .isEqualTo(302);
        assertThat(ask(cluster, "/console/cluster/finback/cluster", "ops:s3cret", "")
                        .body())
                .contains("\"principal\":\"ops\"", "\"roles\":[\"endpoints\",\"master\"]");
    }

    /** The status of a call whose answer may never end. */
    private HttpResponse<java.io.InputStream> subscribe(String who, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + cluster + "/master/api/v1/scheduler"))
                .header("Content-Type", JSON)
                .header("Accept", JSON)
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (!who.isEmpty()) {
            request.header("Authorization", basic(who));
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    @Test
    void asksWhoItIsAndObeysTheRules() throws Exception {
        Path credentials = file("credentials", "ops s3cret\ndev other\n");
        overrides.put("finback.security.credentials", credentials.toString());
        overrides.put("finback.security.authenticate-reads", true);
        overrides.put("finback.security.authenticate-writes", true);
        overrides.put("finback.security.authenticate-frameworks", true);
        overrides.put("finback.security.refresh", "100 ms");
        overrides.put("finback.security.acls", file("acls", """
                                {"update_weights": [
                                   {"principals": {"values": ["ops"]}, "roles": {"type": "ANY"}},
                                   {"principals": {"type": "NONE"}, "roles": {"type": "ANY"}}],
                                 "register_frameworks": [
                                   {"principals": {"values": ["dev"]}, "roles": {"values": ["dev"]}},
                                   {"principals": {"type": "NONE"}, "roles": {"type": "ANY"}}],
                                 "change_endpoints": [
                                   {"principals": {"values": ["dev"]}, "paths": {"values": ["/weights", "/v2/apps/dev/%"]}},
                                   {"principals": {"values": ["ops"]}, "paths": {"type": "ANY"}},
                                   {"principals": {"type": "NONE"}, "paths": {"type": "ANY"}}]}""").toString());
        start();

        for (String path : new String[] {"/health", "/version"}) {
            assertThat(ask(cluster, path, "", "").statusCode()).as(path).isEqualTo(200);
        }
        assertThat(ask(services, "/ping", "", "").statusCode()).isEqualTo(200);
        for (String who : new String[] {"", "ops:wrong", "nobody:s3cret"}) {
            HttpResponse<String> refused = ask(cluster, "/state", who, "");
            assertThat(refused.statusCode()).as(who).isEqualTo(401);
            assertThat(refused.headers().firstValue("WWW-Authenticate"))
                    .contains("Basic realm=\"finback\", charset=\"UTF-8\"");
            refused = ask(services, "/v2/apps", who, "");
            assertThat(refused.statusCode()).as(who).isEqualTo(401);
            assertThat(refused.body()).isEqualTo("{\"message\":\"Invalid username or password.\"}");
        }
        assertThat(ask(cluster, "/state", "ops:s3cret", "").statusCode()).isEqualTo(200);
        assertThat(ask(services, "/v2/apps", "ops:s3cret", "").statusCode()).isEqualTo(200);

        String weight = "[{\"role\":\"a\",\"weight\":2.0}]";
        assertThat(ask(cluster, "/weights", "", weight).statusCode()).isEqualTo(401);
        HttpResponse<String> forbidden = ask(cluster, "/weights", "dev:other", weight);
        assertThat(forbidden.statusCode()).isEqualTo(403);
        assertThat(forbidden.body()).contains("dev may not update_weights of 'a'");
        assertThat(ask(cluster, "/weights", "ops:s3cret", weight).statusCode()).isEqualTo(200);
        String call = "{\"type\":\"UPDATE_WEIGHTS\",\"update_weights\":{\"weight_infos\":" + weight + "}}";
        assertThat(ask(cluster, "/api/v1", "ops:s3cret", call).statusCode()).isEqualTo(200);
        assertThat(ask(cluster, "/api/v1", "dev:other", call).statusCode()).isEqualTo(403);

        String app = "{\"id\":\"/dev/web\",\"cmd\":\"x\",\"instances\":0}";
        forbidden = ask(services, "/v2/apps", "dev:other", app);
        assertThat(forbidden.statusCode()).isEqualTo(403);
        assertThat(forbidden.body()).isEqualTo("{\"message\":\"Not Authorized to perform this action!\"}");
        assertThat(ask(services, "/v2/apps", "ops:s3cret", app).statusCode()).isEqualTo(201);
        assertThat(ask(services, "/v2/apps/dev/web/restart", "dev:other", "{}").statusCode())
                .as("not refused; 409 while the app is being made")
                .isIn(200, 409);

        assertThat(subscribe("", SUBSCRIBE.formatted("dev", "dev")).statusCode())
                .isEqualTo(401);
        try (var body =
                subscribe("dev:other", SUBSCRIBE.formatted("ops", "dev")).body()) {
            assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("Authenticated principal 'dev' does not match principal 'ops' set in `FrameworkInfo`");
        }
        try (var body =
                subscribe("dev:other", SUBSCRIBE.formatted("dev", "ops")).body()) {
            assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("Not authorized to use role 'ops'");
        }
        HttpResponse<java.io.InputStream> subscribed = subscribe("dev:other", SUBSCRIBE.formatted("dev", "dev"));
        try (var body = subscribed.body()) {
            assertThat(subscribed.statusCode()).isEqualTo(200);
            assertThat(new String(body.readNBytes(60), StandardCharsets.UTF_8)).contains("SUBSCRIBED");
        }
        int management = config.getInt("finback.management.port");
        assertThat(ask(management, "/cluster/members", "", "").statusCode()).isEqualTo(401);
        assertThat(ask(cluster, "/metrics", "ops:s3cret", "").body())
                .containsOnlyOnce("# TYPE finback_http_refused_total")
                .contains(
                        "finback_http_refused_total{port=\"management\",reason=\"unauthenticated\"} 1",
                        "finback_http_refused_total{port=\"cluster\",reason=\"unauthenticated\"} 5",
                        "finback_http_refused_total{port=\"services\",reason=\"unauthenticated\"} 3")
                .containsPattern("finback_http_refused_total\\{port=\"cluster\",reason=\"forbidden\"} [3-9]");

        // Somebody leaves, somebody comes; a file with a slip in it changes nothing.
        Files.writeString(credentials, "ops s3cret\nnew n\n");
        await("new:n", 200);
        assertThat(ask(cluster, "/state", "dev:other", "").statusCode()).isEqualTo(401);
        Files.writeString(credentials, "ops\n");
        assertThat(ask(cluster, "/state", "ops:s3cret", "").statusCode()).isEqualTo(200);
        Files.writeString(credentials, "ops changed-and-longer\n");
        await("ops:changed-and-longer", 200);
    }

    /** Guessing once took the places of everybody's requests, known or not. */
    @Test
    void whoIsKnownIsAnsweredWhileOthersGuess() throws Exception {
        String credentials = "ops " + io.finback.security.Credentials.hash("s3cret");
        overrides.put("finback.security.credentials", file("c", credentials).toString());
        overrides.put("finback.security.authenticate-reads", true);
        start();
        assertThat(ask(cluster, "/state", "ops:s3cret", "").statusCode()).isEqualTo(200);
        URI state = URI.create("http://127.0.0.1:" + cluster + "/state");
        CompletableFuture<Integer> full = new CompletableFuture<>();
        for (int i = 0; i < 80; i++) {
            var unused = client.sendAsync(
                            HttpRequest.newBuilder(state)
                                    .header("Authorization", basic("ops:guess" + i))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding())
                    .thenAccept(answer -> {
                        if (answer.statusCode() != 401) {
                            full.complete(answer.statusCode());
                        }
                    });
        }
        assertThat(full.get(30, TimeUnit.SECONDS))
                .as("more guesses than there is room for")
                .isEqualTo(503);
        assertThat(ask(cluster, "/state", "ops:s3cret", "").statusCode()).isEqualTo(200);
    }

    @Test
    void nobodyAsksMoreOftenThanTheirLimit() throws Exception {
        overrides.put(
                "finback.security.credentials",
                file("credentials", "ops s\ndev d\n").toString());
        Path limits = file("limits", "{\"limits\": [{\"principal\": \"dev\", \"qps\": 0.01}]}");
        overrides.put("finback.security.rate-limits", limits.toString());
        overrides.put("finback.security.refresh", "100 ms");
        start();
        String app = "{\"id\":\"/web\",\"cmd\":\"x\",\"instances\":0}";
        assertThat(ask(services, "/v2/apps", "dev:d", app).statusCode()).isEqualTo(201);
        HttpResponse<String> refused = ask(services, "/v2/apps", "dev:d", "");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After").map(Integer::parseInt))
                .hasValueSatisfying(seconds -> assertThat(seconds).isBetween(50, 100));
        assertThat(refused.body()).startsWith("{\"message\":\"too many requests; ask again in ");
        assertThat(ask(services, "/ping", "dev:d", "").statusCode()).isEqualTo(200);
        for (int i = 0; i < 3; i++) {
            assertThat(ask(services, "/v2/apps", "ops:s", "").statusCode()).isEqualTo(200);
            assertThat(ask(services, "/v2/apps", "", "").statusCode()).isEqualTo(200);
        }
        // A turn that comes soon is waited for.
        Files.writeString(limits, "{\"limits\": [{\"principal\": \"dev\", \"qps\": 5}]}");
        await(services, "/v2/apps", "dev:d", 200);
        for (int i = 0; i < 4; i++) {
            assertThat(ask(services, "/v2/apps", "dev:d", "").statusCode()).isEqualTo(200);
        }
        assertThat(ask(cluster, "/metrics", "ops:s", "").body())
                .containsPattern("finback_http_refused_total\\{port=\"services\",reason=\"throttled\"} [1-9]");
    }

    private void await(String who, int status) throws Exception {
        await(cluster, "/state", who, status);
    }

    private void await(int port, String path, String who, int status) throws Exception {
        long end = System.nanoTime() + 10_000_000_000L;
        while (ask(port, path, who, "").statusCode() != status) {
            assertThat(System.nanoTime()).as(who).isLessThan(end);
        }
    }

    @Test
    void nobodyIsAskedUnlessItIsSaid() throws Exception {
        overrides.put(
                "finback.security.credentials", file("credentials", "ops s").toString());
        start();
        assertThat(ask(cluster, "/state", "", "").statusCode()).isEqualTo(200);
        // Clients that always send what they have are not turned away.
        assertThat(ask(cluster, "/state", "some:one", "").statusCode()).isEqualTo(200);
        assertThat(ask(services, "/v2/apps", "some:one", "").statusCode()).isEqualTo(200);
    }

    @Test
    void aMistakeStopsTheStartAndNamesItsKey() throws Exception {
        refused("finback.security.authenticate-writes", "authenticate-writes", true);
        refused("finback.security.credentials", "credentials", file("c", "ops").toString());
        refused(
                "finback.security.credentials",
                "credentials",
                data.resolve("none").toString());
        refused(
                "finback.security.acls: ",
                "acls",
                file("a", "{\"register_agents\":[]}").toString());
        refused(
                "finback.security.rate-limits: ",
                "rate-limits",
                file("r", "{\"limits\":[{}]}").toString());
        refused(
                "finback.security.jwt.key-file",
                "jwt.key-file",
                file("k", "short").toString());
        refused("finback.security.realm", "realm", "a\"b");
    }

    private void refused(String named, String key, Object value) {
        Config config = ControlPlaneHarness.config(data.resolve("node"), Map.of("finback.security." + key, value));
        assertThatThrownBy(() -> MasterNode.start(config))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining(named)
                .hasMessageContaining("expected");
    }
}
