package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.Config;
import io.finback.runtime.Node;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may see and change which apps, pods, groups and jobs: a master with credentials and an ACL file, over its port. */
class ServicesRightsTest {
    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    Path data;

    private Node node;
    private int port;
    private Path acls;

    @BeforeEach
    void start() throws Exception {
        acls = Files.writeString(data.resolve("acls"), "{}");
        Map<String, Object> overrides = new HashMap<>();
        overrides.put(
                "finback.security.credentials",
                Files.writeString(data.resolve("credentials"), "ops o\ndev d\n").toString());
        overrides.put("finback.security.acls", acls.toString());
        overrides.put("finback.security.refresh", "100 ms");
        overrides.put("finback.security.authenticate-reads", true);
        overrides.put("finback.security.authenticate-writes", true);
        Config config = ControlPlaneHarness.config(data.resolve("node"), overrides);
        port = config.getInt("finback.services.http.port");
        node = MasterNode.start(config);
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        node.stop().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private HttpResponse<String> ask(String method, String path, String who, String body) throws Exception {
        return ServedServices.ask(port, method, path, who, body);
    }

    private int dev(String method, String path, String body) throws Exception {
        return ask(method, path, "dev:d", body).statusCode();
    }

    private void ops(String method, String path, String body) throws Exception {
        HttpResponse<String> done = ask(method, path, "ops:o", body);
        assertThat(done.statusCode()).as(path + " " + done.body()).isBetween(200, 299);
    }

    /** The rules are followed once this is answered so. */
    private void rules(String text, String path, int status) throws Exception {
        Files.writeString(acls, text);
        long end = System.nanoTime() + 15_000_000_000L;
        while (dev("GET", path, "") != status || dev("GET", "/v2/apps/nothing", "") != 403) {
            assertThat(System.nanoTime()).as(path).isLessThan(end);
        }
    }

    private static String only(String action, String objects, String... names) {
        return "\"" + action + "\": [{\"principals\": {\"values\": [\"ops\"]}, \"" + objects
                + "\": {\"type\": \"ANY\"}}, "
                + (names.length == 0
                        ? ""
                        : "{\"principals\": {\"values\": [\"dev\"]}, \"" + objects + "\": {\"values\": [\""
                                + String.join("\", \"", names) + "\"]}}, ")
                + "{\"principals\": {\"type\": \"NONE\"}, \"" + objects + "\": {\"type\": \"ANY\"}}]";
    }

    private static String app(String id, String token) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"sleep " + token + "\",\"instances\":1,\"cpus\":0.1,\"mem\":16,"
                + "\"labels\":{\"k" + token + "\":\"v" + token + "\"}}";
    }

    private static String pod(String id, String token) {
        return "{\"id\":\"" + id + "\",\"labels\":{\"k" + token + "\":\"v\"},\"containers\":[{\"name\":\"c" + token
                + "\",\"resources\":{\"cpus\":0.1,\"mem\":32},\"exec\":{\"command\":{\"shell\":\"sleep 9\"}}}]}";
    }

    private static String job(String name, String token) {
        return "{\"name\":\"" + name + "\",\"command\":\"echo " + token
                + "\",\"schedule\":\"R/2040-01-01T00:00:00Z/P1D\",\"epsilon\":\"PT5M\",\"owner\":\"" + token
                + "@x.y\"}";
    }

    @Test
    void whatMayNotBeSeenIsInNoAnswerWhateverTheRules() throws Exception {
        long seed = 20_26L;
        Random random = new Random(seed);
        List<String> paths = new ArrayList<>();
        Map<String, String> tokens = new HashMap<>();
        List<String> teams = List.of("/q0team", "/q1team", "/q2team");
        for (int i = 0; i < 9; i++) {
            String path = teams.get(i % 3) + (i < 6 ? "" : "/inner" + i + "q") + "/svc" + i + "q";
            paths.add(path);
            tokens.put(path, "tok" + i + "q");
            if (i % 4 == 3) {
                ops("POST", "/v2/pods", pod(path, tokens.get(path)));
            } else {
                ops("POST", "/v2/apps", app(path, tokens.get(path)));
            }
        }
        ops("PUT", "/v2/groups", "{\"id\":\"/q3empty\"}");
        List<String> jobs = List.of("job0q", "job1q", "job2q");
        for (String job : jobs) {
            ops("POST", "/v1/scheduler/iso8601", job(job, "tok" + job));
        }
        ops(
                "POST",
                "/v1/scheduler/dependency",
                "{\"name\":\"child9q\",\"command\":\"true\",\"owner\":\"a@x.y\",\"epsilon\":\"PT5M\",\"parents\":"
                        + "[\"job0q\",\"job1q\"]}");
        for (int round = 0; round < 6; round++) {
            Set<String> seen = new TreeSet<>(paths);
            seen.removeIf(path -> random.nextBoolean());
            Set<String> seenJobs = new TreeSet<>(jobs);
            seenJobs.removeIf(job -> random.nextBoolean());
            TreeSet<String> named = new TreeSet<>(seen);
            if (random.nextBoolean()) {
                named.add("/q2team/%");
                paths.stream().filter(path -> path.startsWith("/q2team/")).forEach(seen::add);
            }
            named.add("/mark" + round);
            TreeSet<String> namedJobs = new TreeSet<>(seenJobs);
            namedJobs.add("child9q");
            rules(
                    "{" + only("view_apps", "paths", named.toArray(String[]::new)) + ", "
                            + only("view_jobs", "jobs", namedJobs.toArray(String[]::new)) + "}",
                    "/v2/apps/mark" + round,
                    404);
            TreeSet<String> hidden = new TreeSet<>();
            for (String path : paths) {
                if (!seen.contains(path)) {
                    hidden.add(path.substring(path.lastIndexOf('/') + 1));
                    hidden.add(tokens.getOrDefault(path, ""));
                }
            }
            teams.stream()
                    .filter(team -> seen.stream().noneMatch(path -> path.startsWith(team + "/")))
                    .forEach(team -> hidden.add(team.substring(1)));
            hidden.add("q3empty");
            jobs.stream().filter(job -> !seenJobs.contains(job)).forEach(hidden::add);
            for (String path : List.of(
                    "/v2/apps",
                    "/v2/apps?embed=apps.tasks&embed=apps.failures",
                    "/v2/apps?label=ktok1q",
                    "/v2/groups",
                    "/v2/groups/",
                    "/v2/groups?embed=group.groups&embed=group.apps&embed=group.pods",
                    "/v2/groups/apps",
                    "/v2/groups/versions",
                    "/v2/tasks",
                    "/v2/queue",
                    "/v2/queue?embed=lastUnusedOffers",
                    "/v2/deployments",
                    "/v2/pods",
                    "/v2/pods/::status",
                    "/finback/queue",
                    "/finback/sla",
                    "/finback/drain",
                    "/v1/scheduler/jobs",
                    "/v1/scheduler/jobs/search?any=q",
                    "/v1/scheduler/jobs/summary",
                    "/v1/scheduler/graph/dot",
                    "/v1/scheduler/graph/csv",
                    "/v1/scheduler/stats/mean",
                    "/v1/scheduler/job/child9q",
                    "/v1/scheduler/job/child9q/history")) {
                HttpResponse<String> answer = ask("GET", path, "dev:d", "");
                assertThat(answer.statusCode()).as(path).isEqualTo(200);
                assertThat(hidden)
                        .as("seed %s round %s %s: %s", seed, round, path, answer.body())
                        .noneMatch(token -> !token.isEmpty() && answer.body().contains(token));
            }
            String all = ask("GET", "/v2/groups", "dev:d", "").body();
            assertThat(seen).as("round %s", round).allMatch(all::contains);
            for (String path : paths) {
                boolean is = seen.contains(path);
                boolean isPod = paths.indexOf(path) % 4 == 3;
                String kind = isPod ? "/v2/pods" : "/v2/apps";
                assertThat(dev("GET", kind + path, "")).as(path).isEqualTo(is ? 200 : 403);
                assertThat(dev("GET", "/finback/queue" + path, "")).as(path).isEqualTo(is ? 200 : 403);
                assertThat(dev("GET", kind + path + (isPod ? "::versions" : "/versions"), ""))
                        .as(path)
                        .isEqualTo(is ? 200 : 403);
            }
            assertThat(dev("GET", "/v2/apps/nothing/here", "")).isEqualTo(403);
            for (String job : jobs) {
                assertThat(dev("GET", "/v1/scheduler/job/" + job, "")).isEqualTo(seenJobs.contains(job) ? 200 : 400);
                assertThat(dev("GET", "/v1/scheduler/job/" + job + "/history", ""))
                        .isEqualTo(seenJobs.contains(job) ? 200 : 400);
            }
        }
    }

    @Test
    void eventsAreThoseOfAppsThatAreSeen() throws Exception {
        rules("{" + only("view_apps", "paths", "/mine/%") + "}", "/v2/apps/theirs/x", 403);
        HttpResponse<InputStream> stream = client.send(
                ServedServices.request(port, "/v2/events", "dev:d")
                        .header("Accept", "text/event-stream")
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
        ops("POST", "/v2/apps", app("/theirs/web", "hiddentoken"));
        ops("PUT", "/v2/apps", "[" + app("/mine/web", "a") + "," + app("/theirs/other", "hiddentoken") + "]");
        ops("POST", "/v2/pods", pod("/theirs/pod", "hiddentoken"));
        ops("PUT", "/v2/groups?force=true", "{\"id\":\"/theirs\",\"groups\":[{\"id\":\"more\"}],\"apps\":[]}");
        ops("POST", "/v2/apps", app("/mine/last", "z"));
        StringBuilder all = new StringBuilder();
        byte[] buffer = new byte[1 << 16];
        while (all.indexOf("/mine/last") < 0 || all.indexOf("deployment_info") < 0) {
            int got = stream.body().read(buffer);
            assertThat(got).isPositive();
            all.append(new String(buffer, 0, got, StandardCharsets.UTF_8));
        }
        stream.body().close();
        assertThat(all.toString()).contains("/mine/web").doesNotContain("hiddentoken", "theirs");
        assertThat(dev("GET", "/v2/eventSubscriptions", "")).isEqualTo(403);
        assertThat(dev("POST", "/v2/eventSubscriptions?callbackUrl=http://127.0.0.1:1/x", ""))
                .as("whoever is posted to is posted everything")
                .isEqualTo(403);
    }

    @Test
    void tablesAreSeenAndChangedByTheirNamespacesAndNamesByTheirApps() throws Exception {
        dtab("PUT", "mine", "ops:o", "/svc => /$/inet/127.1/81;");
        dtab("PUT", "theirs", "ops:o", "/svc => /$/inet/127.1/82;");
        rules(
                "{" + only("view_apps", "paths", "/mine/%") + ", "
                        + only("view_dtabs", "namespaces", "mine", "new") + ", "
                        + only("change_dtabs", "namespaces", "new") + "}",
                "/api/1/dtabs/theirs",
                403);
        assertThat(ask("GET", "/api/1/dtabs", "ops:o", "").body()).contains("mine", "theirs");
        assertThat(ask("GET", "/api/1/dtabs", "dev:d", "").body()).isEqualTo("[\"mine\"]\n");
        assertThat(ask("GET", "/api/1/dtabs/mine", "dev:d", "").body()).contains("/$/inet/127.1/81");
        for (String path : List.of(
                "dtabs/theirs",
                "dtabs/theirs?watch=true",
                "bind/theirs?path=/svc/x",
                "resolve/theirs?path=/svc/x",
                "addr/theirs?path=/svc/x",
                "delegate/theirs?path=/svc/x",
                "dtabs/nothing")) {
            HttpResponse<String> refused = ask("GET", "/api/1/" + path, "dev:d", "");
            assertThat(refused.statusCode()).as(path).isEqualTo(403);
            assertThat(refused.body()).as(path).doesNotContain("82");
        }
        assertThat(dtab("PUT", "mine", "dev:d", "/svc => /$/inet/127.1/90;")).isEqualTo(403);
        assertThat(dtab("POST", "theirs", "dev:d", "/svc => /$/inet/127.1/90;")).isEqualTo(403);
        assertThat(dtab("DELETE", "theirs", "dev:d", "")).isEqualTo(403);
        assertThat(dtab("POST", "new", "dev:d", "/svc => /$/inet/127.1/83;")).isEqualTo(204);
        assertThat(ask("GET", "/api/1/dtabs/theirs", "ops:o", "").body()).contains("/$/inet/127.1/82");
        HttpResponse<InputStream> stream = client.send(
                ServedServices.request(port, "/api/1/dtabs?watch=true", "dev:d").build(),
                HttpResponse.BodyHandlers.ofInputStream());
        dtab("PUT", "theirs2", "ops:o", "/svc => /$/inet/127.1/84;");
        dtab("DELETE", "new", "dev:d", "");
        try (var lines =
                new java.io.BufferedReader(new java.io.InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("[\"mine\",\"new\"]");
            assertThat(lines.readLine()).as("nothing was said of theirs2").isEqualTo("[\"mine\"]");
        }
    }

    @CanIgnoreReturnValue
    private int dtab(String method, String namespace, String who, String text) throws Exception {
        return client.send(
                        ServedServices.request(port, "/api/1/dtabs/" + namespace, who)
                                .setHeader("Content-Type", "application/dtab")
                                .method(method, HttpRequest.BodyPublishers.ofString(text))
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void changesAreRefusedByWhatTheyChange() throws Exception {
        ops("POST", "/v2/apps", app("/mine/web", "a"));
        ops("POST", "/v2/apps", app("/theirs/web", "b"));
        ops("POST", "/v2/pods", pod("/theirs/pod", "b"));
        rules(
                "{" + only("view_apps", "paths", "/mine", "/mine/%") + ", "
                        + only("create_apps", "paths", "/mine/%") + ", "
                        + only("update_apps", "paths", "/mine", "/mine/%") + ", "
                        + only("delete_apps", "paths", "/mine/old") + ", "
                        + only("change_jobs", "jobs", "mine") + "}",
                "/v2/apps/theirs/web",
                403);
        String words = "{\"message\":\"Not Authorized to perform this action!\"}";
        HttpResponse<String> refused = ask("POST", "/v2/apps", "dev:d", app("/theirs/new", "c"));
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).isEqualTo(words);
        assertThat(dev("PUT", "/v2/apps/theirs/new", app("/theirs/new", "c"))).isEqualTo(403);
        assertThat(dev("PUT", "/v2/apps/theirs/web?force=true", "{\"instances\":5}"))
                .isEqualTo(403);
        assertThat(dev(
                        "PATCH",
                        "/v2/apps?force=true",
                        "[{\"id\":\"/mine/web\",\"instances\":2},{\"id\":\"/theirs/web\",\"instances\":2}]"))
                .isEqualTo(403);
        assertThat(dev("DELETE", "/v2/apps/theirs/web", "")).isEqualTo(403);
        assertThat(dev("DELETE", "/v2/apps/theirs/nothing", "")).isEqualTo(403);
        assertThat(dev("DELETE", "/v2/apps/mine/web", ""))
                .as("it may be changed, not deleted")
                .isEqualTo(403);
        assertThat(dev("POST", "/v2/apps/theirs/web/restart?force=true", "{}")).isEqualTo(403);
        assertThat(dev("DELETE", "/v2/apps/theirs/web/tasks", "")).isEqualTo(403);
        assertThat(dev("DELETE", "/v2/queue/theirs/web/delay", "")).isEqualTo(403);
        assertThat(dev("PUT", "/v2/pods/theirs/pod", pod("/theirs/pod", "c"))).isEqualTo(403);
        assertThat(dev("DELETE", "/v2/pods/theirs/pod", "")).isEqualTo(403);
        assertThat(dev("DELETE", "/v2/groups/theirs?force=true", "")).isEqualTo(403);
        // What its author cannot see would go with it.
        assertThat(dev("PUT", "/v2/groups?force=true", "{\"id\":\"/\",\"groups\":[{\"id\":\"mine\"}]}"))
                .isEqualTo(403);
        assertThat(dev("PUT", "/v2/groups?force=true", "{\"id\":\"/theirs\",\"apps\":[" + app("web", "c") + "]}"))
                .isEqualTo(403);
        assertThat(dev("POST", "/v2/deployments/plan", "{\"id\":\"/theirs\",\"apps\":[]}"))
                .isEqualTo(403);
        for (String deployment : deployments()) {
            assertThat(dev("DELETE", "/v2/deployments/" + deployment, "")).isEqualTo(403);
            assertThat(dev("POST", "/v2/deployments/" + deployment + "/pause", ""))
                    .isEqualTo(403);
        }
        assertThat(ask("GET", "/v2/apps/theirs/web", "ops:o", "").body())
                .contains("sleep b")
                .contains("\"instances\":1");
        assertThat(ask("GET", "/v2/pods/theirs/pod", "ops:o", "").statusCode()).isEqualTo(200);

        assertThat(dev("PUT", "/v2/apps/mine/web?force=true", "{\"instances\":3}"))
                .isEqualTo(200);
        assertThat(dev("POST", "/v2/apps", app("/mine/new", "d"))).isEqualTo(201);
        assertThat(dev("PUT", "/v2/groups?force=true", "{\"id\":\"/mine/deep\",\"apps\":[" + app("one", "e") + "]}"))
                .isBetween(200, 201);
        assertThat(dev("POST", "/v1/scheduler/iso8601", job("theirs", "x"))).isEqualTo(403);
        assertThat(dev("POST", "/v1/scheduler/iso8601", job("mine", "x"))).isEqualTo(204);
        assertThat(dev("DELETE", "/v1/scheduler/job/theirs", "")).isEqualTo(403);
        assertThat(dev("PUT", "/v1/scheduler/job/theirs", "")).isEqualTo(403);
        assertThat(dev("DELETE", "/v1/scheduler/job/mine", "")).isEqualTo(204);
    }

    private List<String> deployments() throws Exception {
        List<String> ids = new ArrayList<>();
        new com.fasterxml.jackson.databind.ObjectMapper()
                .readTree(ask("GET", "/v2/deployments", "ops:o", "").body())
                .forEach(one -> {
                    if (!one.path("affectedApps").toString().contains("/mine")) {
                        ids.add(one.path("id").asText());
                    }
                });
        return ids;
    }
}
