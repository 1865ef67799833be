package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Masters and an agent on machines of their own and a PostgreSQL on another, with three tasks that nothing may touch and a job that runs every two
 * seconds; and what must hold whatever happens to the network between them: every write that was acknowledged is there, on every
 * master, and clients never waited for longer than is printed.
 */
final class NetworkedCluster implements AutoCloseable {
    static final Duration LIMIT = Duration.ofMinutes(2);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration USUAL_PATIENCE = Duration.ofSeconds(3);
    private static final int WRITERS = 4;
    private static final int SERVICES_PORT = 8080;

    private final Machines network = new Machines();
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final List<Machines.Machine> machines = new ArrayList<>();
    private final List<ClusterProcesses.NodeProcess> masters = new ArrayList<>();
    private final SharedDatabase database;
    private final ClusterProcesses cluster;
    private final Machines.Machine work;
    private final Path ledger;
    private final Set<String> tasks;

    interface Fault {
        void happen() throws Exception;
    }

    /**
     * Returns once tasks and job run.
     *
     * @param far whether the masters' machines can be put far apart
     */
    NetworkedCluster(Path dir, int count, boolean far) throws Exception {
        database = new SharedDatabase(dir, network.everybody());
        cluster = new ClusterProcesses(dir, 0);
        for (int number = 0; number < count; number++) {
            machines.add(far ? network.addFar("master-" + number) : network.add("master-" + number));
        }
        String seeds = "finback.cluster.seeds="
                + machines.stream().map(each -> each.address() + ":25520").collect(Collectors.joining(","));
        List<String> settings = new ArrayList<>(database.settings(network.here()));
        settings.add(seeds);
        for (Machines.Machine machine : machines) {
            masters.add(cluster.on(machine, "master", settings));
        }
        masters.forEach(cluster::awaitReady);
        work = network.add("agent-1");
        cluster.awaitReady(cluster.on(
                work,
                "agent",
                List.of(seeds, "finback.agent.resources=cpus:4;mem:1024;disk:1000;ports:[31000-31099]")));
        for (int number = 0; number < WRITERS; number++) {
            post("/v2/apps", "{\"id\":\"/w" + number + "\",\"cmd\":\"sleep 1000\",\"instances\":0}");
        }
        post("/v2/apps", "{\"id\":\"/kept\",\"cmd\":\"exec sleep 1000\",\"instances\":3,\"cpus\":0.1,\"mem\":16}");
        Waiting.until("three tasks run", LIMIT, () -> running().size() == 3);
        tasks = running();
        ledger = Files.createFile(dir.resolve("ledger"));
        post(
                "/v1/scheduler/iso8601",
                "{\"name\":\"often\",\"command\":\"echo $MESOS_TASK_ID >> " + ledger
                        + "\",\"schedule\":\"R//PT2S\",\"cpus\":0.1,\"mem\":16,\"disk\":1}");
        awaitRuns("before");
    }

    Machines.Machine machine(int master) {
        return machines.get(master);
    }

    List<Machines.Machine> machines() {
        return machines;
    }

    /** Where the agent and its tasks are. */
    Machines.Machine work() {
        return work;
    }

    SharedDatabase database() {
        return database;
    }

    List<ClusterProcesses.NodeProcess> masters() {
        return masters;
    }

    void kill9(int master) {
        cluster.kill9(masters.get(master));
    }

    /**
     * Clients of the masters that are {@code left} call before, while and after; then everything they were promised is looked for. Tells the
     * longest wait of a writer, in ms.
     */
    @CanIgnoreReturnValue
    long during(String what, List<Integer> left, Fault fault) throws Exception {
        return during(what, left, USUAL_PATIENCE, fault);
    }

    /** @param patience how long clients wait for an answer before they ask again */
    @CanIgnoreReturnValue
    long during(String what, List<Integer> left, Duration patience, Fault fault) throws Exception {
        Callers callers = new Callers(patience);
        try (callers) {
            for (int number = 0; number < WRITERS; number++) {
                callers.writer(services(left.get(number % left.size())), "/w" + number);
            }
            for (int master : left) {
                callers.reader(services(master), "/v2/apps");
                callers.reader(machines.get(master).address() + ":5050", "/state");
            }
            callers.awaitMore(10);
            callers.reset();
            fault.happen();
            callers.awaitMore(30);
            System.err.println(what + ": writes accepted again after at most " + callers.longestGapMillis("writer")
                    + " ms, longest wait of a reader " + callers.longestGapMillis("reader") + " ms, failed reads "
                    + callers.failures("reader") + "\n" + callers.report());
        }
        long waited = callers.longestGapMillis("writer");
        Map<String, String> promised = callers.acknowledged();
        assertThat(promised).isNotEmpty();
        for (int master : left) {
            Waiting.until(what + ": everything acknowledged is at master " + master, LIMIT, () -> marks(master)
                    .entrySet()
                    .containsAll(promised.entrySet()));
        }
        return waited;
    }

    /** What Chronos and Marathon did not do once a partition had healed: due jobs run again, and an app that is new is deployed. */
    void awaitRuns(String app) throws Exception {
        int ran = Files.readAllLines(ledger).size();
        Waiting.until(
                "the job goes on",
                LIMIT,
                () -> Files.readAllLines(ledger).size() >= ran + 3,
                () -> "last in its ledger: " + ClusterProcesses.tail(ledger)
                        + cluster.toldOf("often", "finback-jobs", " agent.", "WARN", "ERROR"));
        post("/v2/apps", "{\"id\":\"/new-" + app + "\",\"cmd\":\"sleep 1000\",\"cpus\":0.1,\"mem\":16}");
        Waiting.until(
                "a new app is deployed",
                LIMIT,
                () -> get(services(last()), "/v2/apps/new-" + app)
                                .path("app")
                                .path("tasksRunning")
                                .asInt()
                        == 1);
    }

    /**
     * All masters are members of one cluster, as each of them sees it. A master that was on the losing side ends, some time later; whoever runs
     * masters starts them again (systemd, the engine, the kubelet).
     */
    void awaitWhole() {
        Waiting.until("one cluster of " + masters.size() + " masters", LIMIT, () -> {
            for (ClusterProcesses.NodeProcess master : masters) {
                if (!master.alive()) {
                    cluster.restart(master);
                }
            }
            for (Machines.Machine machine : machines) {
                JsonNode members = get(machine.address() + ":8558", "/cluster/members");
                Set<String> up = new HashSet<>();
                members.path("members").forEach(member -> {
                    if (member.path("status").asText().equals("Up")
                            && member.path("roles").toString().contains("\"master\"")) {
                        up.add(member.path("node").asText());
                    }
                });
                if (up.size() != masters.size() || members.path("unreachable").size() > 0) {
                    return false;
                }
            }
            return true;
        });
    }

    /** Which of their lives as members those with this role live, as the last master sees it. */
    Set<String> incarnations(String role) throws Exception {
        Set<String> found = new HashSet<>();
        for (JsonNode member : get(machines.get(last()).address() + ":8558", "/cluster/members")
                .path("members")) {
            if (member.path("roles").toString().contains("\"" + role + "\"")) {
                found.add(member.path("node").asText() + "#"
                        + member.path("nodeUid").asText());
            }
        }
        return found;
    }

    void awaitOtherAgentThan(Set<String> incarnation) {
        Waiting.until("the agent has been removed", LIMIT, () -> !incarnations("agent")
                .equals(incarnation));
    }

    void awaitAgent() {
        Waiting.until("the agent is known again", LIMIT, () -> {
            int active = 0;
            for (JsonNode agent :
                    get(machines.get(last()).address() + ":5050", "/slaves").path("slaves")) {
                active += agent.path("active").asBoolean() ? 1 : 0;
            }
            return active == 1;
        });
    }

    /** The three tasks are those of the beginning, and no run of the job was made twice. */
    void assertUntouched() throws Exception {
        assertThat(running()).as("nothing of all this touched a task").isEqualTo(tasks);
        assertThat(Files.readAllLines(ledger)).as("tasks of the job, each once").doesNotHaveDuplicates();
    }

    /** All but these. */
    List<Integer> without(Integer... gone) {
        return IntStream.range(0, masters.size())
                .boxed()
                .filter(number -> !List.of(gone).contains(number))
                .toList();
    }

    @Override
    public void close() throws IOException {
        try (network;
                database;
                cluster) {
            masters.clear();
        }
    }

    /** One that no test takes away. */
    private int last() {
        return masters.size() - 1;
    }

    private String services(int master) {
        return machines.get(master).address() + ":" + SERVICES_PORT;
    }

    /** Until it is acknowledged: while entities move from master to master, a request may be refused with 503. */
    private void post(String path, String body) {
        Waiting.until("acknowledged: " + body, LIMIT, () -> {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(URI.create("http://" + services(last()) + path))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            // The one before may have been taken.
            return response.statusCode() < 300 || response.statusCode() == 409;
        });
    }

    /** Ids of what runs of the app that is to be left alone. */
    private Set<String> running() throws Exception {
        Set<String> ids = new HashSet<>();
        get(services(last()), "/v2/apps//kept/tasks").path("tasks").forEach(task -> {
            if (task.path("state").asText().equals("TASK_RUNNING")) {
                ids.add(task.path("id").asText());
            }
        });
        return ids;
    }

    private Map<String, String> marks(int master) throws Exception {
        Map<String, String> marks = new HashMap<>();
        get(services(master), "/v2/apps")
                .path("apps")
                .forEach(app -> marks.put(
                        app.path("id").asText(), app.path("labels").path("mark").asText()));
        return marks;
    }

    private JsonNode get(String at, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + at + path))
                .timeout(Duration.ofSeconds(5))
                .build();
        return JSON.readTree(
                http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}
