package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.task.SandboxAge;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ImageAgent;
import io.finback.nodeagent.testing.Images;
import io.finback.nodeagent.testing.Mounts;
import io.finback.nodeagent.testing.NeedsRuntime;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent.UpdateId;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tasks leave on the disk: while they run, and after they ended. */
class SandboxDiskTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path data;

    private ActorTestKit kit;
    private TaskWorld world;
    private TestProbe<ConversationActor.Command> conversation;
    private ActorRef<TasksActor.Command> tasks;

    @AfterEach
    void stop() {
        if (kit != null) {
            TestProbe<Done> stopped = kit.createTestProbe();
            tasks.tell(new TasksActor.StopAll(stopped.getRef()));
            stopped.receiveMessage(LIMIT);
            kit.shutdownTestKit();
        }
    }

    @Test
    void aTaskThatFillsMoreThanItAskedForIsEnded() throws Exception {
        start(data);
        try (DiskWatch watch = DiskWatch.start(world.tools(), Duration.ofMillis(50), tasks::tell)) {
            assertThat(watch).isNotNull();
            // A file with a hole, and the same file twice, are not what they seem.
            launch(withDisk("good", 2, "truncate -s 100M hole; head -c 1500000 /dev/zero >f; ln f g; sleep 600"));
            launch(withDisk("free", 0, "head -c 5000000 /dev/zero >f; sleep 600"));
            assertThat(update().state()).isEqualTo(TaskState.RUNNING);
            assertThat(update().state()).isEqualTo(TaskState.RUNNING);
            launch(withDisk("bad", 2, "head -c 5000000 /dev/zero >f; sleep 600"));
            assertThat(update().state()).isEqualTo(TaskState.RUNNING);

            TaskStatus failed = update();

            assertThat(failed.task().value()).isEqualTo("bad");
            assertThat(failed.state()).isEqualTo(TaskState.FAILED);
            assertThat(failed.reason()).contains("CONTAINER_LIMITATION_DISK");
            assertThat(failed.message().orElse("")).startsWith("Disk usage (4MB) exceeds quota (2MB)");
            conversation.expectNoMessage(Duration.ofMillis(300));
        }
    }

    @Test
    void aFileThatWasDeletedCountsWhileItIsOpen() throws Exception {
        start(data);
        try (DiskWatch watch = DiskWatch.start(world.tools(), Duration.ofMillis(50), tasks::tell)) {
            assertThat(watch).isNotNull();
            launch(withDisk("holes", 2, "exec 3>f; rm f; truncate -s 100M /proc/self/fd/3; sleep 600"));
            assertThat(update().state()).isEqualTo(TaskState.RUNNING);
            launch(withDisk("bad", 2, "(exec 3>f; rm f; head -c 5000000 /dev/zero >&3; sleep 600) & wait"));
            assertThat(update().state()).isEqualTo(TaskState.RUNNING);

            TaskStatus failed = update();

            assertThat(failed.task().value()).isEqualTo("bad");
            assertThat(failed.reason()).contains("CONTAINER_LIMITATION_DISK");
            conversation.expectNoMessage(Duration.ofMillis(300));
        }
    }

    /** Ten thousand files, looked at as often as it can: the looking rests for most of the time. */
    @Test
    void lookingLeavesTheProcessorsToTasks() throws Exception {
        start(data);
        launch(withDisk(
                "many",
                900,
                "i=0; while [ $i -lt 100 ]; do mkdir d$i; (cd d$i; seq 100 | xargs touch); i=$((i+1)); done;"
                        + " touch up; exec sleep 600"));
        assertThat(update().state()).isEqualTo(TaskState.RUNNING);
        Await.until("they are there", () -> Files.exists(world.sandbox("many").resolve("up")));
        AtomicInteger looks = new AtomicInteger();
        long cpu;
        long began = System.nanoTime();
        try (DiskWatch watch = DiskWatch.start(world.tools(), Duration.ofMillis(1), over -> looks.incrementAndGet())) {
            long thread = Await.found("its thread", () -> Thread.getAllStackTraces().keySet().stream()
                    .filter(one -> one.getName().equals("finback-disk-watch"))
                    .map(Thread::getId)
                    .findFirst());
            Await.until("three seconds have passed", () -> System.nanoTime() - began > 3_000_000_000L);
            cpu = ManagementFactory.getThreadMXBean().getThreadCpuTime(thread);
            assertThat(watch).isNotNull();
        }
        assertThat(looks).as("it holds less than it asked for").hasValue(0);
        assertThat((double) cpu / (System.nanoTime() - began))
                .as("processors used by looking")
                .isBetween(0.001, 0.3);
    }

    @Test
    void aVolumeMayHoldWhatItWasMadeForAndCountsForNothingElse() throws Exception {
        start(data);
        Kind kind = new Kind(
                List.of(Reservation.dynamic("db", Optional.of("p"))),
                Optional.of(new Disk(
                        Optional.of(new Disk.Persistence("v", Optional.of("p"))),
                        Optional.of(new Disk.Mount("v", Optional.empty(), false)),
                        Optional.empty())),
                false,
                false);
        Resources volume = Resources.of(kind, Resources.of(0, 0, 4));
        try (DiskWatch watch = DiskWatch.start(world.tools(), Duration.ofMillis(50), tasks::tell)) {
            assertThat(watch).isNotNull();
            String fill = "head -c 3000000 /dev/zero >v/f; while [ ! -e go ]; do sleep 0.05; done;"
                    + " head -c 3000000 /dev/zero >v/g; sleep 600";
            launch(withResources("t", Resources.of(0.1, 16, 1).plus(volume), fill));
            assertThat(update().state()).isEqualTo(TaskState.RUNNING);
            conversation.expectNoMessage(Duration.ofMillis(300));
            Files.createFile(world.sandbox("t").resolve("go"));

            TaskStatus failed = update();

            assertThat(failed.reason()).contains("CONTAINER_LIMITATION_DISK");
            assertThat(failed.message().orElse("")).startsWith("Disk usage (5MB) exceeds quota (4MB)");
        }
    }

    @Test
    @NeedsRuntime
    void whatIsWrittenOverAnImageCounts() throws Exception {
        Images.busybox(Images.busybox().orElseThrow())
                .save(data.resolve("local/" + ImageAgent.IMAGE + ".tar"), ImageAgent.IMAGE);
        start(new TaskWorld(data, true));
        try (DiskWatch watch = DiskWatch.start(world.tools(), Duration.ofMillis(50), tasks::tell)) {
            assertThat(watch).isNotNull();
            TaskInfo task =
                    withDisk("t", 4, "head -c 3000000 /dev/zero >f; head -c 3000000 /dev/zero >/bin/f; sleep 600");
            launch(task.withOptions(RunOptions.NONE.withContainer(ImageAgent.container(ImageAgent.IMAGE))));
            TaskStatus status = update();
            while (!status.state().isTerminal()) {
                status = update();
            }
            assertThat(status.reason()).contains("CONTAINER_LIMITATION_DISK");
            assertThat(status.message().orElse("")).startsWith("Disk usage (5MB) exceeds quota (4MB)");
        }
    }

    @Test
    void aFullDiskShortensWhatIsKept() throws Exception {
        Path disk = Files.createDirectory(data.resolve("disk"));
        Mounts.smallDisk(disk, "8m");
        try {
            start(disk);
            launch(Tasks.shell("t", "head -c 1000000 /dev/zero >f"));
            TaskStatus running = update();
            TaskStatus finished = update();
            for (TaskStatus status : List.of(running, finished)) {
                tasks.tell(new TasksActor.Acknowledge(
                        List.of(new UpdateId(Tasks.key("t"), status.uuid().orElseThrow()))));
            }
            Await.until("it is done", () -> world.board().live().isEmpty());
            Path sandbox = world.sandbox("t");
            restart(disk);
            assertThat(sandbox.resolve("f")).exists();

            Files.write(disk.resolve("others"), new byte[7_000_000]);
            restart(disk);

            Await.until("the sandbox is gone", () -> !Files.exists(sandbox));
            assertThat(world.board().ended()).isEmpty();
        } finally {
            stop();
            kit = null;
            Mounts.unmount(disk);
        }
    }

    @Test
    void keepsForLessAsTheDiskFills() {
        Duration week = Duration.ofDays(7);
        assertThat(SandboxAge.most(week, 0.1, 0)).isEqualTo(Duration.ofMinutes(9_072));
        assertThat(SandboxAge.most(week, 0.1, 0.4)).isBetween(Duration.ofHours(83), Duration.ofHours(85));
        assertThat(SandboxAge.most(week, 0.1, 0.9)).isLessThan(Duration.ofSeconds(1));
        assertThat(SandboxAge.most(week, 0.1, 0.99)).isZero();
    }

    private void restart(Path directory) throws Exception {
        stop();
        start(directory);
        // After every command before it, the one at the start that collects included.
        TestProbe<ConversationActor.Command> described = kit.createTestProbe();
        tasks.tell(new TasksActor.Describe(described.getRef()));
        described.receiveMessage(LIMIT);
    }

    private void start(Path directory) throws Exception {
        start(new TaskWorld(directory));
    }

    private void start(TaskWorld made) {
        kit = ActorTestKit.create();
        conversation = kit.createTestProbe();
        world = made;
        tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
    }

    private void launch(TaskInfo task) {
        tasks.tell(new TasksActor.Launch(List.of(task)));
    }

    private static TaskInfo withDisk(String id, double disk, String command) {
        return withResources(id, Resources.of(0.1, 16, disk), command);
    }

    private static TaskInfo withResources(String id, Resources resources, String command) {
        TaskInfo task = Tasks.shell(id, command);
        return new TaskInfo(
                task.id(),
                task.name(),
                task.framework(),
                task.agent(),
                resources,
                task.command(),
                task.killGrace(),
                task.labels());
    }

    private TaskStatus update() {
        ConversationActor.Command said = conversation.receiveMessage(LIMIT);
        while (!(said instanceof ConversationActor.NewUpdate)) {
            said = conversation.receiveMessage(LIMIT);
        }
        return ((ConversationActor.NewUpdate) said).update();
    }
}
