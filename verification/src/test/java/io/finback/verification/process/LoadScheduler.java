package io.finback.verification.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * A scheduler on the wire that launches what it is given and remembers everything it is told of it. Updates are acknowledged at once.
 * One thread reads events; calls may come from any thread.
 */
final class LoadScheduler implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> TERMINAL = Set.of(
            "TASK_FINISHED",
            "TASK_FAILED",
            "TASK_KILLED",
            "TASK_ERROR",
            "TASK_LOST",
            "TASK_DROPPED",
            "TASK_GONE",
            "TASK_GONE_BY_OPERATOR");

    /** One thing that was said of a task, and when it was heard. */
    record Said(String state, String reason, String message, String uuid, JsonNode status, long atNanos) {
        boolean isTerminal() {
            return TERMINAL.contains(state);
        }
    }

    record Offer(String id, String agent, Set<String> kinds, Map<String, Double> amounts) {
        /** How many tasks of this size fit. */
        int room(double cpus, double mem) {
            // A sum of many tenths is a little less than it should be.
            return (int) Math.min(
                    Math.floor(amounts.getOrDefault("cpus", 0.0) / cpus + 1e-6),
                    Math.floor(amounts.getOrDefault("mem", 0.0) / mem + 1e-6));
        }
    }

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final URI uri;
    private final InputStream events;
    private final Thread reader;
    private final String streamId;
    private final Map<String, List<Said>> said = new ConcurrentHashMap<>();
    private final Map<String, Offer> offers = new ConcurrentHashMap<>();
    private final Collection<String> problems = new ConcurrentLinkedQueue<>();
    private volatile Consumer<Offer> onOffer = offer -> {};
    private volatile String id = "";
    private volatile boolean closing;

    LoadScheduler(int clusterPort, List<String> capabilities) throws IOException, InterruptedException {
        this.uri = URI.create("http://127.0.0.1:" + clusterPort + "/api/v1/scheduler");
        ObjectNode call = JSON.createObjectNode().put("type", "SUBSCRIBE");
        ObjectNode info = call.putObject("subscribe").putObject("framework_info");
        info.put("user", System.getProperty("user.name"))
                .put("name", "load")
                .put("failover_timeout", 3600.0)
                .put("checkpoint", true);
        info.putArray("roles").add("load");
        ArrayNode list = info.putArray("capabilities");
        List.of("MULTI_ROLE", "RESERVATION_REFINEMENT")
                .forEach(one -> list.addObject().put("type", one));
        capabilities.forEach(one -> list.addObject().put("type", one));
        HttpResponse<InputStream> response = http.send(
                post(call).header("Accept", "application/json").build(), HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            throw new IOException("SUBSCRIBE: " + response.statusCode() + " "
                    + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
        }
        this.streamId = response.headers().firstValue("Mesos-Stream-Id").orElseThrow();
        this.events = response.body();
        this.reader = new Thread(this::read, "load-scheduler");
        reader.setDaemon(true);
        reader.start();
        Waiting.until("the scheduler is subscribed", Duration.ofSeconds(20), () -> !id.isEmpty());
    }

    /** What was said of a task, in the order it was heard; an update that was repeated is there once. */
    List<Said> of(String task) {
        return said.getOrDefault(task, List.of());
    }

    boolean hasEnded(String task) {
        return of(task).stream().anyMatch(Said::isTerminal);
    }

    boolean has(String task, String state) {
        return of(task).stream().anyMatch(one -> one.state().equals(state));
    }

    /** What went wrong with the conversation itself. */
    Collection<String> problems() {
        return problems;
    }

    /** Offers that have come and are neither used nor rescinded. */
    List<Offer> offers() {
        return new ArrayList<>(offers.values());
    }

    /** From now on {@code use} gets every offer, those that have come before first. One at a time. */
    void onOffer(Consumer<Offer> use) {
        synchronized (offers) {
            onOffer = use;
            offers().forEach(use);
        }
    }

    /** A task description without ids and agent: a command, and so much of everything. */
    static ObjectNode task(String taskId, String command, double cpus, double mem) {
        ObjectNode task = JSON.createObjectNode().put("name", taskId);
        task.putObject("task_id").put("value", taskId);
        task.putObject("command").put("value", command);
        ArrayNode resources = task.putArray("resources");
        scalar(resources, "cpus", cpus);
        scalar(resources, "mem", mem);
        return task;
    }

    /** The same with a health check: a command. */
    static ObjectNode checked(ObjectNode task, String command, double intervalSeconds, int failures) {
        ObjectNode check = task.putObject("health_check")
                .put("type", "COMMAND")
                .put("delay_seconds", 0.0)
                .put("interval_seconds", intervalSeconds)
                .put("consecutive_failures", failures);
        check.putObject("command").put("value", command);
        return task;
    }

    /** The same on borrowed processors. */
    static ObjectNode borrowing(ObjectNode task) {
        task.path("resources").forEach(resource -> {
            if (resource.path("name").asText().equals("cpus")) {
                ((ObjectNode) resource).putObject("revocable");
            }
        });
        return task;
    }

    /** Launches on an offer, which is then used up; without tasks it is declined for so long. */
    void use(Offer offer, List<ObjectNode> tasks, double refuseSeconds) {
        offers.remove(offer.id());
        ObjectNode call = call(tasks.isEmpty() ? "DECLINE" : "ACCEPT");
        ObjectNode body = call.putObject(tasks.isEmpty() ? "decline" : "accept");
        body.putArray("offer_ids").addObject().put("value", offer.id());
        body.putObject("filters").put("refuse_seconds", refuseSeconds);
        if (!tasks.isEmpty()) {
            ObjectNode operation = body.putArray("operations").addObject().put("type", "LAUNCH");
            ArrayNode infos = operation.putObject("launch").putArray("task_infos");
            for (ObjectNode task : tasks) {
                infos.add(task.deepCopy());
                ((ObjectNode) infos.get(infos.size() - 1)).putObject("agent_id").put("value", offer.agent());
            }
        }
        say(call);
    }

    void revive() {
        say(call("REVIVE"));
    }

    void kill(String task) {
        ObjectNode call = call("KILL");
        call.putObject("kill").putObject("task_id").put("value", task);
        say(call);
    }

    void reconcile(Collection<String> tasks) {
        ObjectNode call = call("RECONCILE");
        ArrayNode asked = call.putObject("reconcile").putArray("tasks");
        tasks.forEach(task -> asked.addObject().putObject("task_id").put("value", task));
        say(call);
    }

    @Override
    public void close() throws IOException {
        closing = true;
        try {
            say(call("TEARDOWN"));
        } finally {
            events.close();
        }
    }

    private void read() {
        try {
            while (!closing) {
                handle(JSON.readTree(record()));
            }
        } catch (IOException | RuntimeException e) {
            if (!closing) {
                problems.add("events: " + e);
            }
        }
    }

    private void handle(JsonNode event) {
        switch (event.path("type").asText()) {
            case "SUBSCRIBED" ->
                id = event.path("subscribed").path("framework_id").path("value").asText();
            case "OFFERS" ->
                event.path("offers").path("offers").forEach(node -> {
                    Set<String> kinds = ConcurrentHashMap.newKeySet();
                    Map<String, Double> amounts = new ConcurrentHashMap<>();
                    node.path("resources").forEach(resource -> {
                        String kind = resource.path("name").asText() + (resource.has("revocable") ? ":revocable" : "");
                        kinds.add(kind);
                        amounts.merge(
                                kind, resource.path("scalar").path("value").asDouble(), Double::sum);
                    });
                    Offer offer = new Offer(
                            node.path("id").path("value").asText(),
                            node.path("agent_id").path("value").asText(),
                            kinds,
                            amounts);
                    offers.put(offer.id(), offer);
                    onOffer.accept(offer);
                });
            case "RESCIND" ->
                offers.remove(
                        event.path("rescind").path("offer_id").path("value").asText());
            case "UPDATE" -> update(event.path("update").path("status"));
            case "ERROR" ->
                problems.add("ERROR " + event.path("error").path("message").asText());
            default -> {
                // Heartbeats.
            }
        }
    }

    private void update(JsonNode status) {
        String task = status.path("task_id").path("value").asText();
        String uuid = status.path("uuid").asText();
        Said one = new Said(
                status.path("state").asText(),
                status.path("reason").asText(),
                status.path("message").asText(),
                uuid,
                status,
                System.nanoTime());
        List<Said> all = said.computeIfAbsent(task, key -> new CopyOnWriteArrayList<>());
        if (uuid.isEmpty() || all.stream().noneMatch(known -> known.uuid().equals(uuid))) {
            all.add(one);
        }
        if (!uuid.isEmpty()) {
            ObjectNode call = call("ACKNOWLEDGE");
            ObjectNode acknowledge = call.putObject("acknowledge");
            acknowledge
                    .putObject("agent_id")
                    .put("value", status.path("agent_id").path("value").asText());
            acknowledge.putObject("task_id").put("value", task);
            acknowledge.put("uuid", uuid);
            say(call);
        }
    }

    private void say(ObjectNode call) {
        try {
            HttpResponse<String> response = http.send(
                    post(call)
                            .header("Mesos-Stream-Id", streamId)
                            .timeout(Duration.ofSeconds(30))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 202) {
                problems.add(call.path("type").asText() + ": " + response.statusCode() + " " + response.body());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private ObjectNode call(String type) {
        ObjectNode call = JSON.createObjectNode().put("type", type);
        call.putObject("framework_id").put("value", id);
        return call;
    }

    private HttpRequest.Builder post(ObjectNode call) throws IOException {
        return HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(call)));
    }

    /** RecordIO: the length in decimal, a newline, that many bytes. */
    private byte[] record() throws IOException {
        ByteArrayOutputStream digits = new ByteArrayOutputStream();
        for (int next = events.read(); next != '\n'; next = events.read()) {
            if (next < 0) {
                throw new IOException("the stream ended");
            }
            digits.write(next);
        }
        return events.readNBytes(Integer.parseInt(digits.toString(StandardCharsets.US_ASCII)));
    }

    private static void scalar(ArrayNode resources, String name, double value) {
        resources
                .addObject()
                .put("name", name)
                .put("type", "SCALAR")
                .putObject("scalar")
                .put("value", value);
    }
}
