package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each of many services, one after the other, is called by name at two routers all the time from before it exists: how long after the event
 * that says that its task runs does each router send a call there? What listens at the services' port is there all the while, so that the time
 * of a server's start is no part of it.
 */
@Tag("process")
@Timeout(300)
final class CallableWhenReadyIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int APPS = 50;
    private static final int WARM = 5;
    /** One of the agent's. */
    private static final int PORT = 20_550;
    /** The promise, for the 99th of a hundred. */
    private static final long PROMISED_MILLIS = 250;

    @TempDir
    private Path dir;

    @Test
    void everyRouterCallsAServiceSoonAfterItIsReady() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir, 1)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            List<ClusterProcesses.NodeProcess> others = List.of(cluster.agent(1), cluster.router(1), cluster.router(2));
            others.forEach(cluster::awaitReady);
            int port = master.port("finback.services.http.port");
            ServicesClient client = new ServicesClient(port);
            List<Long> millis = new ArrayList<>();
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT), 0);
            server.createContext("/", exchange -> {
                exchange.sendResponseHeaders(HttpURLConnection.HTTP_NO_CONTENT, -1);
                exchange.close();
            });
            server.start();
            ExecutorService callers = Executors.newFixedThreadPool(2);
            try (EventReader events = new EventReader(port, "?event_type=status_update_event")) {
                for (int i = 0; i < WARM + APPS; i++) {
                    String name = "ready-" + i;
                    List<Future<Instant>> first = new ArrayList<>();
                    for (ClusterProcesses.NodeProcess router : others.subList(1, 3)) {
                        int routerPort = router.port("finback.router.http.port");
                        first.add(callers.submit(() -> firstCall(routerPort, name)));
                    }
                    client.post("/v2/apps", app(name));
                    Instant ready = running(events, "/" + name);
                    for (Future<Instant> each : first) {
                        if (i >= WARM) {
                            millis.add(Duration.between(ready, each.get()).toMillis());
                        } else {
                            each.get();
                        }
                    }
                    client.remove("/" + name, LIMIT);
                }
            } finally {
                callers.shutdownNow();
                server.stop(0);
            }
            Collections.sort(millis);
            long p99 = millis.get(millis.size() * 99 / 100 - 1);
            String report = "from ready to called, ms, " + millis.size() + " times: median "
                    + millis.get(millis.size() / 2) + ", p90 " + millis.get(millis.size() * 9 / 10 - 1) + ", p99 " + p99
                    + ", most " + millis.get(millis.size() - 1);
            System.err.println(report);
            assertThat(p99).as(report).isLessThanOrEqualTo(PROMISED_MILLIS);
        }
    }

    private static String app(String name) {
        ObjectNode app = JSON.createObjectNode()
                .put("id", "/" + name)
                .put("cmd", "exec sleep 1000")
                .put("cpus", 0.01)
                .put("mem", 16)
                .put("instances", 1)
                .put("requirePorts", true);
        app.putArray("portDefinitions").addObject().put("port", PORT);
        return app.toString();
    }

    private static Instant running(EventReader events, String app) throws InterruptedException {
        while (true) {
            JsonNode event = events.next("status_update_event", LIMIT);
            if (event.path("appId").asText().equals(app)
                    && event.path("taskStatus").asText().equals("TASK_RUNNING")) {
                return Instant.parse(event.path("timestamp").asText());
            }
        }
    }

    /** When the first call was answered that was sent to the service's instance. */
    private static Instant firstCall(int port, String name) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                .timeout(Duration.ofSeconds(5))
                .header("l5d-name", "/svc/" + name)
                .build();
        long end = System.nanoTime() + LIMIT.toNanos();
        String last = "";
        while (System.nanoTime() < end) {
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            Instant now = Instant.now();
            last = response.statusCode() + " " + response.body();
            if (response.statusCode() == HttpURLConnection.HTTP_NO_CONTENT) {
                return now;
            }
        }
        throw new AssertionError(name + " is not called; the last answer: " + last);
    }
}
