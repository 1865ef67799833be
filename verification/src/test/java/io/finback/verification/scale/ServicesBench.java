package io.finback.verification.scale;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.boot.MasterNode;
import io.finback.resources.AgentId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Node;
import io.finback.runtime.Role;
import io.finback.wire.AgentInfo;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * How fast services are at sizes where Marathon's users met walls: a real master with its journal, and agents without processes in a
 * member of their own, which speak the agents' protocol over Artery; everything is seen over HTTP. Usage: {@code ServicesBench DIRECTORY
 * [AGENTS [APPS [LARGE [GROUP [SLEEPING]]]]]}: apps created one by one, instances of one app, apps of one group put as a whole, and apps
 * without instances; 0 leaves one out. Prints one line per figure. Nothing is asserted.
 */
public final class ServicesBench {
    private static final Duration LIMIT = Duration.ofMinutes(8);
    private static final int CONCURRENT = 32;
    private static final int READS = 15;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper mapper = new ObjectMapper();
    private final String base;

    private ServicesBench(int port) {
        this.base = "http://127.0.0.1:" + port;
    }

    public static void main(String[] args) throws Exception {
        Path dir = Files.createDirectories(Path.of(args[0]));
        int agents = args.length > 1 ? Integer.parseInt(args[1]) : 100;
        int apps = args.length > 2 ? Integer.parseInt(args[2]) : 1000;
        int large = args.length > 3 ? Integer.parseInt(args[3]) : 0;
        int group = args.length > 4 ? Integer.parseInt(args[4]) : 0;
        int sleeping = args.length > 5 ? Integer.parseInt(args[5]) : 0;
        int clusterPort = freePort();
        int servicesPort = freePort();
        Node unused = MasterNode.start(config(
                clusterPort,
                Map.of(
                        "finback.data-dir", dir.toString(),
                        "finback.master.http.port", freePort(),
                        "finback.services.http.port", servicesPort)));
        ActorSystem<Void> member = ClusterSystem.member(
                Behaviors.empty(),
                config(freePort(), Map.of("finback.cluster.seeds", List.of("127.0.0.1:" + clusterPort))),
                Role.AGENT);
        ActorTestKit kit = ActorTestKit.create(member);
        List<EmulatedAgent> all = new ArrayList<>();
        for (int i = 0; i < agents; i++) {
            all.add(new EmulatedAgent(kit, agent(i)));
        }
        all.forEach(EmulatedAgent::register);
        await("agents registered", () -> all.stream().allMatch(agent -> agent.registrations() > 0));
        // Nothing is kept, so nothing is ended in order.
        try {
            new ServicesBench(servicesPort).run(apps, large, group, sleeping);
            System.exit(0);
        } catch (Exception e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private void run(int apps, int large, int group, int sleeping) throws Exception {
        say("load before: " + Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0]);
        for (int i = 0; i < 3; i++) {
            say("500 instances, POST to all running, run " + i + ": " + deploy("/first-" + i, 500) + " ms");
        }
        say("one instance, POST to running, median of " + READS + ": " + single("before") + " ms");
        if (apps > 0) {
            many("/app-", apps, 10);
            reads("/v2/apps");
            reads("/v2/apps?embed=apps.tasks");
            reads("/v2/groups");
            reads("/v2/tasks");
        }
        if (group > 0) {
            say(group(group));
        }
        if (sleeping > 0) {
            say("one instance before apps without instances, median of " + READS + ": " + single("awake") + " ms");
            many("/asleep-", sleeping, 0);
            say("one instance beside them, median of " + READS + ": " + single("asleep") + " ms");
        }
        say("500 instances beside them: " + deploy("/second", 500) + " ms");
        say("one instance beside them, median of " + READS + ": " + single("after") + " ms");
        if (large > 0) {
            say(large + " instances: " + deploy("/large", large) + " ms");
            reads("/v2/apps/large");
            say("one instance beside them, median of " + READS + ": " + single("beside") + " ms");
        }
        System.out.flush();
        say("load after: " + Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0]);
    }

    private long deploy(String id, int instances) throws Exception {
        long begin = System.nanoTime();
        post(id, instances);
        await(id + " runs", () -> running(id.substring(1)) == instances);
        return (System.nanoTime() - begin) / 1_000_000;
    }

    private long single(String name) throws Exception {
        long[] millis = new long[READS];
        for (int i = 0; i < READS; i++) {
            millis[i] = deploy("/single-" + name + "-" + i, 1);
        }
        Arrays.sort(millis);
        return millis[READS / 2];
    }

    /** One group of so many apps of one instance each, put as a whole, then the same with another command. */
    private String group(int apps) throws Exception {
        long begin = System.nanoTime();
        HttpResponse<String> answer = http.send(whole(apps, "x"), HttpResponse.BodyHandlers.ofString());
        long put = (System.nanoTime() - begin) / 1_000_000;
        if (answer.statusCode() != 200) {
            throw new IllegalStateException("PUT /v2/groups: " + answer.statusCode() + " " + answer.body());
        }
        await(apps + " tasks", () -> running("whole/") == apps);
        await("deployed", () -> get("/v2/deployments").isEmpty());
        return String.format(
                Locale.ROOT,
                "PUT /v2/groups of %d apps of 1 instance: answered after %d ms, deployed after %d ms",
                apps,
                put,
                (System.nanoTime() - begin) / 1_000_000);
    }

    private HttpRequest whole(int apps, String cmd) {
        StringBuilder body = new StringBuilder("{\"id\":\"/whole\",\"apps\":[");
        for (int i = 0; i < apps; i++) {
            body.append(i == 0 ? "" : ",").append(definition("app-" + i, 1, cmd));
        }
        return HttpRequest.newBuilder(URI.create(base + "/v2/groups"))
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(body.append("]}").toString()))
                .build();
    }

    private void many(String prefix, int apps, int instances) throws Exception {
        long begin = System.nanoTime();
        Semaphore free = new Semaphore(CONCURRENT);
        List<CompletableFuture<?>> created = new ArrayList<>();
        for (int i = 0; i < apps; i++) {
            free.acquire();
            created.add(http.sendAsync(request(prefix + i, instances), HttpResponse.BodyHandlers.ofString())
                    .whenComplete((done, failure) -> free.release()));
        }
        CompletableFuture.allOf(created.toArray(CompletableFuture[]::new)).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        long posted = (System.nanoTime() - begin) / 1_000_000;
        int wanted = apps * instances;
        await(wanted + " tasks", () -> wanted == 0 || running(prefix.substring(1)) == wanted);
        await("deployed", () -> get("/v2/deployments").isEmpty());
        say(String.format(
                Locale.ROOT,
                "%d apps of %d instances, %d requests at once: created in %d ms, deployed after %d ms",
                apps,
                instances,
                CONCURRENT,
                posted,
                (System.nanoTime() - begin) / 1_000_000));
    }

    /** Of all apps whose ids begin so. Only counts are asked for: instances are many. */
    private int running(String prefix) {
        int sum = 0;
        for (JsonNode app : get("/v2/apps?id=" + prefix).path("apps")) {
            if (app.path("id").asText().startsWith("/" + prefix)) {
                sum += app.path("tasksRunning").asInt();
            }
        }
        return sum;
    }

    private void reads(String path) throws IOException, InterruptedException {
        double[] millis = new double[READS];
        int bytes = 0;
        for (int i = 0; i < READS; i++) {
            long begin = System.nanoTime();
            bytes = http.send(
                            HttpRequest.newBuilder(URI.create(base + path)).build(),
                            HttpResponse.BodyHandlers.ofByteArray())
                    .body()
                    .length;
            millis[i] = (System.nanoTime() - begin) / 1e6;
        }
        double first = millis[0];
        Arrays.sort(millis);
        say(String.format(
                Locale.ROOT,
                "GET %s: first %.0f ms, median %.0f ms, worst %.0f ms, %d KiB",
                path,
                first,
                millis[READS / 2],
                millis[READS - 1],
                bytes / 1024));
    }

    private void post(String id, int instances) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(request(id, instances), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 201) {
            throw new IllegalStateException("POST " + id + ": " + answer.statusCode() + " " + answer.body());
        }
    }

    private HttpRequest request(String id, int instances) {
        String body = definition(id, instances, "exec ./server --port $PORT0");
        return HttpRequest.newBuilder(URI.create(base + "/v2/apps"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static String definition(String id, int instances, String cmd) {
        return "{\"id\":\"" + id + "\",\"cmd\":\"" + cmd + "\",\"cpus\":0.01,\"mem\":8,\"instances\":" + instances
                + ",\"labels\":{\"team\":\"whales\",\"HAPROXY_GROUP\":\"external\"},\"env\":{\"A\":\"b\"}"
                // There are 10,001 service ports for all apps.
                + (instances == 0 ? ",\"portDefinitions\":[]}" : "}");
    }

    private JsonNode get(String path) {
        try {
            return mapper.readTree(http.send(
                            HttpRequest.newBuilder(URI.create(base + path)).build(),
                            HttpResponse.BodyHandlers.ofByteArray())
                    .body());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("GET " + path, e);
        }
    }

    private static AgentInfo agent(int number) {
        return new AgentInfo(
                AgentId.of("emulated-" + number),
                "host-" + number,
                5051,
                Resources.of(1000, 1_000_000, 100_000).withPorts(Ranges.of(10_000, 60_000)),
                Map.of("rack", "r" + number / 10),
                "bench");
    }

    private static Config config(int port, Map<String, Object> more) throws IOException {
        Map<String, Object> settings = new HashMap<>(more);
        settings.put("finback.cluster.port", port);
        settings.put("finback.management.port", freePort());
        return ConfigFactory.parseMap(settings).withFallback(ConfigFactory.load());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("not within " + LIMIT + ": " + what);
            }
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
