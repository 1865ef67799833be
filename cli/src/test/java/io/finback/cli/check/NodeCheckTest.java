package io.finback.cli.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.finback.cli.check.Finding.Level;
import io.finback.runtime.Role;
import io.finback.security.Asking;
import io.finback.settings.HttpListen;
import io.finback.settings.NodeConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A check of a node that a small HTTP server plays, and of one that is not there. */
class NodeCheckTest {
    @TempDir
    Path dir;

    private HttpServer node;

    @BeforeEach
    void start() throws IOException {
        node = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        node.start();
    }

    @AfterEach
    void stop() {
        node.stop(0);
    }

    @Test
    void aClusterThatIsWellHasNothingToDo() {
        serve("/alive", 200, "OK");
        serve("/ready", 200, "OK");
        serve(
                "/cluster/members",
                200,
                "{\"members\":[{\"node\":\"akka://finback@127.0.0.1:25520\",\"roles\":[\"master\"],\"status\":\"Up\"}],"
                        + "\"unreachable\":[]}");
        serve("/version", 200, "{\"version\":\"0.1.0\"}");
        serve("/metrics", 200, "finback_master_agents{state=\"active\"} 1\n");
        serve("/v2/deployments", 200, "[]");
        serve("/v2/queue", 200, "{\"queue\":[]}");

        List<Finding> findings = check(Role.MASTER, port(), List.of());

        assertThat(findings).extracting(Finding::level).containsOnly(Level.OK);
        assertThat(findings)
                .extracting(Finding::subject)
                .contains(
                        "settings", "data-dir", "ports", "journal", "node", "membership", "versions", "clock", "agents")
                .contains("deployments");
    }

    @Test
    void whoIsAskedForTheirNameGivesIt() throws IOException {
        serve("/alive", 200, "OK");
        serve("/ready", 200, "OK");
        node.createContext("/cluster/members", exchange -> {
            boolean named = Asking.basic("ops", "s3cret")
                    .equals(exchange.getRequestHeaders().getFirst("Authorization"));
            byte[] body = "{\"members\":[],\"unreachable\":[]}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(named ? 200 : 401, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        assertThat(shown(check(Role.MASTER, port(), List.of())))
                .contains("WARN membership: 127.0.0.1:" + port() + " asks who this is")
                .contains("-> set finback.security.asking to somebody who may read there");
        Path secret = Files.writeString(dir.resolve("secret"), "s3cret\n");
        assertThat(shown(check(
                        Role.MASTER,
                        port(),
                        List.of("security.asking.principal=ops", "security.asking.secret-file=" + secret))))
                .doesNotContain("asks who this is");
    }

    @Test
    void whatIsNotReadySaysWhy() {
        serve("/alive", 200, "OK");
        serve("/ready", 500, "not ready: journal");

        assertThat(shown(check(Role.MASTER, port(), List.of())))
                .contains("FAIL node: it runs and is not ready: not ready: journal")
                .contains("WARN membership: this node is in no cluster");
    }

    @Test
    void aNodeThatDoesNotRunHasFreePortsOrIsToldWhoseTheyAre() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        assertThat(shown(check(Role.MASTER, free, List.of())))
                .contains("ok   ports: 1 are free")
                .contains("-> start it (finback master)");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Finding> findings = new NodeCheck(
                            Role.MASTER,
                            config -> Map.of("finback.master.http", new HttpListen("127.0.0.1", taken.getLocalPort())),
                            Clock.systemUTC())
                    .run(wishes(free, List.of()));
            assertThat(shown(findings)).contains("FAIL ports: finback.master.http.port: " + taken.getLocalPort());
        }
    }

    @Test
    void aTornJournalIsFound() throws Exception {
        Files.createDirectories(dir.resolve("journal"));
        Files.writeString(dir.resolve("persistence.unit"), "a\n");
        Files.writeString(dir.resolve("journal/FINBACK-UNIT"), "b\n");

        assertThat(shown(check(Role.MASTER, 1, List.of())))
                .contains("FAIL journal: ")
                .contains("from the same backup");
    }

    @Test
    void aDatabaseThatIsAwayIsFound() {
        assertThat(shown(check(Role.MASTER, 1, List.of("persistence.profile=postgres", "persistence.postgres.port=1"))))
                .contains("FAIL journal: no connection to the database at 127.0.0.1:1");
    }

    @Test
    void mastersThatCannotBeReachedAreNamed() {
        assertThat(shown(check(Role.AGENT, 1, List.of("cluster.seeds=127.0.0.1:1,127.0.0.1:2"))))
                .contains("FAIL seeds: no connection to 127.0.0.1:1, 127.0.0.1:2")
                .doesNotContain("WARN masters");
        assertThat(shown(check(Role.MASTER, 1, List.of("cluster.seeds=127.0.0.1:1,127.0.0.1:2"))))
                .contains(
                        "WARN masters: finback.cluster.seeds: 2 masters (expected: 1, 3 or 5; when one is lost the other ends, too");
    }

    @Test
    void settingsThatStopAStartAreTheOnlyFinding() {
        List<Finding> findings = check(Role.AGENT, 1, List.of("cluster.port=nonsense"));

        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).shown()).startsWith("FAIL settings: finback.cluster.port: nonsense");
    }

    private void serve(String path, int status, String body) {
        node.createContext(path, exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
    }

    private int port() {
        return node.getAddress().getPort();
    }

    private List<Finding> check(Role role, int port, List<String> more) {
        return new NodeCheck(
                        role,
                        config -> Map.of("finback.management", new HttpListen("127.0.0.1", port)),
                        Clock.systemUTC())
                .run(wishes(port, more));
    }

    private NodeConfig wishes(int port, List<String> more) {
        List<String> overrides = new ArrayList<>(List.of(
                "data-dir=" + dir,
                "management.port=" + port,
                "master.http.port=" + port,
                "services.http.port=" + port));
        overrides.addAll(more);
        return NodeConfig.of(List.of(), Map.of(), overrides);
    }

    private static String shown(List<Finding> findings) {
        StringBuilder text = new StringBuilder();
        findings.forEach(finding -> text.append(finding.shown()).append('\n'));
        return text.toString();
    }
}
