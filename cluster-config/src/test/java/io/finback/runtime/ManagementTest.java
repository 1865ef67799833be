package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Cluster;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ManagementTest {
    @TempDir
    Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private int port;
    private ActorSystem<Void> master;

    @BeforeEach
    void startAMaster() throws Exception {
        start(Map.of());
    }

    private void start(Map<String, Object> more) throws Exception {
        port = freePort();
        Config settings = ConfigFactory.parseMap(more)
                .withFallback(ConfigFactory.parseMap(Map.of(
                        "finback.data-dir", directory.toString(),
                        "finback.cluster.port", freePort(),
                        "finback.cluster.seeds", List.of(),
                        "finback.management.port", port,
                        "akka.coordinated-shutdown.run-by-actor-system-terminate", "off")))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        master = ClusterSystem.member(Behaviors.empty(), settings, Role.MASTER);
        Management.start(master).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @AfterEach
    void stopIt() throws Exception {
        master.terminate();
        master.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void isAliveBeforeItIsReadyAndSaysWhatIsMissing() throws Exception {
        assertThat(call("GET", "/alive").statusCode()).isEqualTo(200);
        assertThat(call("GET", "/ready").statusCode()).isEqualTo(500);

        AtomicBoolean journal = new AtomicBoolean();
        Readiness.of(master).add("journal", () -> CompletableFuture.completedFuture(journal.get()));
        HttpResponse<String> waiting = call("GET", "/ready");
        assertThat(waiting.statusCode()).isEqualTo(500);
        assertThat(waiting.body()).contains("journal");

        journal.set(true);
        // Membership is a condition, too, and comes with the first gossip.
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (call("GET", "/ready").statusCode() != 200) {
            assertThat(System.nanoTime()).isLessThan(limit);
        }
        journal.set(false);
        assertThat(call("GET", "/ready").statusCode()).isEqualTo(500);
    }

    @Test
    void showsTheMembersAndLetsNobodyChangeThem() throws Exception {
        HttpResponse<String> members = call("GET", "/cluster/members");
        assertThat(members.statusCode()).isEqualTo(200);
        String self = master.address().hostPort();
        for (String method : List.of("DELETE", "PUT", "POST")) {
            for (String path : List.of("/cluster/members", "/cluster/members/" + self, "/cluster")) {
                assertThat(call(method, path).statusCode())
                        .as(method + " " + path)
                        .isBetween(400, 499);
            }
        }
        assertThat(call("GET", "/cluster/members").statusCode()).isEqualTo(200);
    }

    @Test
    void withSecurityOnItAsksWhoItIsButForProbes(@TempDir Path files) throws Exception {
        stopIt();
        start(Map.of(
                "finback.security.credentials",
                        Files.writeString(files.resolve("c"), "ops o\ndev d\n").toString(),
                "finback.security.authenticate-reads", true,
                "finback.security.acls",
                        Files.writeString(files.resolve("a"), """
                                {"change_members": [{"principals": {"values": ["ops"]}, "members": {"type": "ANY"}}],
                                 "get_endpoints": [
                                   {"principals": {"values": ["ops"]}, "paths": {"type": "ANY"}},
                                   {"principals": {"type": "NONE"}, "paths": {"values": ["/cluster/shards"]}}]}""").toString()));
        assertThat(call("GET", "/alive").statusCode()).isEqualTo(200);
        assertThat(call("GET", "/ready").statusCode()).isIn(200, 500);
        HttpResponse<String> nobody = call("GET", "/cluster/members");
        assertThat(nobody.statusCode()).isEqualTo(401);
        assertThat(nobody.headers().firstValue("WWW-Authenticate")).isPresent();
        assertThat(as("dev:d", "GET", "/cluster/members").statusCode()).isEqualTo(200);
        assertThat(as("dev:wrong", "GET", "/cluster/members").statusCode()).isEqualTo(401);
        assertThat(as("dev:d", "GET", "/cluster/shards").statusCode()).isEqualTo(403);
        String self = "/cluster/members/" + Cluster.get(master).selfMember().address();
        assertThat(as("dev:d", "DELETE", self).statusCode()).isEqualTo(403);
        assertThat(call("DELETE", self).statusCode()).isEqualTo(401);
        assertThat(as("dev:d", "GET", "/cluster/members").body()).contains("Up");
        assertThat(as("ops:o", "DELETE", self).statusCode()).isEqualTo(200);
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Cluster.get(master).isTerminated()
                && Cluster.get(master).selfMember().status().equals(akka.cluster.MemberStatus.up())) {
            assertThat(System.nanoTime()).as("it leaves").isLessThan(limit);
        }
    }

    @Test
    void aRuleMustSayThatMembersMayBeChanged(@TempDir Path files) throws Exception {
        stopIt();
        start(Map.of(
                "finback.security.credentials",
                Files.writeString(files.resolve("c"), "ops o\n").toString()));
        String self = "/cluster/members/" + Cluster.get(master).selfMember().address();
        assertThat(as("ops:o", "GET", "/cluster/members").statusCode()).isEqualTo(200);
        assertThat(as("ops:o", "DELETE", self).statusCode()).isEqualTo(403);
    }

    private HttpResponse<String> as(String who, String method, String path) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .header(
                                "Authorization",
                                "Basic " + Base64.getEncoder().encodeToString(who.getBytes(StandardCharsets.UTF_8)))
                        .method(method, BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }

    private HttpResponse<String> call(String method, String path) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .method(method, BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return socket.getLocalPort();
        }
    }
}
