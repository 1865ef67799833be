package io.finback.nodeagent.executor;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionUsageTest {
    @TempDir
    Path data;

    @Test
    void addsUpEveryProcessOfTheSession() throws Exception {
        TaskWorld world = new TaskWorld(data);
        ContainerRef busy = world.tools()
                .containers()
                .prepare(new ContainerSpec(
                        "c", Tasks.shell("t", "sleep 600 & while :; do :; done"), data, data.resolve("begun")));
        try {
            assertThat(world.tools().containers().release(busy)).isTrue();

            Usage usage = Await.found("a second of a processor", () -> Optional.ofNullable(
                            world.tools().containers().usage(List.of(busy)).get(busy))
                    .filter(seen -> seen.cpu()
                                    .map(cpu -> cpu.user().plus(cpu.system()))
                                    .orElse(Duration.ZERO)
                                    .compareTo(Duration.ofMillis(500))
                            >= 0));

            assertThat(usage.processes()).contains(2L);
            assertThat(usage.threads()).contains(2L);
            assertThat(usage.memory().orElseThrow().rss()).isBetween(100_000L, 50_000_000L);
        } finally {
            world.tools().containers().forceKill(busy);
            Await.until(
                    "it has ended", () -> world.tools().containers().exit(busy).isPresent());
            world.tools().containers().forget(busy);
        }
        // Its control groups may outlive it by a moment, as long as the kernel takes to let go of its processes.
        Await.until(
                "nothing is measured of it",
                () -> world.tools().containers().usage(List.of(busy)).isEmpty());
    }
}
