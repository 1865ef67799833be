package io.finback.controlplane.mesosapi;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.http.javadsl.ServerBinding;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.allocation.AllocatorMeter;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.allocator.Explanation;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.mesosapi.subscribe.Connections;
import io.finback.controlplane.mesosapi.subscribe.Gate;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.EventLog;
import io.finback.resources.FrameworkId;
import io.finback.security.Guard;
import io.finback.security.SecuritySettings;
import io.finback.settings.HttpListen;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** The cluster API on a port of its own, with a view that tests set and entities that tests answer for. */
final class ServedApi implements AutoCloseable, OperatorCommands {
    static final MasterIdentity SELF = new MasterIdentity("m1", "127.0.0.1", 5050, "test", Instant.EPOCH);

    final AtomicReference<ClusterSnapshot> view = new AtomicReference<>(ClusterSnapshot.EMPTY);
    final EventLog events;
    final Queue<OperatorCommand> told = new ConcurrentLinkedQueue<>();
    final Queue<FrameworkId> tornDown = new ConcurrentLinkedQueue<>();
    final AtomicReference<CompletionStage<OperatorReply>> reply =
            new AtomicReference<>(CompletableFuture.completedFuture(new OperatorReply.Done()));
    final AtomicReference<CallAnswer> teardownAnswer = new AtomicReference<>(new CallAnswer.Done());

    final Queue<String> asked = new ConcurrentLinkedQueue<>();
    final AtomicReference<CompletionStage<Explanation>> explanation = new AtomicReference<>(new CompletableFuture<>());

    private final ActorTestKit kit = ActorTestKit.create(ConfigFactory.parseString("akka.loglevel = WARNING"));
    private final ExecutorService reads = Executors.newFixedThreadPool(2);
    private final HttpClient client = HttpClient.newHttpClient();
    private final ServerBinding binding;

    ServedApi() throws Exception {
        this(new ClusterApiSettings(100, 1 << 20, Duration.ofSeconds(5), 3, 100, 2));
    }

    /** Asks who it is, and obeys the rules. */
    ServedApi(SecuritySettings security) throws Exception {
        this(new ClusterApiSettings(100, 1 << 20, Duration.ofSeconds(5), 3, 1000, 2), security);
    }

    ServedApi(ClusterApiSettings settings) throws Exception {
        this(settings, SecuritySettings.OPEN);
    }

    private ServedApi(ClusterApiSettings settings, SecuritySettings security) throws Exception {
        Guard guard = new Guard(kit.system(), "test", security, ClusterApi::refusal);
        events = new EventLog(settings.keptEvents());
        TreeMap<String, String> flags = new TreeMap<>();
        flags.put("port", "5050");
        ClusterApi api = ClusterApi.create(new ClusterApiParts(
                view::get,
                () -> SELF,
                Clock.systemUTC(),
                reads,
                settings,
                flags,
                events,
                this,
                guard,
                Set.of(FrameworkId.of("built-in")),
                new AllocatorMeter(),
                kit.system()));
        binding = Connections.bind(
                        kit.system(),
                        new HttpListen("127.0.0.1", 0),
                        new Gate(new Connections.Limits(
                                1000, 1000, Duration.ofMinutes(1), Duration.ofSeconds(30), 1 << 24)),
                        guard.before(
                                request -> request.method().value().equals("GET") ? Guard.Door.READ : Guard.Door.WRITE,
                                api::answer))
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    @Override
    public CompletionStage<OperatorReply> operate(OperatorCommand command) {
        told.add(command);
        return reply.get();
    }

    @Override
    public CompletionStage<CallAnswer> teardown(FrameworkId framework) {
        tornDown.add(framework);
        return CompletableFuture.completedFuture(teardownAnswer.get());
    }

    @Override
    public CompletionStage<Explanation> explain(String role, Optional<FrameworkId> framework) {
        asked.add(role + " " + framework.map(FrameworkId::value).orElse("-"));
        return explanation.get();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + binding.localAddress().getPort() + path);
    }

    HttpResponse<byte[]> send(String method, String path, String body, String... headers) throws Exception {
        return send(method, path, body.getBytes(java.nio.charset.StandardCharsets.UTF_8), headers);
    }

    HttpResponse<byte[]> send(String method, String path, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body.length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        return send("GET", path, "", headers);
    }

    JsonNode json(String path) throws Exception {
        return new ObjectMapper().readTree(get(path).body());
    }

    HttpResponse<byte[]> call(String json) throws Exception {
        return send("POST", "/api/v1", json, "Content-Type", "application/json");
    }

    /** Waits for a condition, seconds at most. */
    void until(Callable<Boolean> condition) {
        kit.createTestProbe().awaitAssert(Duration.ofSeconds(20), Duration.ofMillis(20), () -> {
            try {
                assertThat(condition.call()).isTrue();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            return 0;
        });
    }

    HttpClient client() {
        return client;
    }

    @Override
    public void close() {
        kit.shutdownTestKit();
        reads.shutdownNow();
    }
}
