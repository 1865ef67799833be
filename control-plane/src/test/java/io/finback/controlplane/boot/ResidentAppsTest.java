package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.marathonapi.ServicesApi;
import io.finback.controlplane.service.ServicesSettings;
import io.finback.controlplane.service.ServicesView;
import io.finback.persistence.EventFeed;
import io.finback.resources.Kind;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Apps with roles and with volumes of their own, on the real allocator and the real framework entity; agents run whatever they are told. */
class ResidentAppsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Resources SIX = Resources.of(6, 4096, 10000).withPorts(Ranges.of(31000, 31099));

    @TempDir
    Path data;

    private ControlPlaneHarness harness;
    private ServerBinding server;
    private final List<LivingAgent> agents = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();

    /** An agent on which everything runs until it is killed, or told to end. */
    private final class LivingAgent {
        final ScriptedAgent agent;
        final Map<String, TaskInfo> running = new ConcurrentHashMap<>();
        final List<PersistentVolume> destroyed = java.util.Collections.synchronizedList(new ArrayList<>());
        private final Thread thread;
        private volatile boolean over;

        LivingAgent(String id, Resources resources) {
            agent = new ScriptedAgent(harness, id, resources).register();
            thread = new Thread(this::live, "agent " + id);
            thread.start();
        }

        private void live() {
            while (!over) {
                next().ifPresent(this::hear);
            }
        }

        private Optional<MasterToAgent> next() {
            try {
                return Optional.of(agent.probe.receiveMessage(Duration.ofMillis(100)));
            } catch (AssertionError nothingYet) {
                return Optional.empty();
            }
        }

        private void hear(MasterToAgent message) {
            if (message instanceof MasterToAgent.Launch launch) {
                for (TaskInfo task : launch.tasks()) {
                    agent.received(io.finback.resources.TaskKey.of(task.framework(), task.id()));
                    running.put(task.id().value(), task);
                    agent.update(task, TaskState.RUNNING, UUID.randomUUID().toString());
                }
            } else if (message instanceof MasterToAgent.Kill kill) {
                kill.tasks().forEach(one -> {
                    agent.say(new AgentToMaster.Received(agent.session, List.of(), List.of(one.task())));
                    Optional.ofNullable(running.remove(one.task().task().value()))
                            .ifPresent(task -> agent.update(
                                    task, TaskState.KILLED, UUID.randomUUID().toString()));
                });
            } else if (message instanceof MasterToAgent.DestroyVolumes order) {
                destroyed.addAll(order.volumes());
                agent.say(new AgentToMaster.VolumesDestroyed(agent.session, order.volumes()));
            }
        }

        void fail(String taskId) {
            agent.update(
                    running.remove(taskId), TaskState.FAILED, UUID.randomUUID().toString());
        }

        void stop() throws InterruptedException {
            over = true;
            thread.join(5000);
        }
    }

    @BeforeEach
    void start() {
        harness = new ControlPlaneHarness(data, Map.of());
        serve();
    }

    private void serve() {
        var sharding = ClusterSharding.get(harness.system());
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
                io.finback.security.Rules.NONE);
        server = get(Http.get(harness.system()).newServerAt("127.0.0.1", 0).bind(api.route()));
        get(api.ready());
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (LivingAgent agent : agents) {
            agent.stop();
        }
        harness.close();
    }

    @Test
    void usesWhatIsReservedForItsRoleAndWhatIsNobodys() {
        Kind kind = Kind.reserved(Reservation.fixed("eng"));
        LivingAgent agent = agent("a1", SIX.plus(Resources.of(kind, Resources.of(2, 1024, 0))));
        create("{'id':'/eng/web','role':'eng','cmd':'x','cpus':1,'mem':64,'instances':8}");
        await("all run", () -> running(agent).size() == 8);
        Resources held = Resources.EMPTY;
        for (TaskInfo task : running(agent)) {
            assertThat(task.role()).isEqualTo("eng");
            held = held.plus(task.resources());
        }
        assertThat(held.amountOf(kind).milli("cpus")).isEqualTo(2000);
        assertThat(held.milli("cpus")).isEqualTo(6000);
        JsonNode app = ok(send("GET", "/v2/apps/eng/web", "")).path("app");
        assertThat(app.path("role").asText()).isEqualTo("eng");
        assertThat(app.path("tasks").get(0).path("role").asText()).isEqualTo("eng");

        create("{'id':'/any','cmd':'x','cpus':0.1,'mem':16}");
        create("{'id':'/own','role':'eng','acceptedResourceRoles':['eng'],'cmd':'x','cpus':0.1,'mem':16}");
        await("both are explained", () -> List.of("any", "own").stream()
                .allMatch(id -> send("GET", "/finback/queue/" + id, "").statusCode() == 200));
        assertThat(running(agent)).hasSize(8);
    }

    @Test
    void keepsToTheQuotaOfItsRole() {
        LivingAgent agent = agent("a1", SIX);
        operate(new OperatorCommand.SetQuotas(
                List.of(new Quota("eng", new TreeMap<>(), new TreeMap<>(Map.of("cpus", 2000L)))), true));
        create("{'id':'/web','role':'eng','cmd':'x','cpus':1,'mem':64,'instances':4}");
        create("{'id':'/free','cmd':'x','cpus':1,'mem':64,'instances':3}");
        await(
                "the others run",
                () -> running(agent).stream()
                                .filter(task -> task.role().equals("*"))
                                .count()
                        == 3);
        await("as many as may", () -> running(agent).size() == 5);
        // One more would have come by now: those of the other app, asked for later, have.
        assertThat(running(agent).stream().filter(task -> task.role().equals("eng")))
                .hasSize(2);
    }

    @Test
    void comesBackToItsVolumesAndGivesThemBackInTheEnd() {
        LivingAgent one = agent("a1", SIX);
        LivingAgent two = agent("a2", SIX);
        create(DATABASE);
        await("both run", () -> running(one).size() + running(two).size() == 2);
        Map<String, String> homes = homes();
        assertThat(homes).hasSize(2);
        JsonNode app = ok(send("GET", "/v2/apps/db", "")).path("app");
        assertThat(app.path("residency").path("taskLostBehavior").asText()).isEqualTo("WAIT_FOREVER");
        assertThat(app.path("unreachableStrategy").asText()).isEqualTo("disabled");
        assertThat(app.path("upgradeStrategy").toString())
                .isEqualTo("{\"minimumHealthCapacity\":0.5,\"maximumOverCapacity\":0}");
        assertThat(app.path("container").path("volumes").toString())
                .isEqualTo(
                        "[{\"containerPath\":\"data\",\"mode\":\"RW\",\"persistent\":{\"type\":\"root\",\"size\":512}}]");

        // A failure, and an update: the same volumes on the same agents.
        LivingAgent first = running(one).isEmpty() ? two : one;
        first.fail(running(first).get(0).id().value());
        await("it is back", () -> running(one).size() + running(two).size() == 2 && homes().equals(homes));
        ok(send("PUT", "/v2/apps/db", "{'cmd':'y'}"));
        await(
                "updated",
                () -> all().size() == 2
                        && all().stream().allMatch(t -> t.command().value().equals("y")));
        assertThat(homes()).isEqualTo(homes);
        settled();

        // Fewer instances keep all volumes, and more find theirs again.
        ok(send("PUT", "/v2/apps/db", "{'instances':1}"));
        await("one is left", () -> all().size() == 1);
        settled();
        JsonNode tasks = ok(send("GET", "/v2/apps/db/tasks", "")).path("tasks");
        assertThat(tasks).hasSize(2);
        JsonNode detached = tasks.get(1);
        assertThat(detached.path("state").asText()).isEqualTo("TASK_KILLED");
        assertThat(detached.has("startedAt")).isFalse();
        assertThat(homes)
                .containsEntry(
                        detached.path("slaveId").asText(),
                        detached.path("localVolumes")
                                .get(0)
                                .path("persistenceId")
                                .asText());
        assertThat(ok(send("GET", "/v2/apps/db", ""))
                        .path("app")
                        .path("tasksRunning")
                        .asInt())
                .isEqualTo(1);
        ok(send("PUT", "/v2/apps/db", "{'instances':2}"));
        await("two again", () -> all().size() == 2);
        assertThat(homes()).isEqualTo(homes);
        settled();

        // Volumes do not change.
        HttpResponse<String> larger = send(
                "PUT",
                "/v2/apps/db",
                "{'container':{'type':'MESOS','volumes':[{'containerPath':'data','mode':'RW','persistent':{'size':600}}]}}");
        assertThat(larger.statusCode()).as(larger.body()).isEqualTo(422);

        // Wiped: a new volume.
        String victim = all().get(0).id().value();
        String gone = homes.get(all().get(0).agent().value());
        ok(send("DELETE", "/v2/apps/db/tasks/" + victim + "?wipe=true", ""));
        await("a new one", () -> all().size() == 2 && !homes().containsValue(gone));
        await("destroyed", () -> destroyed().contains(gone));

        // One that nobody uses is wiped alone.
        ok(send("PUT", "/v2/apps/db", "{'instances':1}"));
        await("one again", () -> all().size() == 1);
        settled();
        JsonNode idle = ok(send("GET", "/v2/apps/db/tasks", "")).path("tasks").get(1);
        ok(send("DELETE", "/v2/apps/db/tasks/" + idle.path("id").asText() + "?wipe=true", ""));
        await("wiped", () -> destroyed()
                .contains(idle.path("localVolumes").get(0).path("persistenceId").asText()));
        await(
                "told",
                () -> ok(send("GET", "/v2/apps/db/tasks", "")).path("tasks").size() == 1);

        ok(send("DELETE", "/v2/apps/db", ""));
        await(
                "gone",
                () -> send("GET", "/v2/apps/db", "").statusCode() == 404
                        && send("GET", "/v2/deployments", "").body().equals("[]"));
        assertThat(destroyed()).hasSize(3);
        // Nothing is reserved any more: both agents are free for others.
        create("{'id':'/all','cmd':'x','cpus':6,'mem':4096,'disk':10000,'instances':2}");
        await("all of it", () -> all().size() == 2);
    }

    @Test
    void aPodComesBackToItsDiskAndItIsDestroyedWithThePod() {
        LivingAgent one = agent("a1", SIX);
        String disk = "{'id':'/pod','role':'data','containers':[{'name':'db','exec':{'command':{'shell':'x'}},"
                + "'resources':{'cpus':1,'mem':64},'volumeMounts':[{'name':'disk','mountPath':'data'}]},"
                + "{'name':'side','exec':{'command':{'shell':'x'}},'resources':{'cpus':1,'mem':64}}],"
                + "'volumes':[{'name':'disk','persistent':{'size':256}}]}";
        HttpResponse<String> created = send("POST", "/v2/pods", disk);
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        // Two containers and their executor.
        await("both containers run", () -> running(one).size() == 3);
        settled();
        Map<String, String> homes = homes();
        assertThat(homes).hasSize(1);
        TaskInfo db = running(one).stream()
                .filter(task -> task.id().value().endsWith("_db"))
                .findFirst()
                .orElseThrow();
        assertThat(PersistentVolume.in(db.resources())).hasSize(1);
        JsonNode pod = ok(send("GET", "/v2/pods/pod", ""));
        assertThat(pod.path("volumes").toString())
                .isEqualTo("[{\"name\":\"disk\",\"persistent\":{\"type\":\"root\",\"size\":256}}]");
        assertThat(pod.path("scheduling").path("unreachableStrategy").asText()).isEqualTo("disabled");

        running(one).forEach(task -> one.fail(task.id().value()));
        await("another instance has its place", () -> running(one).size() == 3);
        assertThat(running(one)).noneMatch(task -> task.id().equals(db.id()));
        assertThat(homes()).isEqualTo(homes);
        settled();
        JsonNode instance = instances().get(0);
        String volume = homes.get("a1");
        assertThat(instance.path("localVolumes").toString())
                .isEqualTo("[{\"containerPath\":\"data\",\"persistenceId\":\"" + volume + "\"}]");

        // One that no instance uses now is shown, and is wiped by the id of the instance that had it.
        ok(send(
                "PUT",
                "/v2/pods/pod",
                disk.replace("'volumes'", "'scaling':{'kind':'fixed','instances':0},'volumes'")));
        await("its containers were ended", () -> running(one).size() == 1);
        one.fail(running(one).get(0).id().value());
        settled();
        JsonNode idle = instances().get(0);
        assertThat(idle.path("status").asText()).isEqualTo("TERMINAL");
        assertThat(idle.path("agentId").asText()).isEqualTo("a1");
        assertThat(idle.path("localVolumes").toString()).contains(volume);
        String path = "/v2/pods/pod::instances/" + idle.path("id").asText();
        assertThat(send("DELETE", path, "").statusCode()).as("nothing to end").isEqualTo(404);
        assertThat(destroyed()).isEmpty();
        assertThat(ok(send("DELETE", path + "?wipe=true", ""))
                        .path("localVolumes")
                        .toString())
                .contains(volume);
        await("wiped", () -> destroyed().contains(volume));
        await("told", () -> instances().isEmpty());

        // With the instance that uses it, and another begins anew.
        ok(send("PUT", "/v2/pods/pod", disk));
        await("both containers run again", () -> running(one).size() == 3);
        settled();
        String next = homes().get("a1");
        String id = instances().get(0).path("id").asText();
        ok(send("DELETE", "/v2/pods/pod::instances?wipe=true", "['" + id + "']"));
        await("its containers were ended", () -> running(one).size() == 1);
        one.fail(running(one).get(0).id().value());
        await("destroyed with it", () -> destroyed().contains(next));
        await("another runs", () -> running(one).size() == 3);
        settled();
        homes = homes();
        assertThat(send("DELETE", "/v2/pods/pod", "").statusCode()).isEqualTo(202);
        await("its containers were ended", () -> running(one).size() == 1);
        // As agents do: the executor ends with the last of its containers.
        one.fail(running(one).get(0).id().value());
        Map<String, String> last = homes;
        await("destroyed", () -> destroyed().containsAll(last.values()));
    }

    private List<JsonNode> instances() {
        List<JsonNode> all = new ArrayList<>();
        ok(send("GET", "/v2/pods/pod::status", "")).path("instances").forEach(all::add);
        return all;
    }

    @Test
    void waitsWhereItsVolumesAre() {
        LivingAgent one = agent("a1", SIX);
        create(DATABASE.replace("'instances':2", "'instances':1"));
        await("it runs", () -> running(one).size() == 1);
        settled();
        Map<String, String> homes = homes();
        LivingAgent two = agent("a2", SIX);
        // No place for it where its volume is.
        String task = running(one).get(0).id().value();
        operate(new OperatorCommand.Deactivate(one.agent.info.id()));
        one.fail(task);
        await("it says what it waits for", () -> send("GET", "/finback/queue/db", "")
                .body()
                .contains("waits for its volumes on 127.0.0.1 (agent a1)"));
        assertThat(running(two)).isEmpty();
        operate(new OperatorCommand.Reactivate(one.agent.info.id()));
        await("it is back", () -> running(one).size() == 1);
        assertThat(homes()).isEqualTo(homes);
    }

    @Test
    void beginsAnewElsewhereAfterItsTime() {
        LivingAgent one = agent("a1", SIX);
        create(DATABASE.replace(
                "'instances':2",
                "'instances':1,'residency':"
                        + "{'relaunchEscalationTimeoutSeconds':2,'taskLostBehavior':'RELAUNCH_AFTER_TIMEOUT'}"));
        await("it runs", () -> running(one).size() == 1);
        settled();
        String volume = homes().get("a1");
        LivingAgent two = agent("a2", SIX);
        operate(new OperatorCommand.Deactivate(one.agent.info.id()));
        one.fail(running(one).get(0).id().value());
        await("it is elsewhere", () -> running(two).size() == 1);
        assertThat(homes().get("a2")).isNotEqualTo(volume);
        await("the old one goes", () -> destroyed().contains(volume));
    }

    @Test
    void aGroupEnforcesItsRole() {
        LivingAgent agent = agent("a1", SIX);
        ok(send("PUT", "/v2/groups", "{'id':'/dev','apps':[]}"));
        HttpResponse<String> patch = send("PATCH", "/v2/groups/dev", "{'enforceRole':true}");
        assertThat(patch.statusCode()).as(patch.body()).isEqualTo(200);
        assertThat(ok(send("GET", "/v2/groups/dev", "")).path("enforceRole").asBoolean())
                .isTrue();
        create("{'id':'/dev/web','cmd':'x','cpus':0.1,'mem':16}");
        await("it runs", () -> running(agent).size() == 1);
        assertThat(running(agent).get(0).role()).isEqualTo("dev");
        assertThat(running(agent).get(0).command().environment())
                .containsEntry("MARATHON_APP_ENFORCE_GROUP_ROLE", "true");
        HttpResponse<String> other = send("POST", "/v2/apps", "{'id':'/dev/other','role':'ops','cmd':'x'}");
        assertThat(other.statusCode()).isEqualTo(422);
        assertThat(other.body()).contains("/role").contains("expected: 'dev'");
        assertThat(send("PATCH", "/v2/groups/dev/web", "{'enforceRole':true}").statusCode())
                .isIn(404, 422);
    }

    @Test
    void whereGroupsEnforceTheirRoleUnlessTheySayOtherwise() {
        ServicesView view = new ServicesView(true);
        assertThat(view.enforcesRole("/dev")).isTrue();
        assertThat(view.enforcesRole("/dev/inner")).isFalse();
        assertThat(view.enforcesRole("/")).isFalse();
        assertThat(new ServicesView(false).enforcesRole("/dev")).isFalse();
    }

    private static final String DATABASE =
            "{'id':'/db','role':'data','cmd':'x','cpus':4,'mem':1024,'instances':2,'container':{'type':'MESOS',"
                    + "'volumes':[{'containerPath':'data','mode':'RW','persistent':{'size':512}}]}}";

    private LivingAgent agent(String id, Resources resources) {
        LivingAgent agent = new LivingAgent(id, resources);
        agents.add(agent);
        return agent;
    }

    private static List<TaskInfo> running(LivingAgent agent) {
        return List.copyOf(agent.running.values());
    }

    private List<TaskInfo> all() {
        return agents.stream().flatMap(agent -> running(agent).stream()).toList();
    }

    private List<String> destroyed() {
        return agents.stream()
                .flatMap(agent -> List.copyOf(agent.destroyed).stream())
                .map(PersistentVolume::id)
                .toList();
    }

    /** Volume by agent, of what runs. */
    private Map<String, String> homes() {
        Map<String, String> homes = new HashMap<>();
        all().forEach(task -> PersistentVolume.in(task.resources())
                .forEach(volume -> homes.put(task.agent().value(), volume.id())));
        return homes;
    }

    private void settled() {
        await("no deployment", () -> send("GET", "/v2/deployments", "").body().equals("[]"));
    }

    private void operate(OperatorCommand command) {
        TestProbe<OperatorReply> probe = harness.probe(OperatorReply.class);
        harness.allocator(new AllocatorMessage.Operate(command, probe.ref()));
        assertThat(probe.receiveMessage(Duration.ofSeconds(10))).isEqualTo(new OperatorReply.Done());
    }

    private void create(String app) {
        HttpResponse<String> reply = send("POST", "/v2/apps", app);
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
    }

    @CanIgnoreReturnValue
    private static JsonNode ok(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        try {
            return JSON.readTree(reply.body());
        } catch (java.io.IOException e) {
            throw new AssertionError(reply.body(), e);
        }
    }

    private HttpResponse<String> send(String method, String path, String body) {
        String json = body.replace('\'', '"');
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.localAddress().getPort() + path))
                .method(
                        method,
                        json.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(json))
                .build();
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofString()).join();
    }

    private static <T> T get(java.util.concurrent.CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within 20 s: " + what + "; runs: " + all());
            }
            java.util.concurrent.locks.LockSupport.parkNanos(
                    Duration.ofMillis(20).toNanos());
        }
    }
}
