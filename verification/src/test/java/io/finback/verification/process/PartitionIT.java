package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three masters and an agent on machines of their own (network namespaces), a PostgreSQL on another, and clients that write and read all the time, while
 * a master is cut off, packets are lost, the agent is cut off, and the database is paused and restarted. After each of them every write that was
 * acknowledged is there, on every master, the tasks are those of before, a job goes on and a new app is deployed. Prints how long clients waited.
 */
@Tag("process")
@Timeout(900)
final class PartitionIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MASTERS = 3;
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Duration DATABASE_PAUSE = Duration.ofSeconds(30);

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final List<ClusterProcesses.NodeProcess> masters = new ArrayList<>();
    private final List<Machines.Machine> machines = new ArrayList<>();

    @TempDir
    private Path dir;

    private interface Fault {
        void happen() throws Exception;
    }

    @Test
    void whatIsAcknowledgedSurvivesCutsLossAndPauses() throws Exception {
        assumeTrue(Machines.possible(), "SKIPPED: needs root, iproute2 and iptables to make machines of its own");
        try (Machines network = new Machines();
                SharedDatabase database = new SharedDatabase(dir, network.everybody());
                ClusterProcesses cluster = new ClusterProcesses(dir, 0)) {
            for (int number = 0; number < MASTERS; number++) {
                machines.add(network.add("master-" + number));
            }
            String seeds = "finback.cluster.seeds="
                    + machines.stream().map(each -> each.address() + ":25520").collect(Collectors.joining(","));
            List<String> settings = new ArrayList<>(database.settings(network.here()));
            settings.add(seeds);
            for (Machines.Machine machine : machines) {
                masters.add(cluster.on(machine, "master", settings));
            }
            masters.forEach(cluster::awaitReady);
            Machines.Machine work = network.add("agent-1");
            ClusterProcesses.NodeProcess agent = cluster.on(
                    work,
                    "agent",
                    List.of(seeds, "finback.agent.resources=cpus:4;mem:1024;disk:1000;ports:[31000-31099]"));
            cluster.awaitReady(agent);
            for (int number = 0; number < 4; number++) {
                create("{\"id\":\"/w" + number + "\",\"cmd\":\"sleep 1000\",\"instances\":0}");
            }
            create("{\"id\":\"/kept\",\"cmd\":\"exec sleep 1000\",\"instances\":3,\"cpus\":0.1,\"mem\":16}");
            Waiting.until("three tasks run", LIMIT, () -> tasks().size() == 3);
            Set<String> tasks = tasks();
            Path ledger = Files.createFile(dir.resolve("ledger"));
            post("/v1/scheduler/iso8601", job(ledger));
            awaitRuns(ledger, "before");

            during("the oldest master is cut off", () -> machines.get(0).cutOff());
            machines.get(0).heal();
            awaitWhole(cluster);
            awaitRuns(ledger, "one");

            during("a master loses every fifth packet that comes", () -> machines.get(2)
                    .lose(20));
            machines.get(2).heal();
            awaitWhole(cluster);

            during("the agent is cut off", work::cutOff);
            work.heal();
            Waiting.until("the agent is known again", LIMIT, () -> activeAgents() == 1);
            awaitRuns(ledger, "two");

            during("PostgreSQL is paused for " + DATABASE_PAUSE.toSeconds() + " s", () -> {
                long until = System.nanoTime() + DATABASE_PAUSE.toNanos();
                database.pause();
                try {
                    Waiting.until("the pause is over", LIMIT, () -> System.nanoTime() > until);
                } finally {
                    database.goOn();
                }
            });
            assertThat(masters).as("no master ended of the pause").allMatch(ClusterProcesses.NodeProcess::alive);

            // Akka's own guard before the journal would refuse everything for half a minute.
            assertThat(during("PostgreSQL is restarted", database::restart)).isLessThan(30_000);
            assertThat(masters).as("no master ended of the restart").allMatch(ClusterProcesses.NodeProcess::alive);
            awaitWhole(cluster);
            awaitRuns(ledger, "three");
            assertThat(tasks()).as("nothing of all this touched a task").isEqualTo(tasks);
            assertThat(Files.readAllLines(ledger))
                    .as("tasks of the job, each once")
                    .doesNotHaveDuplicates();
        }
    }

    /**
     * Clients of the second and third master call before, while and after; then everything they were promised is looked for. Tells the
     * longest wait of a writer, in ms.
     */
    @CanIgnoreReturnValue
    private long during(String what, Fault fault) throws Exception {
        Callers callers = new Callers();
        try (callers) {
            for (int number = 0; number < 4; number++) {
                callers.writer(services(1 + number % 2), "/w" + number);
            }
            for (int number = 1; number < MASTERS; number++) {
                callers.reader(services(number), "/v2/apps");
                callers.reader(machines.get(number).address() + ":5050", "/state");
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
        for (int number = 1; number < MASTERS; number++) {
            int master = number;
            Waiting.until(what + ": everything acknowledged is at master " + master, LIMIT, () -> marks(master)
                    .entrySet()
                    .containsAll(promised.entrySet()));
        }
        return waited;
    }

    private static String job(Path ledger) {
        return "{\"name\":\"often\",\"command\":\"echo $MESOS_TASK_ID >> " + ledger
                + "\",\"schedule\":\"R//PT2S\",\"cpus\":0.1,\"mem\":16,\"disk\":1}";
    }

    /** What Chronos and Marathon did not do once a partition had healed: due jobs run again, and an app that is new is deployed. */
    private void awaitRuns(Path ledger, String app) throws Exception {
        int ran = Files.readAllLines(ledger).size();
        Waiting.until("the job goes on", LIMIT, () -> Files.readAllLines(ledger).size() >= ran + 3);
        create("{\"id\":\"/new-" + app + "\",\"cmd\":\"sleep 1000\",\"cpus\":0.1,\"mem\":16}");
        Waiting.until(
                "a new app is deployed",
                LIMIT,
                () -> get(services(1), "/v2/apps/new-" + app)
                                .path("app")
                                .path("tasksRunning")
                                .asInt()
                        == 1);
    }

    private String services(int master) {
        return machines.get(master).address() + ":8080";
    }

    /**
     * All masters are members of one cluster, as each of them sees it. A master that was on the losing side ends, some time later; whoever runs
     * masters starts them again (systemd, the engine, the kubelet).
     */
    private void awaitWhole(ClusterProcesses cluster) {
        Waiting.until("one cluster of three masters", LIMIT, () -> {
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
                if (up.size() != MASTERS || members.path("unreachable").size() > 0) {
                    return false;
                }
            }
            return true;
        });
    }

    private int activeAgents() throws Exception {
        int active = 0;
        for (JsonNode agent :
                get(machines.get(1).address() + ":5050", "/slaves").path("slaves")) {
            active += agent.path("active").asBoolean() ? 1 : 0;
        }
        return active;
    }

    private void create(String app) {
        post("/v2/apps", app);
    }

    /** Until it is acknowledged: while entities move from master to master, a request may be refused with 503. */
    private void post(String path, String body) {
        Waiting.until("acknowledged: " + body, LIMIT, () -> {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(URI.create("http://" + services(1) + path))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            // The one before may have been taken.
            return response.statusCode() < 300 || response.statusCode() == 409;
        });
    }

    /** Ids of what runs. */
    private Set<String> tasks() throws Exception {
        Set<String> ids = new HashSet<>();
        get(services(1), "/v2/apps//kept/tasks").path("tasks").forEach(task -> {
            if (task.path("state").asText().equals("TASK_RUNNING")) {
                ids.add(task.path("id").asText());
            }
        });
        return ids;
    }

    private Map<String, String> marks(int master) throws Exception {
        Map<String, String> marks = new java.util.HashMap<>();
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
