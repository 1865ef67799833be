package io.finback.nodeagent.api.v1;

import io.finback.nodeagent.executor.Inside;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Commands that somebody runs beside a task, by the name of their container. Not on disk: a session ends with the connection that
 * started it, and with the agent. Thread-safe.
 */
final class Sessions {
    private final Inside inside;
    private final int most;
    private final Map<String, Process> running = new ConcurrentHashMap<>();

    Sessions(Inside inside, int most) {
        this.inside = inside;
        this.most = most;
    }

    Process start(String id, long leader, CommandInfo command) {
        if (running.size() >= most) {
            throw new ApiFailure(503, "There are " + most + " sessions on this agent; try again");
        }
        if (running.containsKey(id)) {
            throw new ApiFailure(409, "container_id: '" + id + "' (expected: one not in use)");
        }
        try {
            Process process = inside.startAttached(leader, command);
            running.put(id, process);
            var unused = process.onExit().whenComplete((ended, failure) -> running.remove(id, process));
            return process;
        } catch (IOException | Inside.Unreachable e) {
            throw new ApiFailure(400, "The command cannot be started there: " + e.getMessage());
        }
    }

    Optional<Process> find(String id) {
        return Optional.ofNullable(running.get(id));
    }
}
