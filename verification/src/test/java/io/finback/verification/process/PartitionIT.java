package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
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
    private static final int MASTERS = 3;
    private static final Duration DATABASE_PAUSE = Duration.ofSeconds(30);

    @TempDir
    private Path dir;

    @Test
    void whatIsAcknowledgedSurvivesCutsLossAndPauses() throws Exception {
        assumeTrue(Machines.possible(), "SKIPPED: needs root, iproute2 and iptables to make machines of its own");
        try (NetworkedCluster cluster = new NetworkedCluster(dir, MASTERS, false)) {
            List<Integer> left = cluster.without(0);
            cluster.during("the oldest master is cut off", left, cluster.machine(0)::cutOff);
            cluster.machine(0).heal();
            cluster.awaitWhole();
            cluster.awaitRuns("one");

            cluster.during("a master loses every fifth packet that comes", left, () -> cluster.machine(2)
                    .lose(20));
            cluster.machine(2).heal();
            cluster.awaitWhole();

            cluster.during("the agent is cut off", left, cluster.work()::cutOff);
            cluster.work().heal();
            cluster.awaitAgent();
            cluster.awaitRuns("two");

            Set<String> agent = cluster.incarnations("agent");
            Set<String> masters = cluster.incarnations("master");
            cluster.during("the agent and one master do not hear each other", left, () -> cluster.machine(1)
                    .cutFrom(cluster.work()));
            cluster.awaitOtherAgentThan(agent);
            assertThat(cluster.incarnations("master"))
                    .as("no agent takes a master with it")
                    .isEqualTo(masters);
            cluster.machine(1).heal();
            cluster.awaitWhole();
            cluster.awaitAgent();

            cluster.during("PostgreSQL is paused for " + DATABASE_PAUSE.toSeconds() + " s", left, () -> {
                long until = System.nanoTime() + DATABASE_PAUSE.toNanos();
                cluster.database().pause();
                try {
                    Waiting.until("the pause is over", NetworkedCluster.LIMIT, () -> System.nanoTime() > until);
                } finally {
                    cluster.database().goOn();
                }
            });
            assertThat(cluster.masters())
                    .as("no master ended of the pause")
                    .allMatch(ClusterProcesses.NodeProcess::alive);

            // Akka's own guard before the journal would refuse everything for half a minute.
            assertThat(cluster.during("PostgreSQL is restarted", left, cluster.database()::restart))
                    .isLessThan(30_000);
            assertThat(cluster.masters())
                    .as("no master ended of the restart")
                    .allMatch(ClusterProcesses.NodeProcess::alive);
            cluster.awaitWhole();
            cluster.awaitRuns("three");
            cluster.assertUntouched();
        }
    }
}
