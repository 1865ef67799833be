package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.ImageAgent;
import io.finback.nodeagent.testing.Images;
import io.finback.nodeagent.testing.NeedsRuntime;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.MasterToAgent.UpdateId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes that outlive tasks and agents, and are emptied when a master says so. */
final class PersistentVolumesTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    private Path data;

    private ActorTestKit kit;
    private TestProbe<ConversationActor.Command> conversation;
    private ActorRef<TasksActor.Command> tasks;

    @BeforeEach
    void open() throws Exception {
        open(new TaskWorld(data, Images.busybox().isPresent()));
    }

    private void open(TaskWorld world) {
        kit = ActorTestKit.create();
        conversation = kit.createTestProbe();
        tasks = kit.spawn(TasksActor.create(world.tools(), conversation.getRef()));
    }

    @AfterEach
    void close() {
        TestProbe<Done> stopped = kit.createTestProbe();
        tasks.tell(new TasksActor.StopAll(stopped.getRef()));
        stopped.receiveMessage(LIMIT);
        kit.shutdownTestKit();
    }

    private static Resources volume(String id, String containerPath, Optional<Disk.Source> source) {
        Kind kind = new Kind(
                List.of(Reservation.dynamic("db/krill", Optional.of("p"))),
                Optional.of(new Disk(
                        Optional.of(new Disk.Persistence(id, Optional.of("p"))),
                        Optional.of(new Disk.Mount(containerPath, Optional.empty(), false)),
                        source)),
                false,
                false);
        return Resources.of(kind, Resources.of(0, 0, 64));
    }

    private static TaskInfo with(TaskInfo task, Resources volume) {
        return new TaskInfo(
                task.id(),
                task.name(),
                task.framework(),
                task.agent(),
                task.resources().plus(volume),
                task.command(),
                task.killGrace(),
                task.labels(),
                task.role(),
                task.discovery(),
                task.options());
    }

    private TaskStatus end(TaskInfo task) {
        tasks.tell(new TasksActor.Launch(List.of(task)));
        while (true) {
            TaskStatus update = update();
            tasks.tell(new TasksActor.Acknowledge(List.of(
                    new UpdateId(Tasks.key(task.id().value()), update.uuid().orElseThrow()))));
            if (update.state().isTerminal()) {
                return update;
            }
        }
    }

    private TaskStatus update() {
        return Await.found(
                "an update",
                () -> conversation.receiveMessage(LIMIT) instanceof ConversationActor.NewUpdate said
                        ? Optional.of(said.update())
                        : Optional.empty());
    }

    private List<PersistentVolume> destroyed(Resources volume) {
        tasks.tell(new TasksActor.DestroyVolumes(PersistentVolume.in(volume)));
        return Await.found(
                "an answer",
                () -> conversation.receiveMessage(LIMIT) instanceof ConversationActor.VolumesDestroyed said
                        ? Optional.of(said.volumes())
                        : Optional.empty());
    }

    @Test
    void whatATaskLeavesInItTheNextOneFindsUntilItIsDestroyed() throws Exception {
        Resources volume = volume("whale-1", "data/deep", Optional.empty());
        assertThat(end(with(Tasks.shell("a", "echo kept >data/deep/f"), volume)).state())
                .isEqualTo(TaskState.FINISHED);
        Path place = data.resolve("volumes/roles/db krill/whale-1");
        assertThat(place.resolve("f")).hasContent("kept");
        close();
        open();
        assertThat(end(with(Tasks.shell("b", "grep kept data/deep/f"), volume)).state())
                .as("after another agent's start")
                .isEqualTo(TaskState.FINISHED);

        assertThat(destroyed(volume)).isEqualTo(PersistentVolume.in(volume));
        assertThat(place).doesNotExist();
        assertThat(destroyed(volume)).as("twice is once").hasSize(1);
        assertThat(end(with(Tasks.shell("c", "test ! -e data/deep/f"), volume)).state())
                .isEqualTo(TaskState.FINISHED);
    }

    @Test
    void aDiskOfItsOwnIsTheVolume() throws Exception {
        Path disk = Files.createDirectories(data.resolve("disk"));
        Resources volume = volume("whale-2", "d", Optional.of(Disk.Source.of(Disk.SourceType.MOUNT, disk.toString())));
        assertThat(end(with(Tasks.shell("a", "mkdir d/x && echo 1 >d/x/y"), volume))
                        .state())
                .isEqualTo(TaskState.FINISHED);
        assertThat(disk.resolve("x/y")).hasContent("1");
        assertThat(destroyed(volume)).hasSize(1);
        assertThat(disk.resolve("x")).doesNotExist();
        assertThat(disk).exists();
    }

    /** Its directory was out of the way, and the agent ended before all of it was deleted. */
    @Test
    void aDestructionThatWasCutShortIsFinished() throws Exception {
        Path disk = Files.createDirectories(data.resolve("disk"));
        Path left = Files.createDirectories(disk.resolve(".finback-destroyed/x/volume/deep"));
        Files.writeString(left.resolve("f"), "left");
        Kind kind = new Kind(
                List.of(),
                Optional.of(new Disk(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(Disk.Source.of(Disk.SourceType.PATH, disk.toString())))),
                false,
                false);
        close();
        open(TaskWorld.with(Resources.of(kind, Resources.of(0, 0, 64)), data));
        Await.until("it is deleted", () -> !Files.exists(left));
        assertThat(disk).exists();
    }

    @Test
    void oneThatALivingTaskUsesIsLeftAlone() throws Exception {
        Resources volume = volume("whale-3", "d", Optional.empty());
        tasks.tell(new TasksActor.Launch(List.of(with(Tasks.shell("a", "echo 1 >d/f; exec sleep 600"), volume))));
        Path file = data.resolve("volumes/roles/db krill/whale-3/f");
        Await.until("it is written", () -> Files.exists(file) && Files.size(file) > 0);
        assertThat(destroyed(volume)).as("so that nobody asks again").hasSize(1);
        assertThat(file).exists();
    }

    @Test
    void whatCannotBeShownIsRefusedByName() throws Exception {
        TaskStatus refused = end(with(Tasks.shell("a", "true"), volume("whale-4", "/data", Optional.empty())));
        assertThat(refused.state()).isEqualTo(TaskState.ERROR);
        assertThat(refused.message().orElse("")).contains("/data (expected: a relative container_path");
        refused = end(with(Tasks.shell("b", "true"), volume("../x", "d", Optional.empty())));
        assertThat(refused.message().orElse("")).contains("../x (expected: an id that can be a file's name");
        refused = end(with(Tasks.shell("c", "true"), volume("whale-5", "../../../d", Optional.empty())));
        assertThat(refused.state()).isEqualTo(TaskState.FAILED);
        assertThat(refused.message().orElse("")).contains("(expected: a path in the sandbox)");
    }

    @Test
    @NeedsRuntime
    void aContainerOfAnImageSeesItWhereItIsAsked() throws Exception {
        Images.busybox(Images.busybox().orElseThrow())
                .save(data.resolve("local/" + ImageAgent.IMAGE + ".tar"), ImageAgent.IMAGE);
        TaskInfo task = with(
                ImageAgent.task("t", "echo in >/var/db/f; echo too >near/g"),
                volume("whale-6", "/var/db", Optional.empty()).plus(volume("whale-7", "near", Optional.empty())));
        assertThat(end(task).state()).isEqualTo(TaskState.FINISHED);
        assertThat(data.resolve("volumes/roles/db krill/whale-6/f")).hasContent("in");
        assertThat(data.resolve("volumes/roles/db krill/whale-7/g")).hasContent("too");
    }
}
