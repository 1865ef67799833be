package io.finback.nodeagent.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Stamp;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftTasksTest {
    @TempDir
    Path data;

    @Test
    void endsWhatADeadAgentLeftRunning() throws Exception {
        TaskWorld world = new TaskWorld(data);
        AgentTask task = AgentTask.received(Tasks.shell("t", "trap '' TERM; exec sleep 600"), "c", Instant.EPOCH);
        Path sandbox = world.tools().sandboxes().create(task);
        ContainerRef process = world.tools()
                .containers()
                .prepare(new ContainerSpec(
                        "c", task.info(), sandbox, world.tools().store().begunFile(task)));
        world.tools()
                .store()
                .save(task.prepared(process, new Stamp(Instant.EPOCH, "u")).next());
        assertThat(world.tools().containers().release(process)).isTrue();

        LeftTasks.kill(data);

        assertThat(ProcFs.stat(process.leader().orElseThrow()).filter(stat -> !stat.isEnded()))
                .isEmpty();
    }

    @Test
    void endsWhatHasNoCheckpointToo() throws Exception {
        TaskWorld world = new TaskWorld(data);
        AgentTask task = AgentTask.received(Tasks.shell("t", "exec sleep 600"), "c", Instant.EPOCH);
        Path sandbox = world.tools().sandboxes().create(task);
        ContainerRef process = world.tools()
                .containers()
                .prepare(new ContainerSpec(
                        "c", task.info(), sandbox, world.tools().store().begunFile(task)));
        assertThat(world.tools().containers().release(process)).isTrue();

        LeftTasks.kill(data);

        Await.until("it is gone", () -> ProcFs.stat(process.leader().orElseThrow())
                .filter(stat -> !stat.isEnded())
                .isEmpty());
    }

    @Test
    void aDirectoryWithoutTasksIsNoTrouble() {
        assertThatCode(() -> LeftTasks.kill(data.resolve("nothing"))).doesNotThrowAnyException();
    }
}
