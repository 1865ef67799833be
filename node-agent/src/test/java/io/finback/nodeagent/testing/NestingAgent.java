package io.finback.nodeagent.testing;

import java.nio.file.Path;

/** An agent with a task and commands in it, as a process of its own to be killed. Prints the task's container, then sleeps. */
public final class NestingAgent {
    private NestingAgent() {}

    /**
     * Arguments: the data directory, whether the task has an image (then that is in {@code local}), and the commands of nested
     * containers {@code 0}, {@code 1} …, each in the one before.
     */
    public static void main(String[] arguments) throws Exception {
        boolean image = Boolean.parseBoolean(arguments[1]);
        ServedAgent agent = new ServedAgent(new TaskWorld(Path.of(arguments[0]), image));
        String command = "exec sleep 600";
        String task = agent.launch(image ? ImageAgent.task("web", command) : Tasks.shell("web", command));
        String parent = "{\"value\":\"" + task + "\"}";
        for (int i = 2; i < arguments.length; i++) {
            String id = "{\"value\":\"" + (i - 2) + "\",\"parent\":" + parent + "}";
            int status = agent.call("{\"type\":\"LAUNCH_CONTAINER\",\"launch_container\":{\"container_id\":" + id
                            + ",\"command\":{\"value\":\"" + arguments[i] + "\"}}}")
                    .statusCode();
            if (status != 200) {
                throw new AssertionError("status " + status);
            }
            parent = id;
        }
        System.out.println("container " + task);
        Thread.currentThread().join();
    }
}
