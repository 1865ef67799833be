package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A service is called through two routers all the time while it is deployed anew, scaled up and scaled down: new instances are called once
 * they are ready, old ones are drained before they are killed, and no call fails.
 */
@Tag("process")
@Timeout(600)
final class MeshDuringDeploymentsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int INSTANCES = 3;
    private static final int DEPLOYMENTS = 3;

    @TempDir
    private Path dir;

    private static String web(int version, int instances) {
        return JSON.createObjectNode()
                .put("id", "/web")
                .put("cmd", Backend.command("$PORT0", ""))
                .put("cpus", 0.1)
                .put("mem", 64)
                .put("instances", instances)
                .<ObjectNode>set("env", JSON.createObjectNode().put("VERSION", Integer.toString(version)))
                .toString();
    }

    @Test
    void noCallFailsWhileAServiceIsDeployedAnewAndScaled() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir, 1)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            List<ClusterProcesses.NodeProcess> others = List.of(cluster.agent(1), cluster.router(1), cluster.router(2));
            others.forEach(cluster::awaitReady);
            ServicesClient client = new ServicesClient(master.port("finback.services.http.port"));
            client.post("/v2/apps", web(0, INSTANCES));
            List<String> tasks = client.settled("/web", INSTANCES, LIMIT);
            try (MeshCaller first = new MeshCaller("router-1", others.get(1).port("finback.router.http.port"));
                    MeshCaller second = new MeshCaller("router-2", others.get(2).port("finback.router.http.port"))) {
                first.awaitMore(1);
                second.awaitMore(1);
                long before = first.failures() + second.failures();
                for (int version = 1; version <= DEPLOYMENTS; version++) {
                    client.put("/v2/apps/web", web(version, INSTANCES));
                    List<String> next = client.settled("/web", INSTANCES, LIMIT);
                    assertThat(next).as("new instances").doesNotContainAnyElementsOf(tasks);
                    tasks = next;
                    first.awaitMore(100);
                    second.awaitMore(100);
                }
                client.put("/v2/apps/web", "{\"instances\":" + 2 * INSTANCES + "}");
                tasks = client.settled("/web", 2 * INSTANCES, LIMIT);
                first.awaitMore(100);
                client.put("/v2/apps/web", "{\"instances\":1}");
                tasks = client.settled("/web", 1, LIMIT);
                first.awaitMore(100);
                second.awaitMore(100);
                System.err.println(first.report() + "\n" + second.report());
                assertThat(first.failures() + second.failures())
                        .as(first.report() + "\n" + second.report())
                        .isEqualTo(before);
                assertThat(first.answers().size())
                        .as("instances that answered: " + first.answers())
                        .isGreaterThan(DEPLOYMENTS * INSTANCES);
            }
        }
    }
}
