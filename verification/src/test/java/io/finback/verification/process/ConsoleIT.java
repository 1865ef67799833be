package io.finback.verification.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The console as a person has it: a real browser, a master and an agent in processes of their own. */
@Tag("process")
class ConsoleIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String HOSTILE = "<img src=x onerror=alert(1)>";
    private static final String APP = """
            {"id": "/shop/ticker", "cmd": "n=0; while [ ! -e stop ]; do n=$((n+1)); echo line $n; sleep 0.2; done; sleep 1000",
             "cpus": 0.1, "mem": 32, "instances": 1, "labels": {"owner": "%s"}}""".formatted(HOSTILE);

    @TempDir
    private Path dir;

    @Test
    void showsTheClusterAndRunsAnAppFromItsFirstLineToItsEnd() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir);
                Chromium browser = Chromium.start(dir, Optional::empty)) {
            var master = cluster.master();
            var agent = cluster.agent(1);
            cluster.awaitReady(master);
            cluster.awaitReady(agent);
            String home = "http://127.0.0.1:" + cluster.clusterPort + "/";

            browser.open(home);
            browser.reads("Nothing. Every agent answers and nothing waits.");
            assertThat(browser.eval("location.pathname")).isEqualTo("/console/");
            showsTheAgent(browser);
            createsAnApp(browser);
            followsItsLog(browser);
            showsAHostileNameAsText(browser, cluster.servicesPort);
            endsTheApp(browser);
            marathonsAddressLeadsHere(browser, cluster.servicesPort);
            saysHowOldItIsWhenTheMasterIsGone(browser, cluster, master, home);
        }
    }

    private static void showsTheAgent(Chromium browser) throws Exception {
        browser.press("#nav a", "Agents");
        browser.reads("1 machine for tasks");
        Waiting.until("the agent's page", LIMIT, () -> {
            browser.eval("document.querySelector('tbody a')?.click()");
            return browser.text().contains("Isolators");
        });
        browser.reads("posix/rlimits");
        browser.reads("Off (");
        browser.reads("Deactivate");
        browser.press("main button", "Deactivate");
        browser.press("dialog button[type=submit]", "Deactivate");
        browser.reads("Deactivated");
        browser.press("main button", "Reactivate");
        browser.press("dialog button[type=submit]", "Reactivate");
        browser.readsNoMore("Deactivated");
    }

    private static void createsAnApp(Chromium browser) throws Exception {
        browser.press("#nav a", "Apps");
        browser.press("main a", "Create the first");
        browser.type("main textarea", "{\"id\": \"/a_b\", \"cmd\": \"true\", \"cpus\": -1}");
        browser.press("main button", "Deploy");
        browser.reads("/cpus is -1");
        // Every refusal is one to the browser; this one was asked for.
        assertThat(browser.complaints).allMatch(each -> each.contains("422")).hasSize(1);
        browser.complaints.clear();
        browser.type("main textarea", APP);
        browser.press("main button", "Deploy");
        browser.reads("1 of 1 instances run");
        browser.reads("Running");
        assertThat(browser.eval("location.hash")).isEqualTo("#/apps/%2Fshop%2Fticker");
    }

    private static void followsItsLog(Chromium browser) throws Exception {
        browser.press("main a", "stdout");
        browser.reads("line 1\n");
        String seen = browser.eval("document.querySelector('pre.log').textContent.trim().split(' ').pop()");
        browser.reads("line " + (Integer.parseInt(seen) + 10));
        browser.press("main a", "Sandbox");
        browser.reads("stderr");
        assertThat(browser.eval("document.querySelector('main a[download]')?.textContent"))
                .isEqualTo("Download");
    }

    private static void showsAHostileNameAsText(Chromium browser, int services) throws Exception {
        String job = "{\"name\":\"hostile\",\"command\":\"sleep 1000\",\"description\":\"" + HOSTILE
                + "\",\"cpus\":0.1,\"mem\":32}";
        HttpResponse<String> made = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + services + "/v1/scheduler/iso8601"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(job))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(made.statusCode()).as(made.body()).isEqualTo(204);
        browser.press("#nav a", "Jobs");
        browser.press("main a", "hostile");
        browser.reads(HOSTILE);
        browser.press("#nav a", "Tasks");
        browser.type("main input[type=search]", "TICKER");
        browser.reads("1 match,");
        assertThat(browser.eval("document.activeElement.value")).isEqualTo("TICKER");
        browser.press("main a", "ticker.shop");
        browser.reads("owner: " + HOSTILE);
        assertThat(browser.eval("document.querySelectorAll('main img').length")).isEqualTo("0");
    }

    private static void endsTheApp(Chromium browser) throws Exception {
        browser.press("main a", "/shop/ticker");
        browser.press("main button", "Destroy");
        browser.press("dialog button[type=submit]", "Destroy");
        browser.reads("/shop/ticker is being destroyed");
        assertThat(browser.eval("location.hash")).isEqualTo("#/apps");
        browser.reads("0 apps ·");
        browser.press("#nav a", "Tasks");
        browser.reads("Killed");
        assertThat(browser.complaints).isEmpty();
    }

    private static void marathonsAddressLeadsHere(Chromium browser, int services) throws Exception {
        browser.open("http://127.0.0.1:" + services + "/#/deployments");
        browser.reads("Nothing is being deployed");
        assertThat(browser.eval("location.pathname + location.hash")).isEqualTo("/ui/#/deployments");
        assertThat(browser.complaints).isEmpty();
    }

    private static void saysHowOldItIsWhenTheMasterIsGone(
            Chromium browser, ClusterProcesses cluster, ClusterProcesses.NodeProcess master, String home)
            throws Exception {
        browser.open(home + "console/#/agents");
        browser.reads("1 machine for tasks");
        cluster.kill9(master);
        browser.reads("the master does not answer");
        assertThat(browser.text()).contains("What is shown is", "1 machine for tasks");
        cluster.restart(master);
        cluster.awaitReady(master);
        browser.readsNoMore("the master does not answer");
    }

    @Test
    void asksWhoOneIsWhereTheClusterWantsToKnow() throws Exception {
        Path credentials = Files.writeString(dir.resolve("credentials"), "ops s3cret\n");
        AtomicReference<Optional<String>> typed = new AtomicReference<>(Optional.empty());
        try (ClusterProcesses cluster = new ClusterProcesses(dir);
                Chromium browser = Chromium.start(dir, typed::get)) {
            cluster.awaitReady(cluster.master(List.of(
                    "finback.security.credentials=" + credentials,
                    "finback.security.authenticate-reads=true",
                    "finback.security.authenticate-writes=true")));
            String home = "http://127.0.0.1:" + cluster.clusterPort + "/";
            browser.open(home + "#/jobs");
            browser.reads("This cluster wants to know who asks.");

            browser.type("main input[name=token]", "no.such.token");
            browser.press("main button", "Use the token");
            browser.reads("The token was refused");
            assertThat(browser.eval("localStorage.length")).isEqualTo("0");
            browser.press("#top button", "Forget token");
            browser.readsNoMore("The token was refused");

            typed.set(Optional.of("ops:s3cret"));
            browser.press("main a", "Sign in with name and secret");
            browser.reads("No job yet");
            assertThat(browser.eval("location.pathname + location.hash")).isEqualTo("/console/#/jobs");
            assertThat(browser.eval("document.querySelector('.who').textContent"))
                    .isEqualTo("ops");
            browser.press("main a", "Create the first");
            browser.press("main button", "Deploy");
            browser.reads("nightly");
            assertThat(browser.complaints).allMatch(each -> each.contains("401"));
        }
    }

    private static String only(String action, String objects, String shown) {
        return "\"" + action + "\": [{\"principals\": {\"values\": [\"ops\"]}, \"" + objects
                + "\": {\"type\": \"ANY\"}},"
                + (shown.isEmpty()
                        ? ""
                        : "{\"principals\": {\"values\": [\"dev\"]}, \"" + objects + "\": {\"values\": [\"" + shown
                                + "\"]}},")
                + "{\"principals\": {\"type\": \"NONE\"}, \"" + objects + "\": {\"type\": \"ANY\"}}]";
    }

    @Test
    void showsWhatOneMaySeeAndSaysWhatIsRefused() throws Exception {
        Path credentials = Files.writeString(dir.resolve("credentials"), "ops s3cret\ndev other\n");
        String closed = "\"/roles\", \"/v2/deployments\", \"/finback/queue\", \"/api/1/bound-names\"";
        Path acls = Files.writeString(
                dir.resolve("acls"),
                "{" + only("view_apps", "paths", "/mine/%") + "," + only("delete_apps", "paths", "") + ","
                        + only("view_dtabs", "namespaces", "mine") + ", \"get_endpoints\": ["
                        + "{\"principals\": {\"values\": [\"ops\"]}, \"paths\": {\"type\": \"ANY\"}},"
                        + "{\"principals\": {\"type\": \"NONE\"}, \"paths\": {\"values\": [" + closed + "]}}]}");
        try (ClusterProcesses cluster = new ClusterProcesses(dir);
                Chromium browser = Chromium.start(dir, () -> Optional.of("dev:other"))) {
            cluster.awaitReady(cluster.master(List.of(
                    "finback.security.credentials=" + credentials,
                    "finback.security.acls=" + acls,
                    "finback.security.authenticate-reads=true",
                    "finback.security.authenticate-writes=true")));
            for (String id : List.of("/mine/web", "/secret/web")) {
                ops(
                        "POST",
                        cluster.servicesPort,
                        "/v2/apps",
                        "application/json",
                        "{\"id\":\"" + id + "\",\"cmd\":\"x\"}");
            }
            for (String namespace : List.of("mine", "secretns")) {
                ops(
                        "PUT",
                        cluster.servicesPort,
                        "/api/1/dtabs/" + namespace,
                        "application/dtab",
                        "/svc => /#/io.finback");
            }
            String home = "http://127.0.0.1:" + cluster.clusterPort + "/console/";
            browser.open(home + "sign-in");
            browser.reads("what waits is not shown");
            assertThat(browser.text()).contains("By role", "Not shown to you.").doesNotContain("Not allowed");
            browser.press("#nav a", "Apps");
            browser.reads("deployments are not shown to you");
            assertThat(browser.text()).contains("mine/").doesNotContain("secret");
            browser.press("#nav a", "Names");
            browser.reads("Delegation tables (1)");
            assertThat(browser.text()).contains("Not shown to you.").doesNotContain("secret");
            browser.press("#nav a", "Roles");
            browser.reads("not allowed to read /roles");
            browser.open(home + "#/apps/%2Fsecret%2Fweb");
            browser.reads("Not Authorized to perform this action!");
            browser.open(home + "#/apps/%2Fmine%2Fweb");
            browser.press("main button", "Destroy");
            browser.press("dialog button[type=submit]", "Destroy");
            browser.reads("Destroy /mine/web: refused");
            assertThat(browser.complaints).allMatch(each -> each.contains("401") || each.contains("403"));
        }
    }

    private static void ops(String method, int port, String path, String type, String body) throws Exception {
        HttpResponse<String> done = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .header("Content-Type", type)
                                .header(
                                        "Authorization",
                                        "Basic " + Base64.getEncoder().encodeToString("ops:s3cret".getBytes(UTF_8)))
                                .method(method, HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(done.statusCode()).as(done.body()).isBetween(200, 299);
    }
}
