package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import com.typesafe.config.Config;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.app.DeploymentTrace;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.marathonapi.ServicesApi;
import io.finback.controlplane.service.ServicesSettings;
import io.finback.controlplane.service.TestMaster;
import io.finback.persistence.EventFeed;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import io.finback.runtime.Node;
import io.finback.runtime.StartFailure;
import io.finback.security.Rules;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tracing.SpanCollector;
import io.finback.tracing.SpanCollector.Got;
import io.finback.wire.MasterToAgent;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a collector is told of a master: requests at its ports, offers, deployments. */
@Timeout(120)
class MasterTracesTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String SPAN = "b7ad6b7169203331";

    @TempDir
    Path data;

    private final HttpClient http = HttpClient.newHttpClient();

    private static Map<String, Object> settings(SpanCollector collector, double rate) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("finback.tracing.exporter", "zipkin");
        settings.put("finback.tracing.endpoint", collector.url());
        settings.put("finback.tracing.sample-rate", rate);
        settings.put("finback.tracing.flush-interval", "10ms");
        return settings;
    }

    /** Runs all it is told to, at once. */
    private static void live(ScriptedAgent agent, AtomicBoolean over, Map<String, String> traces) {
        while (!over.get()) {
            MasterToAgent message;
            try {
                message = agent.probe.receiveMessage(Duration.ofMillis(100));
            } catch (AssertionError nothingYet) {
                continue;
            }
            if (message instanceof MasterToAgent.Launch launch) {
                traces.putAll(launch.traces());
                for (TaskInfo task : launch.tasks()) {
                    agent.received(TaskKey.of(task.framework(), task.id()));
                    agent.update(task, TaskState.RUNNING, UUID.randomUUID().toString());
                }
            }
        }
    }

    private static ServerBinding serve(ControlPlaneHarness harness) {
        ClusterSharding sharding = ClusterSharding.get(harness.system());
        ServicesSettings settings = ServicesSettings.draft("127.0.0.1:1", "0.1.0")
                .pace(Duration.ofMillis(200), Duration.ofMillis(50), Duration.ZERO, Duration.ofMillis(500))
                .done();
        ServicesApi api = ServicesApi.start(
                harness.system(),
                settings,
                EventFeed.of(harness.system())::entityIds,
                sharding.entityRefFor(SchedulerCall.KEY, SchedulerMessage.FRAMEWORK.value()),
                command -> sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                        .ask(
                                (ActorRef<OperatorReply> replyTo) -> new AllocatorMessage.Operate(command, replyTo),
                                Duration.ofSeconds(5)),
                host -> Map.of(),
                Rules.NONE);
        akka.japi.function.Function<
                        akka.http.javadsl.model.HttpRequest,
                        java.util.concurrent.CompletionStage<akka.http.javadsl.model.HttpResponse>>
                handler = api.route().handler(harness.system());
        ServerBinding server = TestMaster.get(Http.get(harness.system())
                .newServerAt("127.0.0.1", 0)
                .bind(TracedApi.before(harness.system(), "services", request -> {
                    try {
                        return handler.apply(request);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                })::apply));
        TestMaster.get(api.ready());
        return server;
    }

    @Test
    void onePictureShowsWhereADeploymentWaits() throws Exception {
        try (SpanCollector collector = SpanCollector.start();
                ControlPlaneHarness harness = new ControlPlaneHarness(data, settings(collector, 1))) {
            ServerBinding server = serve(harness);
            ScriptedAgent agent = new ScriptedAgent(
                            harness, "a1", Resources.of(6, 4096, 10000).withPorts(Ranges.of(31000, 31099)))
                    .register();
            AtomicBoolean over = new AtomicBoolean();
            Map<String, String> traces = new ConcurrentHashMap<>();
            Thread living = new Thread(() -> live(agent, over, traces));
            living.start();
            try {
                HttpResponse<String> created = http.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                                        + server.localAddress().getPort() + "/v2/apps?token=s3cret"))
                                .header("traceparent", "00-" + TRACE + "-" + SPAN + "-01")
                                .header("Authorization", "Bearer s3cret")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"id\":\"/shop/web\",\"cmd\":\"s3cret\",\"cpus\":1,\"mem\":64,\"instances\":3,"
                                                + "\"env\":{\"PASSWORD\":\"s3cret\"}}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
                String id =
                        created.headers().firstValue("Marathon-Deployment-Id").orElseThrow();
                TestMaster.await(
                        "the deployment's span",
                        () -> !collector.named("deployment").isEmpty());
                TestMaster.await(
                        "its instances", () -> collector.named("instance").size() == 3);
                TestMaster.await(
                        "its launches", () -> collector.named("instance.launch").size() == 3);

                Got deployment = collector.named("deployment").get(0);
                assertThat(deployment.trace())
                        .isEqualTo(DeploymentTrace.root(id).traceIdHex());
                assertThat(deployment.parent()).isEmpty();
                assertThat(deployment.tag("finback.deployment_id")).isEqualTo(id);
                assertThat(deployment.tag("finback.apps")).isEqualTo("/shop/web");
                assertThat(collector.named("deployment.step")).isNotEmpty().allSatisfy(step -> {
                    assertThat(step.trace()).isEqualTo(deployment.trace());
                    assertThat(step.parent()).isEqualTo(deployment.id());
                    assertThat(step.tag("finback.recovered")).isEqualTo("false");
                });
                List<String> steps =
                        collector.named("deployment.step").stream().map(Got::id).toList();
                assertThat(collector.named("instance")).allSatisfy(instance -> {
                    assertThat(instance.trace()).isEqualTo(deployment.trace());
                    assertThat(steps).contains(instance.parent());
                    assertThat(instance.tag("finback.agent_id")).isEqualTo("a1");
                    assertThat(collector.named("instance.wait_for_offer"))
                            .anySatisfy(wait -> assertThat(wait.parent()).isEqualTo(instance.id()));
                    assertThat(collector.named("instance.launch"))
                            .anySatisfy(launch -> assertThat(launch.parent()).isEqualTo(instance.id()));
                });
                // Whoever asked is in the caller's trace, and each knows of the other.
                Got request = collector.named("POST /v2/apps").get(0);
                assertThat(request.kind()).isEqualTo("SERVER");
                assertThat(request.trace()).isEqualTo(TRACE);
                assertThat(request.parent()).isEqualTo(SPAN);
                assertThat(request.tag("http.status_code")).isEqualTo("201");
                assertThat(request.tag("finback.deployment_trace")).isEqualTo(deployment.trace());
                Got asked = collector.named("deployment.asked").get(0);
                assertThat(asked.parent()).isEqualTo(deployment.id());
                assertThat(asked.tag("finback.api_trace")).isEqualTo(TRACE);
                // An offer, and what became of it.
                TestMaster.await(
                        "what was launched",
                        () -> collector.named("task.launch").size() == 3);
                Got launch = collector.named("task.launch").get(0);
                assertThat(launch.tag("finback.state")).isEqualTo("TASK_RUNNING");
                // The agent was told whose part its work is.
                Got start = collector.await("task.start", 3).stream()
                        .filter(span -> span.parent().equals(launch.id()))
                        .findFirst()
                        .orElseThrow();
                assertThat(traces).hasSize(3);
                assertThat(traces.get(launch.tag("finback.framework_id") + "/" + launch.tag("finback.task_id")))
                        .isEqualTo("00-" + launch.trace() + "-" + start.id() + "-01");
                Got offer = collector.named("offer").stream()
                        .filter(span -> span.id().equals(launch.parent()))
                        .findFirst()
                        .orElseThrow();
                assertThat(offer.trace()).isEqualTo(launch.trace());
                assertThat(offer.tag("finback.outcome")).isEqualTo("accepted");
                assertThat(collector.spans().toString()).doesNotContain("s3cret");
            } finally {
                over.set(true);
                living.join(5_000);
            }
        }
    }

    @Test
    void requestsAtTheClusterPortJoinTheirCallersTrace() throws Exception {
        try (SpanCollector collector = SpanCollector.start()) {
            Config config = ControlPlaneHarness.config(data, settings(collector, 0));
            String url = "http://127.0.0.1:" + config.getInt("finback.master.http.port");
            Node node = MasterNode.start(config);
            try {
                node.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
                assertThat(get(url + "/state", "b3", "80f198ee56343ba8-05e3ac9a4f6e3b90-1"))
                        .isEqualTo(200);
                assertThat(get(url + "/nowhere/4711", "b3", "80f198ee56343ba8-05e3ac9a4f6e3b91-1"))
                        .isEqualTo(404);
                assertThat(http.send(
                                        HttpRequest.newBuilder(URI.create(url + "/made/up?jsonp=f"))
                                                .header("b3", "80f198ee56343ba8-05e3ac9a4f6e3b92-1")
                                                .header("Authorization", "Basic eDp5")
                                                .build(),
                                        HttpResponse.BodyHandlers.discarding())
                                .statusCode())
                        .isEqualTo(403);
                // Not kept: nobody asked for it.
                assertThat(get(url + "/state", "x", "y")).isEqualTo(200);
                collector.await(3);
                assertThat(collector.named("GET refused").get(0).tag("http.path"))
                        .isEqualTo("/made/up");
                Got state = collector.named("GET /state").get(0);
                assertThat(state.trace()).isEqualTo("80f198ee56343ba8");
                assertThat(state.parent()).isEqualTo("05e3ac9a4f6e3b90");
                assertThat(state.service()).isEqualTo("finback-master");
                assertThat(state.tag("finback.port")).isEqualTo("cluster");
                assertThat(collector.named("GET not found").get(0).tag("http.path"))
                        .isEqualTo("/nowhere/4711");
                TestMaster.await("counted", () -> {
                    try {
                        return http.send(
                                        HttpRequest.newBuilder(URI.create(url + "/metrics"))
                                                .build(),
                                        HttpResponse.BodyHandlers.ofString())
                                .body()
                                .contains("finback_traces_sent_total 3\n");
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
            } finally {
                node.stop().toCompletableFuture().get(30, TimeUnit.SECONDS);
            }
        }
    }

    private int get(String url, String name, String value) throws Exception {
        return http.send(
                        HttpRequest.newBuilder(URI.create(url))
                                .header(name, value)
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void aWrongSettingStopsTheStartAndNamesItsKey() {
        Config config = ControlPlaneHarness.config(data, Map.of("finback.tracing.sample-rate", 7));
        assertThatThrownBy(() -> MasterNode.start(config))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.tracing.sample-rate: 7");
    }
}
