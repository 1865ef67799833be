package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A master and two agents, each its own OS process, killed with SIGKILL in random order and at random moments while apps are scaled and
 * upgraded and groups of apps and pods are made; {@code -Dseed} repeats a run. Once it is quiet, all of them are as last acknowledged, no task id was ever started twice, and no
 * process is left that nobody knows.
 */
@Tag("process")
final class RestartsDuringDeploymentsIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int ROUNDS = Integer.getInteger("rounds", 8);
    private static final int APPS = 3;

    @TempDir
    private Path dir;

    private final Map<String, String> commands = new TreeMap<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> groups = new ArrayList<>();

    @Test
    void everyAppIsAsItWasLastAcknowledged() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.err.println("seed " + seed);
        Random random = new Random(seed);
        Path ledger = Files.createFile(dir.resolve("ledger"));
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            List<ClusterProcesses.NodeProcess> nodes = new ArrayList<>();
            nodes.add(cluster.master());
            cluster.awaitReady(nodes.get(0));
            nodes.add(cluster.agent(1));
            nodes.add(cluster.agent(2));
            nodes.forEach(cluster::awaitReady);
            ServicesClient services = new ServicesClient(cluster.servicesPort);
            for (int i = 0; i < APPS; i++) {
                change(services, "/a" + i, 2, command(ledger, 0));
            }
            for (int round = 1; round <= ROUNDS; round++) {
                String id = "/a" + random.nextInt(APPS);
                boolean scale = random.nextBoolean();
                changeGroup(services, round);
                change(
                        services,
                        id,
                        scale ? 1 + random.nextInt(4) : counts.getOrDefault(id, 1),
                        scale ? commands.getOrDefault(id, "") : command(ledger, round));
                ClusterProcesses.NodeProcess victim = nodes.get(random.nextInt(nodes.size()));
                // Any moment of a deployment may be the one.
                LockSupport.parkNanos(Duration.ofMillis(random.nextInt(1500)).toNanos());
                cluster.kill9(victim);
                cluster.restart(victim);
                cluster.awaitReady(victim);
            }
            for (String id : commands.keySet()) {
                List<String> running = services.settled(id, counts.getOrDefault(id, 0), LIMIT);
                assertThat(services.app(id).path("cmd").asText()).isEqualTo(commands.get(id));
                Waiting.until(
                        "only what is known runs of " + id + " (seed " + seed + ")",
                        LIMIT,
                        () -> processes(id).size() == running.size() && running.containsAll(processes(id)),
                        () -> processes(id) + " but known are " + running);
            }
            for (String id : groups) {
                services.settled(id + "/app", 1, LIMIT);
                assertThat(services.get("/v2/pods" + id + "/pod").status())
                        .as("pod of " + id)
                        .isEqualTo(200);
            }
            assertThat(Files.readAllLines(ledger))
                    .as("task ids, each started once (seed %d)", seed)
                    .doesNotHaveDuplicates();
        }
    }

    /** Asks until it is acknowledged; an unanswered one may have been taken, and is repeated, which changes nothing. */
    private void change(ServicesClient services, String id, int instances, String command) {
        String body =
                "{\"id\":\"" + id + "\",\"cmd\":\"" + command + "\",\"cpus\":0.05,\"mem\":32,\"instances\":" + instances
                        + ",\"portDefinitions\":[],\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5,\"maximumOverCapacity\":0.5}}";
        Waiting.until("a change of " + id + " is acknowledged", LIMIT, () -> {
            int status = services.send("PUT", "/v2/apps" + id + "?force=true&partialUpdate=false", Optional.of(body))
                    .status();
            return status == 200 || status == 201;
        });
        commands.put(id, command);
        counts.put(id, instances);
    }

    /** Another group of an app and a pod. */
    private void changeGroup(ServicesClient services, int round) {
        String small = "\"cpus\":0.02,\"mem\":16";
        String body = "{\"apps\":[{\"id\":\"app\",\"cmd\":\"exec sleep 200000\"," + small
                + ",\"portDefinitions\":[],\"dependencies\":[\"pod\"]}],\"pods\":[{\"id\":\"pod\",\"containers\":"
                + "[{\"name\":\"c\",\"exec\":{\"command\":{\"shell\":\"exec sleep 200000\"}},\"resources\":{" + small
                + "}}]}]}";
        String id = "/g" + round;
        Waiting.until(
                "group " + id + " is acknowledged",
                LIMIT,
                () -> services.send("PUT", "/v2/groups" + id + "?force=true", Optional.of(body))
                                .status()
                        < 300);
        groups.add(id);
    }

    private static String command(Path ledger, int round) {
        return "echo $MESOS_TASK_ID >> " + ledger + "; exec sleep " + (100_000 + round);
    }

    /** Task ids of processes of this app that are there. */
    private List<String> processes(String id) {
        List<String> ids = new ArrayList<>();
        ProcessHandle.allProcesses().forEach(process -> {
            String environment = environment(process.pid());
            boolean task = environment.contains("MARATHON_APP_ID=" + id + "\0")
                    && environment.contains(dir.toString())
                    && process.info()
                            .arguments()
                            .filter(a -> a.length == 1 && a[0].startsWith("1000"))
                            .isPresent();
            if (task) {
                ids.add(environment
                        .lines()
                        .flatMap(line -> List.of(line.split("\0")).stream())
                        .filter(entry -> entry.startsWith("MESOS_TASK_ID="))
                        .map(entry -> entry.substring("MESOS_TASK_ID=".length()))
                        .findFirst()
                        .orElse("?"));
            }
        });
        return ids;
    }

    private static String environment(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }
}
