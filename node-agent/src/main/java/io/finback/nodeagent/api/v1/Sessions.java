package io.finback.nodeagent.api.v1;

import io.finback.nodeagent.executor.Inside;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Commands that somebody runs beside a task, by the whole name of their container. Not on disk: a session ends with the connection that
 * started it, and with the agent. Thread-safe.
 */
final class Sessions {
    private final Inside inside;
    private final int most;
    private final Map<String, Session> running = new ConcurrentHashMap<>();

    Sessions(Inside inside, int most) {
        this.inside = inside;
        this.most = most;
    }

    /** @param path where below the task's sandbox it is to be */
    synchronized Session start(String id, long leader, CommandInfo command, List<String> path, Optional<Tty> terminal) {
        if (running.size() >= most) {
            throw new ApiFailure(
                    503,
                    "There are " + most + " sessions on this agent (finback.agent.nested.max-sessions); try again");
        }
        if (running.containsKey(id)) {
            throw new ApiFailure(409, "container_id: '" + id + "' (expected: one not in use)");
        }
        try {
            Session session = new Session(
                    terminal.isPresent()
                            ? inside.startOnTerminal(leader, command, path, terminal.get())
                            : inside.startAttached(leader, command, path));
            running.put(id, session);
            var unused = session.process().onExit().whenComplete((ended, failure) -> running.remove(id, session));
            return session;
        } catch (IOException | Inside.Unreachable e) {
            throw new ApiFailure(400, "The command cannot be started there: " + e.getMessage());
        }
    }

    Optional<Session> find(String id) {
        return Optional.ofNullable(running.get(id));
    }
}
