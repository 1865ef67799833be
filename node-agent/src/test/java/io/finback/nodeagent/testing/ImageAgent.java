package io.finback.nodeagent.testing;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.node.ConversationActor;
import io.finback.nodeagent.node.TasksActor;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.Image;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An agent with one task of an image, as a process of its own to be killed. Prints a line for each thing it says. */
public final class ImageAgent {
    public static final String IMAGE = "test/busybox:1";

    private ImageAgent() {}

    /** Arguments: the data directory, with the image in {@code local}, and the command. */
    public static void main(String[] arguments) throws Exception {
        ActorTestKit kit = ActorTestKit.create();
        TestProbe<ConversationActor.Command> conversation = kit.createTestProbe();
        ActorRef<TasksActor.Command> tasks =
                kit.spawn(TasksActor.create(new TaskWorld(Path.of(arguments[0]), true).tools(), conversation.getRef()));
        tasks.tell(new TasksActor.Launch(List.of(task("t", arguments[1]))));
        while (true) {
            System.out.println("said " + conversation.receiveMessage(Duration.ofMinutes(2)));
        }
    }

    public static ContainerInfo container(String image) {
        return new ContainerInfo(
                ContainerInfo.Type.MESOS,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(new Image(image, Optional.empty(), true)),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty());
    }

    public static TaskInfo task(String id, String command) {
        return Tasks.task(id, CommandInfo.shell(command, Map.of()))
                .withOptions(RunOptions.NONE.withContainer(container(IMAGE)));
    }
}
