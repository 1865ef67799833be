package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Five masters on machines that are far from one another: packets take their time, one machine is slower than all others, two masters die at the
 * same moment, two are cut off together, and two do not hear each other while everybody else hears both. After each of them every write that was
 * acknowledged is there, on every master that was left; at the end on all five. Prints how long clients waited.
 */
@Tag("process")
@Timeout(900)
final class FiveMastersIT {
    private static final int MASTERS = 5;

    @TempDir
    private Path dir;

    @Test
    void farApartAndTwoOfThemLost() throws Exception {
        assumeTrue(
                Machines.possible() && Machines.farPossible(),
                "SKIPPED: needs root, iproute2, iptables, Python 3 and /dev/net/tun to make far machines of its own");
        try (NetworkedCluster cluster = new NetworkedCluster(dir, MASTERS, true)) {
            List<Integer> all = cluster.without();
            cluster.during("every machine is 20 to 60 ms away from every other", all, () -> cluster.machines()
                    .forEach(machine -> machine.delay(Duration.ofMillis(20), Duration.ofMillis(10))));
            cluster.awaitRuns("far");

            cluster.during("one of them is 150 ms further", cluster.without(0), () -> cluster.machine(0)
                    .delay(Duration.ofMillis(150), Duration.ofMillis(50)));
            assertThat(cluster.masters()).as("slow is not dead").allMatch(ClusterProcesses.NodeProcess::alive);
            cluster.machine(0).heal();
            cluster.awaitWhole();

            List<Integer> three = cluster.without(0, 1);
            cluster.during("the two oldest masters are killed at the same moment", three, () -> {
                cluster.kill9(0);
                cluster.kill9(1);
            });
            cluster.awaitRuns("killed");
            cluster.awaitWhole();

            // Those that took over from the two.
            cluster.during("two masters are cut off at the same moment", cluster.without(2, 3), () -> {
                cluster.machine(2).cutOff();
                cluster.machine(3).cutOff();
            });
            cluster.machine(2).heal();
            cluster.machine(3).heal();
            cluster.awaitWhole();
            cluster.awaitRuns("cut");

            cluster.during(
                    "two masters do not hear each other, the others hear both",
                    cluster.without(1, 4),
                    () -> cluster.machine(1).cutFrom(cluster.machine(4)));
            cluster.machine(1).heal();
            cluster.awaitWhole();
            cluster.awaitRuns("one-cable");
            cluster.during("nothing", all, () -> {});
            cluster.assertUntouched();
        }
    }
}
