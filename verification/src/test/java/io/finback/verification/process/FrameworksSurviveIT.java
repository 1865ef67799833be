package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.verification.frameworks.ExampleFramework;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A master, two agents and a framework that knows the wire alone, each its own OS process. The framework runs 1,000 short tasks; meanwhile
 * the master is killed with SIGKILL and started again, twice. Every task writes its number to a file once, no more and no less.
 */
@Tag("process")
final class FrameworksSurviveIT {
    private static final int TASKS = 1000;
    private static final Duration LIMIT = Duration.ofMinutes(5);

    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void aThousandTasksRunOnceWhileTheMasterIsKilled(String wire) throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            ClusterProcesses.NodeProcess one = cluster.agent(1);
            ClusterProcesses.NodeProcess other = cluster.agent(2);
            cluster.awaitReady(one);
            cluster.awaitReady(other);
            Path ledger = Files.createFile(dir.resolve("ledger"));
            Path output = dir.resolve("framework.out");
            Process framework = framework(wire, cluster.clusterPort, ledger, output);
            try {
                for (int killed : new int[] {TASKS / 5, TASKS / 2}) {
                    awaitLines(ledger, killed, framework, output);
                    cluster.kill9(master);
                    cluster.restart(master);
                    cluster.awaitReady(master);
                }
                awaitLines(ledger, TASKS, framework, output);
                Waiting.until(
                        "the framework has heard of all",
                        LIMIT,
                        () -> !framework.isAlive(),
                        () -> ClusterProcesses.tail(output));
            } finally {
                framework.destroyForcibly();
            }
            String said = Files.readString(output);
            assertThat(Files.readAllLines(ledger))
                    .as("every task's number, once; the framework said: " + said)
                    .containsExactlyInAnyOrderElementsOf(IntStream.range(0, TASKS)
                            .mapToObj(Integer::toString)
                            .toList());
            assertThat(framework.exitValue()).as(said).isZero();
            assertThat(said).contains("done finished=" + TASKS + " failed=0");
            System.err.println(wire + ": "
                    + said.lines().filter(line -> line.startsWith("done")).toList());
        }
    }

    private static void awaitLines(Path ledger, int lines, Process framework, Path output) {
        Waiting.until(
                lines + " tasks have run",
                LIMIT,
                () -> {
                    if (!framework.isAlive() && framework.exitValue() != 0) {
                        throw new AssertionError("the framework ended: " + ClusterProcesses.tail(output));
                    }
                    return Files.readAllLines(ledger).size() >= lines;
                },
                () -> ClusterProcesses.tail(output));
    }

    private static Process framework(String wire, int port, Path ledger, Path output) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new ProcessBuilder(List.of(
                        java,
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        ExampleFramework.class.getName(),
                        wire,
                        "http://127.0.0.1:" + port,
                        Integer.toString(TASKS),
                        "echo $TASK >> " + ledger))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }
}
