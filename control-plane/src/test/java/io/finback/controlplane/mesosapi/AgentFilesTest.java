package io.finback.controlplane.mesosapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Pages;
import io.finback.resources.AgentId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Files of an agent through a master. */
class AgentFilesTest {
    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private final CountDownLatch go = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer agent;
    private ServedApi api;

    @BeforeEach
    void serve() throws Exception {
        agent = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        agent.setExecutor(threads);
        agent.createContext("/files/", this::answer);
        agent.start();
        api = new ServedApi();
        api.view.set(with(agent.getAddress().getPort()));
    }

    @AfterEach
    void stop() {
        go.countDown();
        api.close();
        agent.stop(0);
        threads.shutdownNow();
    }

    @Test
    void passesOnWhatTheAgentSays() throws Exception {
        HttpResponse<byte[]> read = api.get("/finback/agents/a9/files/read?path=%2Fframeworks%2Ff+x&offset=-1&jsonp=f");
        assertThat(read.statusCode()).isEqualTo(200);
        assertThat(new String(read.body(), UTF_8)).isEqualTo("said");
        assertThat(asked).containsExactly("/files/read?path=%2Fframeworks%2Ff+x&offset=-1&jsonp=f");

        HttpResponse<byte[]> download = api.get("/master/finback/agents/a9/files/download?path=x");
        assertThat(download.statusCode()).isEqualTo(404);
        assertThat(download.headers().firstValue("Content-Disposition")).contains("attachment; filename=\"x\"");
        assertThat(download.headers().firstValue("Content-Type").orElse("")).startsWith("text/special");
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertThat(text("/finback/agents/none/files/read", 404)).contains("agent: 'none'");
        for (String path : List.of("a9/files/write", "a9/state", "a9", "a9/files/read/more", "a9/files/")) {
            assertThat(text("/finback/agents/" + path, 404)).contains("(expected: <agent id>/files/");
        }
        assertThat(asked).isEmpty();
        api.view.set(with(1));
        assertThat(text("/finback/agents/a9/files/read", 502)).contains("agent a9 does not answer at 127.0.0.1:1");
    }

    @Test
    void streamsAsItComesAndNotMoreThanSoManyAtATime() throws Exception {
        try (BufferedReader first = follow();
                BufferedReader second = follow()) {
            assertThat(first.readLine()).isEqualTo("data: one");
            assertThat(second.readLine()).isEqualTo("data: one");
            assertThat(text("/finback/agents/a9/files/read", 503)).contains("finback.master.api.max-files");
            go.countDown();
            assertThat(first.readLine()).isEqualTo("data: two");
        }
        api.until(() -> api.get("/finback/agents/a9/files/read").statusCode() == 200);
    }

    /** Each such client once took a place for ever, until no file of any agent could be read through this master. */
    @Test
    void whoIsGoneBeforeTheAnswerTakesNoPlace() throws Exception {
        ActorTestKit kit = ActorTestKit.create();
        try {
            AgentFiles files = new AgentFiles(api.view::get, kit.system(), 1);
            for (int i = 0; i < 3; i++) {
                var answer = files.answer(
                                akka.http.javadsl.model.HttpRequest.GET("http://m/finback/agents/a9/files/read?path=x"))
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS);
                assertThat(answer.status().intValue()).isEqualTo(200);
                assertThat(files.open()).isZero();
            }
        } finally {
            kit.shutdownTestKit();
        }
    }

    private BufferedReader follow() throws Exception {
        HttpResponse<InputStream> stream = api.client()
                .send(
                        HttpRequest.newBuilder(api.uri("/finback/agents/a9/files/follow?path=x"))
                                .build(),
                        HttpResponse.BodyHandlers.ofInputStream());
        assertThat(stream.statusCode()).isEqualTo(200);
        return new BufferedReader(new InputStreamReader(stream.body(), UTF_8));
    }

    private String text(String path, int status) throws Exception {
        HttpResponse<byte[]> reply = api.get(path);
        String body = new String(reply.body(), UTF_8);
        assertThat(reply.statusCode()).as(body).isEqualTo(status);
        return body;
    }

    private void answer(HttpExchange exchange) throws IOException {
        asked.add(exchange.getRequestURI().toString());
        String path = exchange.getRequestURI().getPath();
        if (path.endsWith("follow")) {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("data: one\n".getBytes(UTF_8));
            exchange.getResponseBody().flush();
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.getResponseBody().write("data: two\n".getBytes(UTF_8));
        } else {
            boolean download = path.endsWith("download");
            if (download) {
                exchange.getResponseHeaders().add("Content-Disposition", "attachment; filename=\"x\"");
                exchange.getResponseHeaders().add("Content-Type", "text/special");
            }
            exchange.sendResponseHeaders(download ? 404 : 200, 4);
            exchange.getResponseBody().write("said".getBytes(UTF_8));
        }
        exchange.close();
    }

    private static ClusterSnapshot with(int port) {
        AllocationDelta.Agent any = Clusters.agent("a9", true);
        AllocationDelta.Agent at = new AllocationDelta.Agent(
                new AgentSpec(
                        AgentId.of("a9"),
                        "127.0.0.1",
                        port,
                        any.spec().total(),
                        any.spec().attributes(),
                        "test"),
                any.admittedAt(),
                any.lostAt(),
                any.active(),
                any.allocated(),
                any.offered(),
                any.total(),
                any.deactivated(),
                any.drain(),
                any.goneAt(),
                any.offers());
        ClusterSnapshot empty = ClusterSnapshot.EMPTY;
        return new ClusterSnapshot(true, 1, Pages.of(List.of(at)), empty.frameworks(), empty.ended(), empty.pool());
    }
}
