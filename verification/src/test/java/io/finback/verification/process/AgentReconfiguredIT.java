package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An agent is killed and started again on the same directory with other settings, while a task of it runs: with more, with less than the
 * task holds, with less that is enough, and each time with other attributes. The stated policy: docs/compatibility.md.
 */
@Tag("process")
final class AgentReconfiguredIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofMinutes(1);

    @TempDir
    private Path dir;

    @Test
    void whatItHasFollowsItsSettingsAndTasksRunOn() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            cluster.awaitReady(cluster.master(List.of("finback.master.agent-unreachable-after=10m")));
            cluster.awaitReady(agent(cluster, "cpus:4;mem:1024", "rack:r1"));
            try (LoadScheduler scheduler = new LoadScheduler(cluster.clusterPort, List.of())) {
                AtomicBoolean launched = new AtomicBoolean();
                scheduler.onOffer(offer -> {
                    if (launched.compareAndSet(false, true)) {
                        scheduler.use(
                                offer,
                                List.of(LoadScheduler.task(
                                        "held", "echo $$ > " + dir.resolve("pid") + "; exec sleep 100000", 2, 512)),
                                0.1);
                    }
                });
                Waiting.until("the task runs", LIMIT, () -> scheduler.has("held", "TASK_RUNNING"));
                String agentId = slave(cluster).path("id").asText();

                ClusterProcesses.NodeProcess more = restarted(cluster, "cpus:6;mem:2048", "rack:r2;zone:z1");
                cluster.awaitReady(more);
                Waiting.until("what is free is offered", LIMIT, () -> offered(scheduler) == 4);
                Waiting.until(
                        "masters show what it has",
                        LIMIT,
                        () -> slave(cluster).path("resources").path("cpus").asDouble() == 6);
                assertThat(slave(cluster).path("attributes").path("rack").asText())
                        .isEqualTo("r2");
                assertThat(slave(cluster).path("attributes").path("zone").asText())
                        .isEqualTo("z1");

                ClusterProcesses.NodeProcess less = restarted(cluster, "cpus:1;mem:2048", "rack:r3");
                Waiting.until(
                        "it is refused, and says what is lacking",
                        LIMIT,
                        () -> Files.readString(less.output).contains("agent.refused")
                                && Files.readString(less.output).contains("of what its tasks hold (expected: at least"),
                        () -> ClusterProcesses.tail(less.output));
                assertThat(less.alive()).as("it tries again").isTrue();
                assertThat(slave(cluster).path("attributes").path("rack").asText())
                        .as("nothing has changed")
                        .isEqualTo("r2");

                ClusterProcesses.NodeProcess enough = restarted(cluster, "cpus:3;mem:600", "");
                cluster.awaitReady(enough);
                Waiting.until("what is free is offered", LIMIT, () -> offered(scheduler) == 1);
                assertThat(slave(cluster).path("attributes").has("rack")).isFalse();
                assertThat(slave(cluster).path("id").asText())
                        .as("it is the same agent")
                        .isEqualTo(agentId);
                assertThat(scheduler.of("held")).as("the task ran on").noneMatch(LoadScheduler.Said::isTerminal);

                scheduler.kill("held");
                Waiting.until("the adopted task is killed", LIMIT, () -> scheduler.has("held", "TASK_KILLED"));
                Waiting.until("all is offered", LIMIT, () -> offered(scheduler) == 3);
                assertThat(scheduler.problems()).isEmpty();
            }
        }
    }

    private static ClusterProcesses.NodeProcess restarted(
            ClusterProcesses cluster, String resources, String attributes) {
        cluster.kill9(cluster.node("agent-1"));
        return agent(cluster, resources, attributes);
    }

    private static ClusterProcesses.NodeProcess agent(ClusterProcesses cluster, String resources, String attributes) {
        return cluster.agent(
                1,
                List.of(
                        "finback.agent.resources=" + resources + ";disk:500;ports:[20500-20599]",
                        "finback.agent.attributes=" + attributes));
    }

    /** Processors in all offers there are. */
    private static double offered(LoadScheduler scheduler) {
        return scheduler.offers().stream()
                .mapToDouble(offer -> offer.amounts().getOrDefault("cpus", 0.0))
                .sum();
    }

    private static JsonNode slave(ClusterProcesses cluster) throws Exception {
        try (InputStream state = URI.create("http://127.0.0.1:" + cluster.clusterPort + "/slaves")
                .toURL()
                .openStream()) {
            return JSON.readTree(state).path("slaves").path(0);
        }
    }
}
