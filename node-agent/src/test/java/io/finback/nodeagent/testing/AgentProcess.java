package io.finback.nodeagent.testing;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.node.ConversationActor;
import io.finback.nodeagent.node.TasksActor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The part of an agent that has tasks, as a process of its own to be killed. Prints a line for each thing it says. */
public final class AgentProcess {
    private AgentProcess() {}

    /**
     * Arguments: the data directory, how many tasks of {@link #command} to launch, and a directory for what they leave; or 0,
     * and the command and the URI of a single task.
     */
    public static void main(String[] arguments) throws Exception {
        Path data = Path.of(arguments[0]);
        int count = Integer.parseInt(arguments[1]);
        ActorTestKit kit = ActorTestKit.create();
        TestProbe<ConversationActor.Command> conversation = kit.createTestProbe();
        ActorRef<TasksActor.Command> tasks =
                kit.spawn(TasksActor.create(new TaskWorld(data).tools(), conversation.getRef()));
        if (arguments.length > 3) {
            tasks.tell(new TasksActor.Launch(List.of(Tasks.fetching("t", arguments[2], arguments[3]))));
        }
        for (int i = 0; i < count; i++) {
            tasks.tell(new TasksActor.Launch(List.of(Tasks.shell("t" + i, command(Path.of(arguments[2]), i)))));
        }
        while (true) {
            System.out.println("said " + conversation.receiveMessage(Duration.ofMinutes(2)));
        }
    }

    /** Leaves a line in a file of its own, and ends with a status of its own. */
    public static String command(Path out, int number) {
        return "echo $$ >>'" + out + "/" + number + "'; exit " + (number % 5);
    }
}
